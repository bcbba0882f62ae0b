"""``bootstrap``: deploy the foundation into every stage's account, the toolchain and the CodePipelines into dev.

Stacks that are up to date are left alone. It uses your credentials in their own account; in every other account it
assumes the role that BOOTSTRAP_ROLE_NAME names (OrganizationAccountAccessRole unless set). It first shows which account
gets which stack, and asks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.confirm import confirm
from scripts.terminal.progress import BriefProgress, Progress

if TYPE_CHECKING:
    from scripts.decisions.stacks import Stack
    from scripts.flows.stage_context import StageContext


def main(arguments: Sequence[str]) -> int:
    chosen = _parser().parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 30 ms.
    from scripts.decisions.toolchain import ToolchainOptions
    from scripts.flows.deploy_foundation import bootstrap_role_name, deploy_foundation, require_own_place
    from scripts.flows.deploy_toolchain import deploy_toolchain, require_repository_root
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.pipelines import pipeline_names
    from scripts.workspace.stage_files import stage_names

    names = chosen.stage or stage_names()
    if not names:
        raise UsageError(
            "there are no stage files in stages/",
            next_command="write stages/preprod.yml; its schema is stages/schema.json",
        )
    contexts = [StageContext.open(name, any_pipeline=True) for name in names]
    pipelines = {each: {name: StageContext.open(name, each) for name in names} for each in pipeline_names()}
    with_toolchain = not chosen.no_toolchain and not chosen.stage
    if with_toolchain:
        require_repository_root()
    progress = Progress()
    codepipelines = [next(iter(each.values())) for each in pipelines.values()] if with_toolchain else []
    _announce(contexts, bootstrap_role_name(), with_toolchain, chosen.brief, progress)
    _announce_codepipelines(codepipelines, progress)
    for context in contexts:
        require_own_place(context)
    if not chosen.yes and sys.stdin.isatty():
        confirm("Deploy these stacks?", "yes")
    results = []
    for context in contexts:
        with progress.step(f"Foundation of {context.stage} in account {context.settings.account}"):
            own = [each[context.stage] for each in pipelines.values()]
            deployed = deploy_foundation(context, own, BriefProgress() if chosen.brief else progress)
            results.append(_result(context.stage, deployed, progress))
    if with_toolchain:
        options = ToolchainOptions(**{name: getattr(chosen, name) for name in ToolchainOptions.__dataclass_fields__})
        with progress.step(f"Toolchain and CodePipelines in account {contexts[0].settings.dev_account}"):
            by_stage = {context.stage: context for context in contexts}
            for deployed in deploy_toolchain(by_stage, pipelines, options, progress):
                results.append(_result(None, deployed, progress))
    if chosen.output == "json":
        print_json({"stacks": results})
    elif not chosen.brief:
        for result in results:
            print(f"{result['stack']}: {'deployed' if result['changed'] else 'unchanged'}")
    return 0


def _parser() -> argparse.ArgumentParser:
    """What is not given of the toolchain keeps the value that the toolchain has."""
    parser = verb_parser("bootstrap", __doc__ or "", stage=False)
    parser.add_argument(
        "--stage", action="append", help="deploy this stage only; may be repeated; without it, every stage in stages/"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--brief", action="store_true", help="show only the stack events that report a failure")
    parser.add_argument("--no-toolchain", action="store_true", help="deploy the foundations only")
    parser.add_argument("--source", choices=["CodeCommit", "GitHub"], help="where the repository is")
    parser.add_argument(
        "--repository",
        metavar="NAME",
        help="CodeCommit: name of the repository; a new toolchain uses the project's name",
    )
    parser.add_argument("--github-repository", metavar="OWNER/NAME", help="GitHub: owner and name of the repository")
    parser.add_argument("--connection-arn", metavar="ARN", help="GitHub: ARN of the confirmed connection")
    parser.add_argument("--branch", help="the branch to deploy; a new toolchain uses main")
    parser.add_argument(
        "--notification-email", metavar="ADDRESS", help="receives mail about failures, successes and approvals"
    )
    parser.add_argument(
        "--model-artifact-bucket", metavar="BUCKET", help="the bucket in dev that training writes model artifacts to"
    )
    return parser


def _announce(
    contexts: Sequence[StageContext], role_name: str, with_toolchain: bool, brief: bool, progress: Progress
) -> None:
    """Which account gets what, as whom; who the caller is, is found out first in any case."""
    caller = contexts[0].accounts.identity(contexts[0].settings.dev_account)
    if not brief:
        progress.line(f"as {caller['Arn']}")
        for context in contexts:
            how = "directly" if caller["Account"] == context.settings.account else f"through {role_name}"
            where = f"account {context.settings.account}, {context.settings.region}"
            progress.line(f"{where}: stack {context.names.foundation_stack}, {how}")
    if with_toolchain:
        dev = contexts[0]
        progress.line(f"account {dev.settings.dev_account}, {dev.settings.region}: stack {dev.names.toolchain_stack}")


def _announce_codepipelines(contexts: Sequence[StageContext], progress: Progress) -> None:
    for each in contexts:
        where = f"account {each.settings.dev_account}, {each.settings.region}"
        progress.line(f"{where}: stack {each.names.codepipeline_stack}, for pipelines/{each.names.pipeline}")


def _result(stage: str | None, deployed: tuple[Stack, bool], progress: Progress) -> dict[str, Any]:
    stack, changed = deployed
    progress.line(f"{stack.name}: {'deployed' if changed else 'unchanged'}")
    return {"stage": stage, "stack": stack.name, "changed": changed, "outputs": stack.outputs}


if __name__ == "__main__":
    sys.exit(run(main))
