"""Reads what a stage's bucket says of a release's verification there, which is what a later stage asks for.

The record is written by ``verify_release``. A record that cannot be read is an error, never "not verified".
"""

from __future__ import annotations

import json

from scripts.decisions.deployment_plan import Record
from scripts.decisions.names import release_key
from scripts.errors import ReleaseError
from scripts.flows.stage_context import StageContext


def is_verified(context: StageContext, release_id: str) -> bool:
    record = verification_record(context, release_id)
    return record is not None and record.passed


def has_record(context: StageContext, release_id: str) -> bool:
    """Whether there is a record, readable or not: verifying anew must be possible over a broken one."""
    return context.objects.read(context.foundation.bucket, release_key(release_id, "verification.json")) is not None


def not_verified(release_id: str, earlier: StageContext, stage: str) -> ReleaseError:
    return ReleaseError(
        f"release {release_id} has no passed verification in {earlier.stage}",
        found=[f"s3://{earlier.foundation.bucket}/{release_key(release_id, 'verification.json')} is missing or failed"],
        next_command=f"make deploy STAGE={earlier.stage}   # or, recorded: make deploy STAGE={stage} UNVERIFIED=1",
    )


def verification_record(context: StageContext, release_id: str) -> Record | None:
    """What the stage's bucket says of the release's verification there; None where it was not verified."""
    key = release_key(release_id, "verification.json")
    content = context.objects.read(context.foundation.bucket, key)
    if content is None:
        return None
    try:
        document = json.loads(content)
        return Record(document["release_id"], bool(document["passed"]), document["fingerprint"], document)
    except (ValueError, KeyError, TypeError) as error:
        where = f"s3://{context.foundation.bucket}/{key}"
        raise ReleaseError(
            f"{where} is not a verification record",
            next_command=f"make verify STAGE={context.stage}   # writes it again",
        ) from error
