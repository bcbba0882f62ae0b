"""Verifies a deployed release: runs its pipeline, measures the output, and records the result in the stage's bucket.

The record is what prod asks for. It is written whether the verification passed or not, and last of all, so that a
record which says "passed" stands behind complete work.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import s3_location
from scripts.decisions.deployment_plan import settings_of_verification, verification_fingerprint
from scripts.decisions.names import release_key
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_values import input_url
from scripts.decisions.verification import Check, Figures, checks, figures
from scripts.errors import ExecutionError, VerificationError
from scripts.flows.run_pipeline import Output, first_rows, follow, output_of, require_input, start_or_find
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import has_record
from scripts.terminal.progress import Progress

MOST_COUNTED_BYTES = 2 * 1024**3
SHOWN_ROWS = 5
PARALLEL_READS = 8


@dataclass(frozen=True)
class Verification:
    """A passed verification."""

    execution_arn: str
    output: Output
    rows: list[str]
    figures: Figures
    checks: list[Check]


def fingerprint_of(context: StageContext, stack: Stack) -> str:
    """What a verification of this stack is about; equal to the plan's for the same parameters."""
    return verification_fingerprint(stack.parameters, settings_of_verification(context.settings))


def verify(context: StageContext, stack: Stack, progress: Progress, *, unverified: bool = False) -> Verification:
    """Run and check. Raises ExecutionError or VerificationError, either recorded as a verification that failed."""
    release_id = stack.parameters["ReleaseId"]
    fingerprint = fingerprint_of(context, stack)
    require_input(context)
    # The input is part of the purpose: an execution that ran on other bytes says nothing of these.
    purpose = f"verify-{release_id}-{fingerprint[:8]}-{_input_digest(context)[:8]}"
    # Only where nothing was recorded yet is a succeeded execution one whose command was cut off before it wrote that.
    reuse = not has_record(context, release_id)
    arn = start_or_find(context, stack, purpose, progress, reuse=reuse)
    try:
        follow(context, arn, progress)
    except ExecutionError as error:
        _write(
            context, release_id, fingerprint, arn, passed=False, more={"problem": error.problem, "found": error.found}
        )
        raise
    output = output_of(context, arn)
    measured = _measure(context, output)
    found = checks(measured, context.settings.verification)
    for check in found:
        progress.event(check.name, "Passed" if check.passed else "Failed", check.detail)
    failed = [check for check in found if not check.passed]
    more: dict[str, Any] = {
        "figures": asdict(measured),
        "checks": [asdict(check) for check in found],
        "predictions": output.location.uri,
    }
    if not failed:
        _mark_live(context, release_id, unverified)
    _write(context, release_id, fingerprint, arn, passed=not failed, more=more)
    if failed:
        raise VerificationError(
            f"release {release_id} does not pass in {context.stage}",
            found=[f"{check.name}: {check.detail}" for check in failed] + [f"predictions: {output.location.uri}"],
            next_command=f"make predictions STAGE={context.stage}   # the thresholds are in stages/{context.stage}.yml",
        )
    return Verification(arn, output, first_rows(context, output, SHOWN_ROWS), measured, found)


def _input_digest(context: StageContext) -> str:
    location = s3_location(input_url(context.settings, context.foundation))
    return sha256_of(list(context.objects.contents(location.bucket, location.key)))


def _measure(context: StageContext, output: Output) -> Figures:
    settings, objects = context.settings.verification, context.objects
    location = s3_location(input_url(context.settings, context.foundation))
    inputs = list(objects.keys(location.bucket, location.key))
    countable = sum(size for _, size in (*inputs, *output.objects)) <= MOST_COUNTED_BYTES
    each = -(-settings.sample // max(len(output.objects), 1))
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        samples = pool.map(lambda item: objects.first_lines(output.location.bucket, item[0], each), output.objects)
        lines = [line for sample in samples for line in sample][: settings.sample]
        input_rows = output_rows = None
        if countable:
            counts = pool.map(lambda item: objects.count_lines(location.bucket, item[0]), inputs)
            input_rows = sum(max(count - settings.input_header, 0) for count in counts)
            output_rows = sum(
                pool.map(lambda item: objects.count_lines(output.location.bucket, item[0]), output.objects)
            )
    return figures(lines, input_rows, output_rows, len(output.objects), settings)


def _mark_live(context: StageContext, release_id: str, unverified: bool) -> None:
    pointer = {"release_id": release_id, "at": _now()}
    _put(context, context.names.live_key, {**pointer, "unverified_in_preprod": unverified})
    _put(context, context.names.verified_key, pointer)


def _write(
    context: StageContext, release_id: str, fingerprint: str, arn: str, *, passed: bool, more: dict[str, Any]
) -> None:
    record = {
        "release_id": release_id,
        "stage": context.stage,
        "passed": passed,
        "fingerprint": fingerprint,
        "execution_arn": arn,
        "at": _now(),
        **more,
    }
    _put(context, release_key(release_id, "verification.json"), record)


def _put(context: StageContext, key: str, value: dict[str, Any]) -> None:
    content = json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
    context.objects.write(context.foundation.bucket, key, content, context.foundation.kms_key_arn)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
