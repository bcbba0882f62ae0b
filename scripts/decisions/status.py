"""What ``status`` says of a stage, and how the stages compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StageStatus:
    """One stage as it is now. ``problem`` is why it could not be read; then nothing else is known.

    ``verified`` is of just what is live, set and below the input prefix now; ``doubts`` say why it is not.
    ``passed_once`` is what a later stage asks for: that the release passed, be it on other input.
    """

    stage: str
    account: str
    problem: str | None = None
    stack_status: str | None = None
    release_id: str | None = None
    model_package: str | None = None
    verified: bool | None = None
    schedule: str | None = None
    executions: tuple[dict[str, Any], ...] = ()
    alarms: tuple[dict[str, Any], ...] = field(default=())
    passed_once: bool = False
    doubts: tuple[str, ...] = ()


def comparison(stages: Sequence[StageStatus]) -> str | None:
    """One sentence on how the last stage stands to the first; None where there is nothing to compare."""
    known = [each for each in stages if each.release_id]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    if first.release_id == last.release_id:
        return f"{last.stage} has the same release as {first.stage}."
    passed = first.verified or first.passed_once
    ready = "verified" if first.verified else "it has passed" if passed else "not verified yet"
    return (
        f"{last.stage} has {last.release_id}, {first.stage} {first.release_id} ({ready}); "
        f"next: make {'plan' if passed else 'deploy'} STAGE={last.stage if passed else first.stage}"
    )


def status_lines(status: StageStatus) -> list[str]:
    """A stage's status for people."""
    lines = [f"{status.stage}  (account {status.account})"]
    if status.problem:
        return [*lines, f"  {status.problem}"]
    if status.release_id is None:
        return [*lines, "  nothing is deployed", f"  next: make deploy STAGE={status.stage}"]
    verified = {True: "verified", False: "verification failed", None: "not verified"}[status.verified]
    if status.verified is None and status.passed_once:
        verified = "not verified as it is now"
    lines += [
        f"  release        {status.release_id}, {verified}",
        *(f"                 {doubt}" for doubt in status.doubts),
        *([f"                 next: make verify STAGE={status.stage}"] if status.doubts else []),
        f"  model package  {status.model_package}",
        f"  stack          {status.stack_status}",
        f"  schedule       {status.schedule or 'none'}",
    ]
    states = ", ".join(f"{each['name']} {each['state']}" for each in status.alarms)
    lines.append(f"  alarms         {states or 'none'}")
    lines.append("  executions     " + ("" if status.executions else "none yet"))
    lines += [
        f"    {each['started']}  {each['status']:<10} {each['name'] or each['arn']}" for each in status.executions
    ]
    return lines
