"""Reads and writes what a stage's bucket says of a release's verification there, which a later stage asks for.

A record is compared with what is there now each time it is asked. One that is broken, foreign or missing is never
"verified", stops nothing, and a refusal names it and the command that writes it anew. A read that AWS refuses is an
error.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scripts.decisions.names import release_key
from scripts.decisions.stacks import Stack
from scripts.decisions.verification_record import RECORD, Standing, read_record, standing
from scripts.decisions.ways_to_change import deploying, unverified
from scripts.errors import ReleaseError
from scripts.flows.moving_records import replace_pointer
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_subject import read_subject

_RELEASE_ID = re.compile(r"[0-9a-f]{16}")


def standing_now(
    context: StageContext, release_id: str, stack: Stack | None, definition: str | None = None
) -> Standing:
    """What the record of a release is worth in a stage whose batch inference stack is this.

    Only where it is to be compared, what is live is read; but ``definition``, where that was just read.
    """
    reading = read_record(record_content(context, release_id), release_id, context.stage)
    if isinstance(reading, str):
        return standing(_where(context, release_id), reading, None)
    if stack is None or stack.parameters.get("ReleaseId") != release_id:
        return Standing(_where(context, release_id), reading, ("this release is not live",))
    return standing(_where(context, release_id), reading, read_subject(context, stack, definition))


def record_of(context: StageContext, release_id: str) -> Standing:
    """What the record itself says, whatever is live now: what a later stage asks for.

    The stage may be ahead of it already, as behind an approval that waits.
    """
    reading = read_record(record_content(context, release_id), release_id, context.stage)
    return standing(_where(context, release_id), reading, None)


def record_content(context: StageContext, release_id: str) -> bytes | None:
    return context.objects.read(context.foundation.bucket, release_key(release_id, RECORD))


def not_verified(
    release_id: str, earlier: StageContext, stage: str, found: Standing, *, by_hand: bool = False
) -> ReleaseError:
    """The refusal of a release for ``stage``. The next command is one that makes the record, as ``earlier`` is now.

    ``by_hand``: whether people may change ``stage``.
    """
    live = earlier.stacks.describe(earlier.names.batch_stack)
    is_live = live is not None and live.parameters.get("ReleaseId") == release_id
    way_out = earlier.deploys
    if is_live and not (found.record and not found.record.passed):
        way_out = earlier.verifies
    elif not is_live:
        way_out = deploying(earlier.stage, by_hand=earlier.settings.deployed_by_hand, release=release_id)
    return ReleaseError(
        f"release {release_id} has no passed verification in {earlier.stage}",
        found=[f"{found.where}: {reason}" for reason in _reasons(found)],
        next_command=f"{way_out}   # or, {unverified(stage, release_id, by_hand=by_hand)}",
    )


def verified_last(earlier: StageContext) -> str:
    """The id of the release that a stage verified last. Raises ReleaseError where there is none that can be read."""
    content = earlier.objects.read(earlier.foundation.bucket, earlier.names.verified_key)
    if content is None:
        raise ReleaseError(
            f"no release is verified in {earlier.stage} yet",
            found=[f"s3://{earlier.foundation.bucket}/{earlier.names.verified_key} does not exist"],
            next_command=f"{earlier.deploys}   # where that changes nothing: {earlier.verifies}",
        )
    try:
        release_id = json.loads(content)["release_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        release_id = None
    if not isinstance(release_id, str) or not _RELEASE_ID.fullmatch(release_id):
        raise broken_pointer(earlier, "it holds no id of a release")
    return release_id


def broken_pointer(earlier: StageContext, reason: str) -> ReleaseError:
    """That the bucket does not say which release was verified last."""
    where = f"s3://{earlier.foundation.bucket}/{earlier.names.verified_key}"
    return ReleaseError(
        f"{where} does not say which release {earlier.stage} verified last",
        found=[reason],
        next_command=f"{earlier.verifies}   # writes it anew; or the same command with RELEASE=<id>",
    )


def put_json(context: StageContext, key: str, value: dict[str, Any]) -> None:
    replace_pointer(context.verifier_objects, context.foundation, key, as_bytes(value))


def as_bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


def _reasons(found: Standing) -> list[str]:
    if found.record is not None and not found.record.passed:
        failed = [f"{check.name}: {check.detail}" for check in found.record.checks if not check.passed]
        return [f"it failed: {reason}" for reason in failed or [found.record.problem or "it does not say why"]]
    return list(found.doubts)


def _where(context: StageContext, release_id: str) -> str:
    return f"s3://{context.foundation.bucket}/{release_key(release_id, RECORD)}"
