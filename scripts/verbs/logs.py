"""``logs``: the logs of the newest execution, of a stage's pipeline or, without a stage, of the CodePipeline.

What there is comes first; while the execution runs, what comes is shown until it has ended.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scripts.decisions.log_lines import require_step, since
from scripts.terminal.command_line import positive, run, verb_parser
from scripts.terminal.harmless import on_one_line
from scripts.terminal.heartbeat import Heartbeat
from scripts.terminal.next_commands import repeated

if TYPE_CHECKING:
    from scripts.flows.follow_logs import Look, Watched
    from scripts.gateways.accounts import Account


def main(arguments: Sequence[str]) -> int:
    chosen = _parser().parse_args(arguments)
    # After the arguments: this takes 290 ms to import, and --help answers in 40 ms.
    from scripts.flows.follow_logs import WatchedCodePipeline, WatchedPipeline, follow_logs
    from scripts.flows.stage_context import StageContext
    from scripts.flows.toolchain_context import ToolchainContext
    from scripts.gateways.logs import LogReader

    watched: Watched
    account: Account
    if chosen.stage:
        context = StageContext.open(chosen.stage, chosen.pipeline)
        watched, account, sleep = WatchedPipeline(context), context.reader, context.sleep
    else:
        toolchain = ToolchainContext(chosen.pipeline)
        watched, account, sleep = WatchedCodePipeline(toolchain.codepipeline()), toolchain.dev, toolchain.sleep
    if chosen.step:
        require_step(chosen.step, watched.known_steps(), watched.subject)
    reader = LogReader(account, chosen.since)
    with Heartbeat(watched.subject, on_terminal=False) as heartbeat:
        looks: list[Look] = []

        def note(look: Look) -> None:
            heartbeat.subject = look.waits_for
            looks[:] = [look]

        heartbeat.line(f"Logs of {on_one_line(watched.subject)}")
        shown = 0
        for line in follow_logs(watched, reader.news, sleep, step=chosen.step, last=chosen.lines, at=note):
            print(json.dumps(line.as_json()) if chosen.output == "json" else line, flush=True)
            heartbeat.heard()
            shown += 1
    _tell_end(watched, looks[-1], shown, chosen)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("logs", __doc__ or "")
    parser.add_argument("--step", help="one step of the pipeline, or one action of the CodePipeline")
    parser.add_argument("--lines", type=positive, metavar="N", help="of the lines there are, only the last N")
    parser.add_argument(
        "--since", type=_since, metavar="AGE", help="only lines of the last 30s, 10m, 2h, 1d, or a time"
    )
    return parser


def _since(text: str) -> int:
    try:
        return since(text, datetime.now(UTC))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _tell_end(watched: Watched, look: Look, shown: int, chosen: argparse.Namespace) -> None:
    """How it ended, and, where nothing was logged, that this is so: silence alone would say nothing."""
    lines = [
        f"{watched.subject} waits for {look.stopped_at}" if look.stopped_at else f"{watched.subject}: {look.status}"
    ]
    if look.stopped_at:
        advice = "  next:  make approve   # or: make reject; then: make logs"
        lines.append(repeated(advice, chosen.pipeline))
    if not shown:
        which = f" of step {chosen.step}" if chosen.step else ""
        lines.append(f"  no logs{which}" + (" in that time" if chosen.since else "") + "; its steps:")
        lines += [
            f"    {each.name}: {each.status}" + ("" if each.source else ", without a log") for each in look.steps
        ] or ["    none has begun"]
    print("\n".join(lines), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run(main))
