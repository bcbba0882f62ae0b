"""The first day on AWS, as a script: the whole way of a release, in accounts of yours, under a project name of its own.

    python -m tests.aws.first_day --accept-cost          # with dev's credentials; says the cost, and asks on a terminal

A checklist that runs top to bottom in a copy of this tree, takes down what it made, also after a failure, and writes
build/first-day.md, which can be pasted into an issue: account numbers, mail addresses and secrets are masked in it. It
runs the same commands against any endpoint that AWS_ENDPOINT_URL names. docs/going-to-aws.md says what it needs.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from scripts.decisions.stage_settings import StageSettings
from scripts.workspace.stage_files import load_stage, stage_names
from tests.aws.checklist import checklist
from tests.aws.cost import cost_lines
from tests.aws.day import Day
from tests.aws.report import masked, page
from tests.aws.taking_down import take_down
from tests.aws.tree import ROOT, Tree

REPORT = ROOT / "build/first-day.md"
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.aws.first_day", description=__doc__)
    parser.add_argument("--accept-cost", action="store_true", help="what the cost lines say may be spent")
    parser.add_argument("--keep", action="store_true", help="take nothing down; the report names the project")
    parser.add_argument("--show-accounts", action="store_true", help="leave account numbers in the report")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--take-down", metavar="PROJECT", help="only take down what an earlier day left behind")
    chosen = parser.parse_args(arguments)
    stages = {name: load_stage(name, any_pipeline=True) for name in stage_names()}
    for line in cost_lines(_prices(), "ml.m5.large"):
        print(line, file=sys.stderr)
    if chosen.take_down:
        print("\n".join(take_down(Day(Tree(Path(), chosen.take_down, stages)))))
        return 0
    if not _accepted(chosen.accept_cost):
        print("nothing was done: give --accept-cost", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="first-day-") as folder:
        return run(
            Tree(Path(folder), f"day-{secrets.token_hex(3)}", stages), chosen.report, chosen.keep, chosen.show_accounts
        )


def run(tree: Tree, report: Path, keep: bool = False, show_accounts: bool = False) -> int:
    """The day in ``tree``; 0 where every step was as expected. The report is written whatever happens."""
    day = Day(tree)
    remains: list[str] = []
    good = False
    try:
        prepare(day)
        good = day.take(checklist())
    finally:
        print("\nTaking down what the day made", file=sys.stderr)
        remains = [f"everything of project {tree.project}: --keep was given"] if keep else take_down(day)
        text = page(_heading(tree), day.taken, remains)
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(text if show_accounts else masked(text, _names(tree.stages), _secrets()))
        print(f"\n{report}", file=sys.stderr)
    return 0 if good else 1


def prepare(day: Day) -> None:
    """The tree, its definition, and a commit: what the CodePipeline builds. No call of AWS."""
    tree = day.tree
    if not (tree.folder / "Makefile").exists():
        tree.write()
    for command in (["make", "install"], ["make", "render"]):
        subprocess.run(
            [*command, "CLOUD=aws", f"PYTHON={sys.executable}"], cwd=tree.folder, check=True, stdin=subprocess.DEVNULL
        )
    for arguments in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "--all"),
        ("commit", "--quiet", "-m", "First day"),
    ):
        done = day.git(*arguments)
        if done.returncode:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr}")


def _accepted(given: bool) -> bool:
    if given or os.environ.get("ACCEPT_COST") == "1":
        return True
    return sys.stdin.isatty() and input("Spend that? Type yes: ").strip() == "yes"


def _heading(tree: Tree) -> dict[str, str]:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    shared = {each.account for each in tree.stages.values()} | {tree.first.dev_account}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip() or "unknown",
        "against": "an endpoint of its own, not AWS" if endpoint else "AWS",
        "region": tree.first.region,
        "accounts": f"{len(shared)} different ones",
        "project": tree.project,
        "machine": f"{platform.system()}, Python {platform.python_version()}",
    }


def _names(stages: Mapping[str, StageSettings]) -> dict[str, str]:
    names = {settings.account: f"<{stage}>" for stage, settings in stages.items()}
    return {**names, next(iter(stages.values())).dev_account: "<dev>"}


def _secrets() -> list[str]:
    return [os.environ.get(name, "") for name in _SECRETS]


def _prices() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((ROOT / "scripts/flows/prices.yml").read_text())
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
