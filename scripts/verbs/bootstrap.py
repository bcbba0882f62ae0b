"""``bootstrap``: deploy the foundation into every stage's account and the toolchain into dev; changes what has changed.

It uses the credentials at hand for their own account, and in every other account the role BOOTSTRAP_ROLE_NAME
(OrganizationAccountAccessRole unless set). It says beforehand which account gets what.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.decisions.toolchain import ToolchainOptions


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.bootstrap", __doc__ or "", stage=False)
    parser.add_argument("--stage", action="append", help="only this stage; repeatable; left out: all of stages/")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--brief", action="store_true", help="show of the stacks' events only what goes wrong")
    _add_toolchain_options(parser)
    chosen = parser.parse_args(arguments)
    from scripts.errors import UsageError
    from scripts.flows.deploy_foundation import bootstrap_role_name, deploy_foundation
    from scripts.flows.stage_context import StageContext
    from scripts.terminal.confirm import confirm
    from scripts.terminal.progress import BriefProgress, Progress
    from scripts.workspace.stage_files import stage_names

    names = chosen.stage or stage_names()
    if not names:
        raise UsageError(
            "there are no stages", next_command="write stages/preprod.yml; its schema is stages/schema.json"
        )
    contexts = [StageContext.open(name) for name in names]
    caller = contexts[0].accounts.identity(contexts[0].settings.dev_account)
    progress = Progress()
    if not chosen.brief:
        progress.line(f"as {caller['Arn']}")
        for context in contexts:
            how = "directly" if caller["Account"] == context.settings.account else f"through {bootstrap_role_name()}"
            where = f"account {context.settings.account}, {context.settings.region}"
            progress.line(f"{where}: stack {context.names.foundation_stack}, {how}")
    with_toolchain = not chosen.no_toolchain and not chosen.stage
    if with_toolchain:
        dev = contexts[0]
        progress.line(f"account {dev.settings.dev_account}, {dev.settings.region}: stack {dev.names.toolchain_stack}")
    if not chosen.yes and sys.stdin.isatty():
        confirm("Deploy these?", "yes")
    results = []
    for context in contexts:
        with progress.step(f"Foundation of {context.stage} in account {context.settings.account}"):
            events = BriefProgress() if chosen.brief else progress
            stack, changed = deploy_foundation(context, events)
            progress.line("deployed" if changed else "unchanged")
            results.append({"stage": context.stage, "stack": stack.name, "changed": changed, "outputs": stack.outputs})
    if with_toolchain:
        from scripts.flows.deploy_toolchain import deploy_toolchain

        with progress.step(f"Toolchain in account {contexts[0].settings.dev_account}"):
            stack, changed = deploy_toolchain(
                {context.stage: context for context in contexts}, _toolchain_options(chosen), progress
            )
            progress.line("deployed" if changed else "unchanged")
            results.append({"stage": None, "stack": stack.name, "changed": changed, "outputs": stack.outputs})
    if chosen.output == "json":
        print_json({"stacks": results})
    elif not chosen.brief:
        for result in results:
            print(f"{result['stack']}: {'deployed' if result['changed'] else 'unchanged'}")
    return 0


def _add_toolchain_options(parser: argparse.ArgumentParser) -> None:
    """What is not given keeps the value that the toolchain has."""
    parser.add_argument("--no-toolchain", action="store_true", help="the foundations only")
    parser.add_argument("--source", choices=["CodeCommit", "GitHub"], help="where the repository is")
    parser.add_argument(
        "--repository", metavar="NAME", help="CodeCommit: the repository; the project's name unless given"
    )
    parser.add_argument("--github-repository", metavar="OWNER/NAME", help="GitHub: the repository")
    parser.add_argument("--connection-arn", metavar="ARN", help="GitHub: the confirmed connection")
    parser.add_argument("--branch", help="the branch that is deployed; main unless given")
    parser.add_argument("--notification-email", metavar="ADDRESS", help="hears of failures, successes and approvals")
    parser.add_argument(
        "--model-artifact-bucket", metavar="BUCKET", help="where training in dev writes model artifacts"
    )


def _toolchain_options(chosen: argparse.Namespace) -> ToolchainOptions:
    from scripts.decisions.toolchain import ToolchainOptions

    return ToolchainOptions(
        source=chosen.source,
        repository=chosen.repository,
        github_repository=chosen.github_repository,
        connection_arn=chosen.connection_arn,
        branch=chosen.branch,
        notification_email=chosen.notification_email,
        model_artifact_bucket=chosen.model_artifact_bucket,
    )


if __name__ == "__main__":
    sys.exit(run(main))
