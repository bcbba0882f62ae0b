"""Who must be let in by the toolchain's bucket and key, and who must not: no stage may write evidence. Pure."""

from __future__ import annotations

from scripts.decisions.crossings import Crossing, Visit
from scripts.decisions.toolchain_actors import ToolchainPlace

# EventBridge supplies neither to a topic, nor to the key of one:
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
UNSUPPLIED: dict[str, str | None] = {"aws:sourcearn": None, "aws:sourceaccount": None, "aws:securetransport": "true"}


def toolchain_crossings(place: ToolchainPlace) -> list[Crossing]:
    names = place.first.names
    artifact = place.first.artifact("Release").replace("*", "doctor")
    (evidence,) = place.objects("evidence/doctor/evidence.html")
    in_bucket, in_key = [], []
    for stage in place.stages:
        for role in (stage.role("deployment"), stage.foundation.cloudformation_role_arn):
            known: dict[str, str | None] = {
                "aws:principalarn": role,
                "aws:principalaccount": stage.names.account,
                "aws:securetransport": "true",
                "aws:requestedregion": names.region,
            }
            via_s3 = {**known, **{key.lower(): value for key, value in stage.via_s3.items()}}
            in_bucket.append(Visit(role, ("s3:GetObject",), artifact, known))
            if stage.names.account != names.dev_account:
                in_bucket.append(Visit(role, ("s3:PutObject",), evidence, known, wanted=False))
            in_key.append(Visit(role, ("kms:Decrypt",), place.key, via_s3))
    publishing = Visit("events.amazonaws.com", ("sns:Publish",), place.topic, UNSUPPLIED)
    return [
        Crossing("artifacts let stages read", "bucket", names.toolchain_bucket, tuple(in_bucket)),
        Crossing("key lets stages read", "key", place.key, tuple(in_key)),
        Crossing("key lets events notify", "key", place.key, (_notifying(place),)),
        Crossing("topic lets events notify", "topic", place.topic, (publishing,)),
    ]


def _notifying(place: ToolchainPlace) -> Visit:
    known = {**UNSUPPLIED, "kms:encryptioncontext:aws:sns:topicarn": place.topic}
    return Visit("events.amazonaws.com", ("kms:Decrypt", "kms:GenerateDataKey"), place.key, known)
