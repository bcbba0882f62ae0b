"""Makes every check of what a deployment needs, and stops at none of them: each becomes a finding. It changes nothing.

What a failed one stands before is unknown, with the same next command. Checks that do not stand before others are made
side by side, since each waits for AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from scripts.decisions.readiness import Finding, Outcome
from scripts.errors import AccessDeniedError, DeploymentError, ServiceResponseError
from scripts.flows.readiness_checks import DEV, DEV_GATES, REPOSITORY, STAGE, STAGE_GATES, Check, UnknownError
from scripts.flows.stage_context import StageContext
from scripts.flows.stage_inquiries import stage_inquiries
from scripts.flows.toolchain_inquiries import toolchain_inquiries
from scripts.terminal.progress import Progress

PARALLEL = 8
Inquiry = Callable[[], Outcome]
Named = tuple[str, Inquiry]


def examine(stage: str | None, pipeline: str | None, progress: Progress) -> list[Finding]:
    """All findings of a stage, in the order in which what is wrong should be mended."""
    shown = stage or "(none)"
    try:
        context = StageContext.open(stage, pipeline)
    except DeploymentError as error:
        return [Finding.of(shown, "settings", _of_error(error))]
    findings = [Finding(shown, "settings", "ok", f"stages/{stage}.yml")]
    with progress.step(f"Check {shown}"):
        findings += _make(shown, _bound(context, REPOSITORY))
        findings += _behind(shown, _bound(context, DEV_GATES), lambda: _bound(context, DEV))
        findings += _behind(
            shown, _bound(context, STAGE_GATES), lambda: [*_bound(context, STAGE), *stage_inquiries(context)]
        )
    return findings


def examine_toolchain(stages: Sequence[str], pipeline: str | None, progress: Progress) -> list[Finding]:
    """All findings of what the stages share in dev."""
    contexts: list[StageContext] = []

    def open_all() -> Outcome:
        contexts.extend(StageContext.open(stage, pipeline) for stage in stages)
        contexts[0].require_dev_credentials()
        for context in contexts:
            context.require_foundation()
        return Outcome("ok", f"of {', '.join(stages)}")

    with progress.step("Check dev"):
        return _behind("dev", [("stages", open_all)], lambda: toolchain_inquiries(contexts))


def _behind(where: str, gates: Iterable[Named], rest: Callable[[], Sequence[Named]]) -> list[Finding]:
    """The gates one after the other; then, if all are ok, the rest."""
    findings: list[Finding] = []
    for what, inquiry in gates:
        if findings and findings[-1].status != "ok":
            findings.append(_unseen(where, what, findings[-1]))
            continue
        findings.append(Finding.of(where, what, _outcome(inquiry, gate=True)))
    closed = next((each for each in findings if each.status != "ok"), None)
    if closed:
        return [*findings, _unseen(where, "everything behind it", closed)]
    found: list[Named] = []

    def listed() -> Outcome:
        found.extend(rest())
        return Outcome("ok", f"{len(found)} checks")

    outcome = _outcome(listed)
    if outcome.status != "ok":
        return [*findings, Finding.of(where, "what is there", outcome)]
    return [*findings, *_make(where, found)]


def _unseen(where: str, what: str, closed: Finding) -> Finding:
    reason = f"not looked at, since {closed.what} is {closed.status}"
    return Finding(where, what, "unknown", reason, closed.next_command)


def _make(where: str, inquiries: Sequence[Named]) -> list[Finding]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        outcomes = list(pool.map(_outcome, [inquiry for _, inquiry in inquiries]))
    return [Finding.of(where, what, outcome) for (what, _), outcome in zip(inquiries, outcomes, strict=True)]


def _bound(context: StageContext, checks: Iterable[tuple[str, Check]]) -> list[Named]:
    return [(what, lambda check=check: Outcome("ok", check(context))) for what, check in checks]  # type: ignore[misc]


def _outcome(inquiry: Inquiry, gate: bool = False) -> Outcome:
    try:
        return inquiry()
    except UnknownError as error:
        return Outcome("unknown", str(error), error.next_command)
    except DeploymentError as error:
        return _of_error(error, gate)


def _of_error(error: DeploymentError, gate: bool = True) -> Outcome:
    """A read that AWS refused, or did not answer, has told nothing: neither that all is well nor that it is not.

    What a gate cannot read is wrong all the same: nothing could be deployed, and nothing else was looked at.
    """
    untold = not gate and isinstance(error, AccessDeniedError | ServiceResponseError)
    found = error.problem + (f" ({error.found[0]})" if error.found else "")
    return Outcome("unknown" if untold else "wrong", found, error.next_command or "see the message")
