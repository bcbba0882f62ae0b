"""Which news of a source starts which CodePipeline."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.core.store import Store
from localaws.services.codepipeline.change_detection import ChangeDetection

OWN, OTHER = "012345670123", "550011223344"
REGION = "ap-southeast-2"


class Objects:
    """S3 with versions by key."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, str]:  # noqa: N803 (boto3's names)
        if Key not in self.versions:
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        return {"VersionId": self.versions[Key]}


class Place:
    """One cloud with CodePipelines; what was started is in ``started``."""

    def __init__(self, tmp_path: Any) -> None:
        self.objects = Objects()
        self.started: list[tuple[str, str]] = []
        cloud: Any = SimpleNamespace(
            store=Store(),
            client=lambda service, caller: self.objects,
            workers=SimpleNamespace(start=lambda name, work: work()),
        )
        self._pipelines = cloud.store.table("codepipeline.pipeline")
        scheduler: Any = SimpleNamespace(
            start=lambda key, trigger, variables, revisions: self.started.append((key.name, trigger["triggerDetail"]))
        )
        self.detection = ChangeDetection(cloud, scheduler)

    def declare(self, name: str, *actions: dict[str, Any]) -> None:
        declared = {"name": name, "roleArn": f"arn:aws:iam::{OWN}:role/p", "stages": [{"actions": list(actions)}]}
        self._pipelines.put(f"{OWN}/{REGION}/{name}", {"Pipeline": declared})


def _s3(key: str) -> dict[str, Any]:
    configuration = {"S3Bucket": "bucket", "S3ObjectKey": key}
    return {"name": key, "actionTypeId": {"provider": "S3"}, "configuration": configuration}


def _codecommit(**members: Any) -> dict[str, Any]:
    configuration = {"RepositoryName": "code", "BranchName": "main"}
    return {"name": "Code", "actionTypeId": {"provider": "CodeCommit"}, "configuration": configuration, **members}


@pytest.fixture
def place(tmp_path: Any) -> Place:
    return Place(tmp_path)


def test_two_polled_objects_do_not_start_each_other(place: Place) -> None:
    place.objects.versions = {"a.zip": "1", "b.zip": "2"}
    place.declare("two", _s3("a.zip"), _s3("b.zip"))
    for _ in range(3):
        place.detection.look()
    assert not place.started
    place.objects.versions["b.zip"] = "3"
    place.detection.look()
    place.detection.look()
    assert place.started == [("two", "s3://bucket/b.zip")]


def test_the_first_upload_starts_what_waits_for_it(place: Place) -> None:
    place.declare("late", _s3("late.zip"))
    place.detection.look()
    place.objects.versions["late.zip"] = "1"
    place.detection.look()
    assert place.started == [("late", "s3://bucket/late.zip")]


@pytest.mark.aws_rule(
    "A source action in another account polls the repository of that account",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html",
)
def test_a_push_counts_in_the_account_that_the_actions_role_is_of(place: Place) -> None:
    place.declare("own", _codecommit())
    place.declare("other", _codecommit(roleArn=f"arn:aws:iam::{OTHER}:role/source"))
    detail = {"event": "referenceUpdated", "referenceType": "branch", "referenceName": "main"}
    detail |= {"repositoryName": "code", "commitId": "c0ffee"}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for account, name in ((OTHER, "other"), (OWN, "own")):
        place.started.clear()
        event = Event(account, REGION, "aws.codecommit", "CodeCommit Repository State Change", detail, now)
        place.detection.take(event)
        assert place.started == [(name, "c0ffee")]
