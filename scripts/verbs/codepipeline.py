"""The verb ``codepipeline``: start an execution, or take up one that is there, and follow it to its approval or end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scripts.errors import ExecutionError, UsageError
from scripts.terminal.command_line import argument_parser, print_json, run

if TYPE_CHECKING:
    from scripts.gateways.codepipelines import CodePipelines


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.codepipeline", "Start the CodePipeline and follow it.", stage=False)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--newest", action="store_true", help="start nothing; follow the newest execution")
    which.add_argument("--execution", metavar="ID", help="start nothing; follow this execution")
    which.add_argument("--retry", action="store_true", help="run again what failed in the newest execution")
    parser.add_argument("--wait", action="store_true", help="go on while an approval waits, until the end")
    chosen = parser.parse_args(arguments)

    from scripts.flows.follow_codepipeline import Followed, follow
    from scripts.flows.toolchain_context import ToolchainContext

    codepipeline = ToolchainContext().codepipeline()
    codepipeline.structure()  # says at once where there is none
    if chosen.retry:
        execution_id = _retried(codepipeline)
    else:
        execution_id = chosen.execution or (
            codepipeline.newest_execution_id() if chosen.newest else codepipeline.start()
        )
    if execution_id is None:
        raise ExecutionError(f"{codepipeline.name} has no execution yet", next_command="make codepipeline")
    print(f"Following execution {execution_id} of {codepipeline.name}", file=sys.stderr)
    followed: Followed = follow(codepipeline, execution_id, past_approvals=chosen.wait)
    if chosen.output == "json":
        print_json(_as_json(followed))
    elif followed.approval and followed.held_up:
        stage, ahead = followed.held_up.pipeline_stage, followed.held_up.ahead
        print(f"Execution {execution_id} waits before {stage}. Execution {ahead} is in it and waits for an approval:")
        print(f"  {followed.approval.custom_data}")
        print("  next:  make approve   (or: make reject) answers that one; then: make codepipeline ARGS=--newest")
    elif followed.approval:
        print(f"Waiting for an approval: {followed.approval.custom_data}")
        print("  next:  make approve   (or: make reject)")
    else:
        print(f"Execution {execution_id} {followed.status}.")
    return 0


def _retried(codepipeline: CodePipelines) -> str | None:
    """The newest execution, its failed pipeline stage run again."""
    from scripts.decisions.codepipeline_view import action_rows, failed_stage

    execution_id = codepipeline.newest_execution_id()
    if execution_id is None:
        return None
    pipeline_stage = failed_stage(
        action_rows(codepipeline.structure(), codepipeline.actions(execution_id), codepipeline.state())
    )
    if pipeline_stage is None:
        raise UsageError(
            f"nothing to retry: execution {execution_id} is {codepipeline.status(execution_id)}",
            next_command="make codepipeline",
        )
    print(f"Retrying what failed in {pipeline_stage}", file=sys.stderr)
    codepipeline.retry(execution_id, pipeline_stage)
    return execution_id


def _as_json(followed: Any) -> dict[str, Any]:
    result = asdict(followed)
    if result["approval"]:
        del result["approval"]["token"]  # it is the right to answer; whoever may answer can read it from AWS
    return result


if __name__ == "__main__":
    sys.exit(run(main))
