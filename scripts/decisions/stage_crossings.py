"""Who must be let in by a stage's bucket, key and roles, and who must not: the builds before the approval. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.decisions.crossings import Crossing, Visit
from scripts.decisions.names import RoleKind
from scripts.decisions.stage_actors import StagePlace

_KEY_USES = ("kms:Decrypt", "kms:GenerateDataKey")
_ASSUME = ("sts:AssumeRole",)


def stage_crossings(place: StagePlace, stages: Sequence[str], caller: str) -> list[Crossing]:
    """``stages``: all of the project. ``caller``: the ARN by which whoever runs this is known to policies."""
    names = place.names
    promote = _build(place, f"promote-{names.stage}")
    copied = place.objects("model-artifacts/doctor")[0]
    in_bucket = {**_of(place, promote), "s3:x-amz-server-side-encryption": "aws:kms"}
    # A copy is made where nothing is yet (If-None-Match: *); the bucket lets in no other.
    written = {**in_bucket, "s3:objectcreationoperation": "true", "s3:if-none-match": "*", "s3:if-match": None}
    through_s3 = {**_of(place, promote), **{key.lower(): value for key, value in place.via_s3.items()}}
    key = place.foundation.kms_key_arn
    return [
        Crossing(
            "bucket lets dev copy",
            "bucket",
            place.foundation.bucket,
            (
                Visit(promote, ("s3:PutObject",), copied, written),
                Visit(promote, ("s3:GetObject",), copied, in_bucket),
                Visit(promote, ("s3:ListBucket",), place.bucket, in_bucket),
            ),
        ),
        Crossing("key lets dev copy", "key", key, (Visit(promote, _KEY_USES, key, through_s3),)),
        Crossing("key lets alarms through", "key", key, _alarms(place)),
        *_assumed(place, stages, caller),
        *_services(place),
    ]


def alarm_topic_crossing(place: StagePlace, topic: str) -> Crossing:
    """Alarms publish as CloudWatch itself."""
    visit = Visit(_ALARMS, ("sns:Publish",), topic, _of_alarm(place))
    return Crossing("alarm topic lets alarms in", "topic", topic, (visit,))


_ALARMS = "cloudwatch.amazonaws.com"


def _alarms(place: StagePlace) -> tuple[Visit, Visit]:
    """An alarm encrypts for its topic, EventBridge for the queue of dead letters, and the latter names no source:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    key, stack = place.foundation.kms_key_arn, place.names.batch_stack
    topic, queue = place.arn("sns", f"{stack}-AlarmTopic-doctor"), place.arn("sqs", f"{stack}-DeadLetters-doctor")
    of_alarm = {**_of_alarm(place), "kms:encryptioncontext:aws:sns:topicarn": topic}
    of_events: dict[str, str | None] = {
        "aws:sourcearn": None,
        "aws:sourceaccount": None,
        "kms:encryptioncontext:aws:sqs:arn": queue,
    }
    return Visit(_ALARMS, _KEY_USES, key, of_alarm), Visit("events.amazonaws.com", _KEY_USES, key, of_events)


def _of_alarm(place: StagePlace) -> dict[str, str | None]:
    return {
        "aws:sourceaccount": place.names.account,
        "aws:sourcearn": place.arn("cloudwatch", f"alarm:{place.names.batch_stack}-doctor"),
        "aws:securetransport": "true",
    }


def _assumed(place: StagePlace, stages: Sequence[str], caller: str) -> list[Crossing]:
    """Each role: the builds that work with it, and those that must not get it."""
    stage = place.names.stage
    builds = ["build", "plan", *(f"{kind}-{each}" for kind in ("promote", "verify") for each in stages), "codepipeline"]
    wanted: dict[RoleKind, list[str]] = {
        "reader": ["build", "plan", *(f"{kind}-{each}" for kind in ("promote", "verify") for each in stages)],
        "promoter": [f"promote-{stage}"],
        "verifier": [f"verify-{stage}"],
        "deployment": ["codepipeline"],
    }
    found = []
    for kind, who in wanted.items():
        kept_out = [] if kind == "reader" else [each for each in builds if each not in who]
        visits = [_assumption(place, kind, _build(place, each), True) for each in who]
        visits += [_assumption(place, kind, _build(place, each), False) for each in kept_out]
        if kind == "reader" and caller:
            visits.append(_assumption(place, kind, caller, True))
        found.append(Crossing(f"who becomes {kind}", "role", place.role(kind).rsplit("/", 1)[-1], tuple(visits)))
    return found


def _services(place: StagePlace) -> list[Crossing]:
    """AWS's services that work with a role of the stage."""
    foundation = place.foundation
    account = {"aws:sourceaccount": place.names.account}
    roles = [
        ("cloudformation", foundation.cloudformation_role_arn, "cloudformation.amazonaws.com"),
        ("pipeline", foundation.pipeline_role_arn, "sagemaker.amazonaws.com"),
        ("job", foundation.job_role_arn, "sagemaker.amazonaws.com"),
        ("events", foundation.events_role_arn, "events.amazonaws.com"),
    ]
    return [
        Crossing(
            f"who becomes {name}",
            "role",
            arn.rsplit("/", 1)[-1],
            (Visit(service, _ASSUME, arn, account),),
        )
        for name, arn, service in roles
    ]


def _assumption(place: StagePlace, kind: RoleKind, principal: str, wanted: bool) -> Visit:
    return Visit(principal, _ASSUME, place.role(kind), _of(place, principal), wanted)


def _build(place: StagePlace, kind: str) -> str:
    names = place.names
    return f"arn:{names.partition}:iam::{names.dev_account}:role/{names.project}-{kind}"


def _of(place: StagePlace, principal: str) -> dict[str, str | None]:
    return {
        "aws:principalarn": principal,
        "aws:principalaccount": place.names.dev_account,
        "aws:securetransport": "true",
        "aws:requestedregion": place.names.region,
    }
