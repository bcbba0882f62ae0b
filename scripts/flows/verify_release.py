"""Verifies a deployed release: runs its pipeline, measures the output, and records the result in the stage's bucket.

Before anything is started, an attempt is written down with all that it is about, so that a command that was cut off
finds its own execution again and never another's. The result is written last, passed or not: a record that says
"passed" stands behind complete work, and prod asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.decisions.drift import drift_lines
from scripts.decisions.ledger import Event
from scripts.decisions.names import release_key
from scripts.decisions.prediction_columns import columns_of, schema_columns
from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.stacks import Stack
from scripts.decisions.verification import Check, Figures, checks
from scripts.decisions.verification_record import (
    RECORD,
    Attempt,
    Subject,
    differences,
    new_record,
)
from scripts.errors import DriftError, ExecutionError, VerificationError
from scripts.flows.collect_models import collect_models
from scripts.flows.holders import now, who
from scripts.flows.ledger_entries import record_once
from scripts.flows.measure_output import measure
from scripts.flows.read_drift import read_released_drift
from scripts.flows.release_schema import schema_of_release
from scripts.flows.run_pipeline import Output, follow, output_of, require_input, start_or_find
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_attempts import begin_attempt
from scripts.flows.verification_records import put_json
from scripts.flows.verification_subject import read_subject
from scripts.terminal.progress import Progress

SHOWN_ROWS = 5


@dataclass(frozen=True)
class Verification:
    """A passed verification."""

    execution_arn: str
    output: Output
    rows: list[str]
    figures: Figures
    checks: list[Check]
    schema: RecordSchema | None


def verify(context: StageContext, stack: Stack, progress: Progress, *, unverified: bool = False) -> Verification:
    """Run and check. Raises ExecutionError or VerificationError, either recorded as a verification that failed.

    Raises DriftError, and runs nothing, where what would run is not what was released.
    """
    require_input(context)
    definition = require_as_released(context, stack, progress)
    subject = read_subject(context, stack, definition)
    attempt = begin_attempt(context, subject)
    arn = start_or_find(context, stack, attempt.attempt, progress, reuse=True)
    try:
        follow(context, arn, progress)
    except ExecutionError as error:
        _record(context, attempt, arn, passed=False, details=(error.problem,))
        _write(context, attempt, arn, passed=False, problem=error.problem, found=tuple(error.found))
        raise
    output = output_of(context, arn)
    schema = schema_of_release(context, subject.release_id)
    thresholds = context.settings.verification
    columns = schema_columns(schema, thresholds) if schema else columns_of(thresholds)
    measured, rows = measure(context, arn, output, columns)
    found = [*checks(measured, thresholds), *_changed_meanwhile(context, subject, progress)]
    for check in found:
        progress.event(check.name, "Passed" if check.passed else "Failed", check.detail)
    failed = [check for check in found if not check.passed]
    figures = (f"rows {measured.accepted_rows}, predictions {measured.output_rows}",)
    _record(context, attempt, arn, passed=not failed, details=(*figures, *(each.name for each in failed)))
    if not failed:
        mark_live(context, subject.release_id, unverified)
    _write(
        context,
        attempt,
        arn,
        passed=not failed,
        figures=measured,
        checks=tuple(found),
        predictions=output.location.uri,
    )
    if failed:
        raise _not_good_enough(context, subject.release_id, failed, output)
    collect_models(context, context.verifier, stack, progress)
    return Verification(arn, output, rows[:SHOWN_ROWS], measured, found, schema)


def require_as_released(context: StageContext, stack: Stack, progress: Progress) -> str | None:
    """The definition that SageMaker has. Raises DriftError where model, definition or bytes are not the release's.

    Other drift is told: the outcome of a run does not hang on an alarm.
    """
    drift = read_released_drift(context, stack)
    for each in drift.differences:
        progress.line(f"drift: {each.line}")
    runs = [each for each in drift.differences if each.is_run]
    if runs:
        raise DriftError(
            f"what runs in {context.stage} is not release {stack.parameters.get('ReleaseId')}",
            found=drift_lines(runs),
            next_command=f"{context.deploys}   # puts it back and verifies",
        )
    return drift.definition


def _changed_meanwhile(context: StageContext, before: Subject, progress: Progress) -> list[Check]:
    """A failed check where another command changed the stage while the pipeline ran.

    Other input is only told: the record names what there was before, so that the next deployment verifies again.
    """
    stack = context.stacks.describe(context.names.batch_stack)
    after = read_subject(context, stack) if stack else None
    if after and after.input != before.input:
        progress.line("the input changed while the pipeline ran; the next deployment verifies again")
    same_input = before.model_copy(update={"input": after.input}) if after else before
    changed = differences(same_input, after) if after else ["the stack is gone"]
    return [Check("the stage stayed as it was meanwhile", False, "; ".join(changed))] if changed else []


def _not_good_enough(context: StageContext, release_id: str, failed: list[Check], output: Output) -> VerificationError:
    return VerificationError(
        f"release {release_id} does not pass in {context.stage}",
        found=[f"{check.name}: {check.detail}" for check in failed] + [f"predictions: {output.location.uri}"],
        next_command=f"make predictions STAGE={context.stage}   # what was predicted; thresholds: "
        f"pipelines/{context.settings.pipeline}/settings.yml; then: {context.verifies}",
    )


def mark_live(context: StageContext, release_id: str, unverified: bool) -> None:
    """Write down which release is live and which was verified last, as later stages and commands read it."""
    pointer = {"release_id": release_id, "at": now()}
    put_json(context, context.names.live_key, {**pointer, "unverified_in_preprod": unverified})
    put_json(context, context.names.verified_key, pointer)


def _record(context: StageContext, attempt: Attempt, arn: str, *, passed: bool, details: tuple[str, ...]) -> None:
    """In the ledger, before the record: whoever is cut off in between finds this run again, and records it once."""
    of = f"of subject {attempt.subject.fingerprint}"
    event = Event("verification", attempt.subject.release_id, passed=passed, execution=arn, details=(*details, of))
    record_once(context, context.verifier_objects, event)


def _write(context: StageContext, attempt: Attempt, arn: str, *, passed: bool, **more: Any) -> None:
    record = new_record(attempt.subject, attempt.attempt, arn, passed, at=now(), by=who(context), **more)
    put_json(context, release_key(attempt.subject.release_id, RECORD), record.model_dump(mode="json"))
