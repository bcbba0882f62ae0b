"""Writes the few records that move, such as which release is live: each over the very one that was read, or not at all.

Everything else below ``releases/`` is written once. Nothing here decides what a record says.
"""

from __future__ import annotations

from scripts.decisions.foundation import Foundation
from scripts.errors import ReleaseError
from scripts.gateways.artifacts import Objects

MOST_ROUNDS = 3


def replace_pointer(objects: Objects, foundation: Foundation, key: str, content: bytes) -> None:
    """Write it over whatever is there now. Raises ReleaseError where others write it again and again at this moment."""
    bucket = foundation.bucket
    for _ in range(MOST_ROUNDS):
        there = objects.head(bucket, key)
        if objects.replace(bucket, key, content, foundation.kms_key_arn, there.etag if there else None):
            return
    raise ReleaseError(
        f"other commands write s3://{bucket}/{key} at the same time",
        found=[f"it changed {MOST_ROUNDS} times before it could be written"],
        next_command="the same command again, when they are done",
    )
