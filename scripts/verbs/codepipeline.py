"""``codepipeline``: start an execution, or pick up an existing one, and follow it to its approval or its end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scripts.decisions.codepipeline_view import action_rows, failed_stage
from scripts.errors import ExecutionError, UsageError
from scripts.terminal.command_line import add_pipeline_option, print_json, run, verb_parser
from scripts.terminal.next_commands import repeated

if TYPE_CHECKING:
    from scripts.flows.follow_codepipeline import Followed
    from scripts.gateways.codepipelines import CodePipelines


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("codepipeline", __doc__ or "", stage=False)
    add_pipeline_option(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--newest", action="store_true", help="start nothing; follow the newest execution")
    which.add_argument("--execution", metavar="ID", help="start nothing; follow this execution")
    which.add_argument("--retry", action="store_true", help="retry the failed actions of the newest execution")
    parser.add_argument(
        "--wait", action="store_true", help="keep following while an approval waits, until the execution ends"
    )
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 290 ms to import, and --help answers in 40 ms.
    from scripts.flows.follow_codepipeline import follow
    from scripts.flows.toolchain_context import ToolchainContext

    codepipeline = ToolchainContext(chosen.pipeline).codepipeline()
    codepipeline.structure()  # says at once where there is none
    execution_id = _execution(codepipeline, chosen)
    print(f"Following execution {execution_id} of {codepipeline.name}", file=sys.stderr)
    followed = follow(codepipeline, execution_id, past_approvals=chosen.wait)
    if chosen.output == "json":
        print_json(_as_json(followed))
    else:
        print(repeated("\n".join(_as_lines(followed, codepipeline)), None))
    return 0


def _execution(codepipeline: CodePipelines, chosen: argparse.Namespace) -> str:
    """The id of the execution to follow: retried, named, newest, or started now."""
    if chosen.retry:
        execution_id = _retried(codepipeline)
    elif chosen.newest:
        execution_id = codepipeline.newest_execution_id()
    else:
        execution_id = chosen.execution or codepipeline.start({"ASK_AGAIN": "true"} if _can_ask(codepipeline) else {})
    if execution_id is None:
        raise ExecutionError(
            f"{codepipeline.name} has no execution yet", next_command=codepipeline.command("codepipeline")
        )
    return execution_id


def _can_ask(codepipeline: CodePipelines) -> bool:
    """Whether it takes the wish to be asked about prod again, which whoever starts an execution by hand has."""
    return "ASK_AGAIN" in {each["name"] for each in codepipeline.structure().get("variables", [])}


def _retried(codepipeline: CodePipelines) -> str | None:
    """The newest execution, its failed pipeline stage run again."""
    execution_id = codepipeline.newest_execution_id()
    if execution_id is None:
        return None
    pipeline_stage = failed_stage(
        action_rows(codepipeline.structure(), codepipeline.actions(execution_id), codepipeline.state())
    )
    if pipeline_stage is None:
        raise UsageError(
            f"nothing to retry: execution {execution_id} is {codepipeline.status(execution_id)}",
            next_command=codepipeline.command("codepipeline"),
        )
    # After the arguments: this takes 290 ms to import, and --help answers in 40 ms.
    from scripts.flows.follow_codepipeline import retry_obstacle

    obstacle = retry_obstacle(codepipeline, execution_id, pipeline_stage)
    if obstacle:
        raise UsageError(
            f"execution {execution_id} cannot be retried: {obstacle}",
            next_command=f"{codepipeline.command('codepipeline')}   # a new execution; where the cause is in the "
            "repository: fix it and push instead",
        )
    print(f"Retrying the failed actions of {pipeline_stage}", file=sys.stderr)
    codepipeline.retry(execution_id, pipeline_stage)
    return execution_id


def _as_lines(followed: Followed, codepipeline: CodePipelines) -> list[str]:
    approve, reject = codepipeline.command("approve"), codepipeline.command("reject")
    if followed.approval and followed.held_up:
        stage, ahead = followed.held_up.pipeline_stage, followed.held_up.ahead
        return [
            f"Execution {followed.execution_id} waits before {stage}. "
            f"Execution {ahead} occupies it and waits for an approval:",
            f"  {followed.approval.custom_data}",
            f"  next:  {approve}   # or: {reject}; then: {codepipeline.command('codepipeline', '--newest')}",
        ]
    if followed.approval:
        return [
            f"Waiting for an approval: {followed.approval.custom_data}",
            f"  next:  {approve}   # or: {reject}",
        ]
    if followed.skipped and followed.status == "Succeeded":
        return [f"Execution {followed.execution_id} {followed.status}: {followed.skipped}"]
    return [f"Execution {followed.execution_id} {followed.status}."]


def _as_json(followed: Followed) -> dict[str, Any]:
    result = asdict(followed)
    if result["approval"]:
        del result["approval"]["token"]  # it is the right to answer; whoever may answer can read it from AWS
    return result


if __name__ == "__main__":
    sys.exit(run(main))
