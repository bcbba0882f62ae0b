"""The verb `codepipeline`: start an execution and follow it, up to its approval or to its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from scripts.command_line import argument_parser, print_json, run
from scripts.errors import ExecutionError


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.follow_codepipeline", "Start the CodePipeline and follow it.", stage=False)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--newest", action="store_true", help="start nothing; follow the newest execution")
    which.add_argument("--execution", metavar="ID", help="start nothing; follow this execution")
    parser.add_argument("--wait", action="store_true", help="go on while an approval waits, until the end")
    chosen = parser.parse_args(arguments)

    from scripts.following_codepipeline import Followed, follow
    from scripts.toolchain_context import ToolchainContext

    codepipeline = ToolchainContext().codepipeline()
    codepipeline.structure()  # says at once where there is none
    execution_id = chosen.execution or (codepipeline.newest_execution_id() if chosen.newest else codepipeline.start())
    if execution_id is None:
        raise ExecutionError(f"{codepipeline.name} has no execution yet", next_command="make codepipeline")
    print(f"Following execution {execution_id} of {codepipeline.name}", file=sys.stderr)
    followed: Followed = follow(codepipeline, execution_id, past_approvals=chosen.wait)
    if chosen.output == "json":
        print_json(_as_json(followed))
    elif followed.approval:
        print(f"Waiting for an approval: {followed.approval.custom_data}")
        print("  next:  make approve   (or: make reject)")
    else:
        print(f"Execution {execution_id} {followed.status}.")
    return 0


def _as_json(followed: Any) -> dict[str, Any]:
    result = asdict(followed)
    if result["approval"]:
        del result["approval"]["token"]  # it is the right to answer; whoever may answer can read it from AWS
    return result


if __name__ == "__main__":
    sys.exit(run(main))
