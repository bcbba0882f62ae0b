"""Reads how the newest executions of a stage's pipeline went: how long each took, and how many rows it read.

Rows are what preprocessing reported; an execution whose pipeline reports nothing has none to tell. It only reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.flows.measure_output import reported_rows
from scripts.flows.stage_context import StageContext
from scripts.gateways.pipelines import Execution

LOOKED_INTO = 3


def read_runs(context: StageContext, executions: Sequence[Execution]) -> tuple[dict[str, Any], ...]:
    """{"arn", "name", "status", "started", "seconds", "rows", "rejected"} each; of the older ones the last are None."""
    with ThreadPoolExecutor(LOOKED_INTO) as pool:
        inside = list(pool.map(lambda each: _inside(context, each), executions[:LOOKED_INTO]))
    nothing: dict[str, Any] = {"seconds": None, "rows": None, "rejected": None}
    inside += [nothing] * (len(executions) - len(inside))
    return tuple(
        {
            "arn": each.arn,
            "name": each.display_name,
            "status": each.status,
            "started": each.started.isoformat(timespec="seconds") if each.started else "",
            **more,
        }
        for each, more in zip(executions, inside, strict=True)
    )


def _inside(context: StageContext, execution: Execution) -> dict[str, Any]:
    steps = context.pipelines.known_steps(execution.arn)
    ends = [each.ended for each in steps if each.ended]
    ended = max(ends) if ends and len(ends) == len(steps) and not execution.running else None
    seconds = (ended - execution.started).total_seconds() if ended and execution.started else None
    report = reported_rows(context, [each.job_arn for each in steps if each.job_arn]) if ended else None
    return {
        "seconds": seconds,
        "rows": report.read if report else None,
        "rejected": sum(report.rejected.values()) if report else None,
    }
