"""Checks the buildspecs against ``buildspecs/schema.json``: CodeBuild's format, and nothing but make lines in it.

It reads files alone, changes nothing and calls no AWS API; ``make check`` runs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from scripts.errors import CheckError
from scripts.repository.buildspec_rules import check_buildspec, makefile_targets
from scripts.repository.findings import Finding
from scripts.terminal.command_line import argument_parser, print_json, run

BUILDSPECS = Path("buildspecs")
SCHEMA = BUILDSPECS / "schema.json"
MAKEFILE = Path("Makefile")


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.repository.check_buildspecs", "Check the buildspecs.")
    parser.add_argument("buildspec", nargs="*", type=Path, help="the files to check; without any, all in buildspecs/")
    chosen = parser.parse_args(arguments)
    buildspecs = chosen.buildspec or sorted(BUILDSPECS.glob("*.yml"))
    findings = [each for path in buildspecs for each in check_file(path)]
    if chosen.output == "json":
        print_json([vars(each) for each in findings])
    if findings:
        raise CheckError(
            f"{len(findings)} findings in {len({each.path for each in findings})} of {len(buildspecs)} buildspecs",
            found=[str(each) for each in findings],
            next_command="move what a command does into a target of the Makefile (buildspecs/README.md)",
        )
    if chosen.output == "text":
        print(f"{len(buildspecs)} buildspecs pass: nothing but make lines.")
    return 0


def check_file(path: Path) -> list[Finding]:
    """Everything that is wrong in one buildspec; a syntax error names its line."""
    try:
        document = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [Finding(str(path), mark.line + 1 if mark else 0, "YAML", str(getattr(error, "problem", error)))]
    targets = makefile_targets(MAKEFILE.read_text())
    return check_buildspec(str(path), document, json.loads(SCHEMA.read_text()), targets)


if __name__ == "__main__":
    sys.exit(run(main))
