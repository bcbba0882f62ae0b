"""Begins a verification: writes down what is about to be run, before it is started, under a name used once.

So a command that was cut off finds its own execution again, and no command ever takes another's for it: not one on
other input, of other settings or an earlier stack, and not one whose result was recorded already.
"""

from __future__ import annotations

import uuid

from scripts.decisions.canonical import sha256_of
from scripts.decisions.names import release_key
from scripts.decisions.verification_record import ATTEMPT, Attempt, Subject, read_attempt
from scripts.errors import VerificationError
from scripts.flows.holders import now, who
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import as_bytes, record_content

MOST_ROUNDS = 3


def begin_attempt(context: StageContext, subject: Subject) -> Attempt:
    """The attempt to carry on: one of just this that has not ended, or a new one, written down before it is started.

    Two commands at once agree on one attempt: whoever comes second finds the first one's.
    """
    key = release_key(subject.release_id, ATTEMPT)
    for _ in range(MOST_ROUNDS):
        there = context.objects.head(context.foundation.bucket, key)
        content = context.objects.read(context.foundation.bucket, key) if there else None
        record = record_content(context, subject.release_id)
        replaces = sha256_of(record) if record is not None else None
        earlier = read_attempt(content)
        if earlier and earlier.subject.fingerprint == subject.fingerprint and earlier.replaces == replaces:
            return earlier
        name = f"verify-{subject.release_id}-{uuid.uuid4().hex[:8]}"
        attempt = Attempt(format=1, attempt=name, subject=subject, replaces=replaces, at=now(), by=who(context))
        document = as_bytes(attempt.model_dump(mode="json"))
        bucket, kms_key_arn = context.foundation.bucket, context.foundation.kms_key_arn
        if context.verifier_objects.replace(bucket, key, document, kms_key_arn, there.etag if there else None):
            return attempt
    raise VerificationError(
        f"release {subject.release_id} is being verified by other commands at the same time",
        found=[f"s3://{context.foundation.bucket}/{key} changes each time that it is written"],
        next_command=f"make status STAGE={context.stage}   # when they are done: {context.verifies}",
    )
