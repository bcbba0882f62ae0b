"""What ``status`` says of a stage, and how the stages compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.decisions.ways_to_change import deploying, verifying

NO_APPROVAL = "none found"


@dataclass(frozen=True)
class StageStatus:
    """One stage as it is now. ``problem`` is why it could not be read; then nothing else is known.

    ``alarms``: {"name", "state", "reason", "since"} each. ``schedule_off``: why the schedule is off;
    ``schedule_by_hand``: that somebody switched the rule past the stack. ``approval`` of
    the live release: {"execution_id", "at", "by", "reason"}, or {"problem"}; None for a stage that needs none.
    ``verified`` is of just what is live, set and below the input prefix now; ``doubts`` say why it is not.
    ``passed_once`` is what a later stage asks for: that the release passed, be it on other input. ``broken_glass``: who
    changed the stage past its CodePipeline last, newest first. ``notes`` say which of its jobs name no volume key;
    ``waits`` what the running execution's steps wait for. ``drift``: what is not as it was released;
    ``images``: which images of the release no digest pins. ``live_since`` is when the ledger says that it was deployed,
    ``changing`` who changes the stage now; ``waiting`` is the approval that waits; ``rejected`` says that the live
    model has been rejected in dev since.
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
    schedule_off: tuple[str, ...] = ()
    schedule_by_hand: tuple[str, ...] = ()
    next_run: str | None = None
    approval: dict[str, str] | None = None
    passed_once: bool = False
    doubts: tuple[str, ...] = ()
    pipeline: str = ""
    deployed_by_hand: bool = True
    broken_glass: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    model_version: int | None = None
    live_since: str | None = None
    live_for: str | None = None
    changing: str | None = None
    waiting: str | None = None
    rejected: str | None = None


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


def comparisons(stages: Sequence[StageStatus]) -> dict[str, str]:
    """The same for each pipeline of which there is something to say."""
    pipelines = dict.fromkeys(each.pipeline for each in stages)
    said = {name: comparison([each for each in stages if each.pipeline == name]) for name in pipelines}
    return {name: sentence for name, sentence in said.items() if sentence}


def status_lines(status: StageStatus) -> list[str]:
    """A stage's status for people."""
    of = f"pipeline {status.pipeline}, " if status.pipeline else ""
    lines = [f"{status.stage}  ({of}account {status.account})"]
    if status.problem:
        return [*lines, f"  {status.problem}"]
    if status.release_id is None:
        next_command = deploying(status.stage, by_hand=status.deployed_by_hand)
        return [*lines, "  nothing is deployed", *_glass_lines(status), f"  next: {next_command}"]
    verified = {True: "verified", False: "verification failed", None: "not verified"}[status.verified]
    if status.verified is None and status.passed_once:
        verified = "not verified as it is now"
    again = verifying(status.stage, by_hand=status.deployed_by_hand)
    lines += [
        f"  release        {status.release_id}, {verified}",
        *(f"                 {doubt}" for doubt in status.doubts),
        *([f"                 next: {again}"] if status.doubts else []),
        f"  model package  {status.model_package}",
        f"  stack          {status.stack_status}",
        *(f"    ! {each}" for each in status.images),
        *_drift_lines(status),
        f"  schedule       {_schedule(status)}",
        *(f"    ! {each}" for each in (*status.schedule_off, *status.schedule_by_hand)),
        *(f"  {'encryption' if not number else '':<14} {each}" for number, each in enumerate(status.notes)),
    ]
    if status.approval is not None:
        lines.insert(3, f"  approved       {_approval(status.approval)}")
    lines += [
        f"  {title:<14} {told}"
        for title, told in (("changing", status.changing), ("approval", status.waiting), ("rejected", status.rejected))
        if told
    ]
    lines += _glass_lines(status)
    lines += _alarm_lines(status.alarms)
    lines.append("  executions     " + ("" if status.executions else "none yet"))
    lines += [f"    ! {each}" for each in status.waits]
    lines += [f"    {_execution(each)}" for each in status.executions]
    return lines


def _execution(run: dict[str, Any]) -> str:
    took = f", {run['seconds']:.0f} s" if run.get("seconds") is not None else ""
    rows = f", {run['rows']:,} rows read, {run['rejected']:,} rejected" if run.get("rows") is not None else ""
    return f"{run['started']}  {run['status']:<10} {run['name'] or run['arn']}{took}{rows}"


def _drift_lines(status: StageStatus) -> list[str]:
    if not status.drift:
        return ["  drift          none"]
    known = [each for each in status.drift if not each.startswith("unknown: ")]
    shown = f"{len(known)} not as released" if known else "unknown"
    lines = [f"  drift          {shown}", *(f"    ! {each}" for each in status.drift)]
    return [*lines, f"    next: make drift STAGE={status.stage}"]


def _glass_lines(status: StageStatus) -> list[str]:
    if not status.broken_glass:
        return []
    return ["  glass broken   changed past the CodePipeline:", *(f"    ! {each}" for each in status.broken_glass)]


def _schedule(status: StageStatus) -> str:
    if status.schedule is None:
        return "none"
    expression, _, state = status.schedule.rpartition(" ")
    shown = f"{'on' if state == 'ENABLED' else 'off'}, {expression}" + (
        f", next run {status.next_run}" if status.next_run else ""
    )
    if state == "ENABLED" and status.schedule_off and not status.schedule_by_hand:
        shown += "   (to be off, but still on: switch it off again)"
    return shown


def _approval(approval: dict[str, str]) -> str:
    if "problem" in approval:
        return approval["problem"]
    by, reason = approval["by"] or "somebody unnamed", approval["reason"] or "no reason given"
    return f"{approval['at']}, by {by}: {reason}"


def _alarm_lines(alarms: Sequence[dict[str, Any]]) -> list[str]:
    """What rings first and by itself; an alarm that has no data yet is no alarm, and no good sign either."""
    if not alarms:
        return ["  alarms         none"]
    others = sorted((each for each in alarms if each["state"] != "OK"), key=lambda each: str(each["state"]))
    lines = [f"  alarms         {len(alarms) - len(others)} of {len(alarms)} OK"]
    for each in others:
        mark = "?" if each["state"] == "INSUFFICIENT_DATA" else "!"
        since = f" since {each['since']}" if each.get("since") else ""
        lines.append(f"    {mark} {each['state']:<17} {each['name']}{since}: {each['reason'] or 'no reason given'}")
    return lines
