"""The records' schema that a deployed release pins, out of its stage's bucket: its predictions' names and bounds.

Never the working tree's: that may have changed since.
"""

from __future__ import annotations

from pydantic import ValidationError

from scripts.decisions.canonical import sha256_of
from scripts.decisions.names import release_key
from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.release import Release, read_release
from scripts.errors import ReleaseError
from scripts.flows.release_store import CODE
from scripts.flows.stage_context import StageContext


def schema_of_release(context: StageContext, release_id: str) -> RecordSchema | None:
    """None where the release's pipeline has no schema. Raises ReleaseError where the bucket has lost it."""
    bucket, key = context.foundation.bucket, release_key(release_id)
    content = context.objects.read(bucket, key)
    if content is None:
        raise ReleaseError(
            f"the release {release_id} is not in the stage's bucket",
            found=[f"s3://{bucket}/{key} does not exist"],
            next_command=f"{context.deploys}   # writes it again",
        )
    return _schema(context, read_release(content, f"s3://{bucket}/{key}"))


def _schema(context: StageContext, release: Release) -> RecordSchema | None:
    path = release.pipeline.schema_path
    if path is None:
        return None
    bucket, key = context.foundation.bucket, release_key(release.release_id, f"{CODE}{path}")
    content = context.objects.read(bucket, key)
    if content is None or sha256_of(content) != release.pipeline.code[path]:
        raise ReleaseError(
            f"the schema of release {release.release_id} is not what the release pins",
            found=[f"s3://{bucket}/{key} {'does not exist' if content is None else 'was changed'}"],
            next_command=f"{context.deploys}   # writes it again",
        )
    try:
        return RecordSchema.model_validate_json(content)
    except ValidationError as error:
        raise ReleaseError(
            f"the schema of release {release.release_id} is of another version of this repository",
            found=str(error).splitlines()[:3],
            next_command=context.deploys,
        ) from error
