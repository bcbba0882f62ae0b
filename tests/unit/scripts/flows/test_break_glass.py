"""The glass: nothing is changed before its use is written down and told, and each verb takes the least of the roles."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.break_glass import Use, read_use
from scripts.decisions.ledger import Entry, read_entry
from scripts.errors import AccessDeniedError, FoundationError, GuardedStageError, ServiceResponseError
from scripts.flows.break_glass import last_uses, record_use, require_way
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account, Accounts
from scripts.gateways.aws_errors import Actor
from scripts.terminal.progress import Progress
from tests.unit.scripts.releases import FOUNDATION, NAMES, SETTINGS

ADA = "arn:aws:iam::012345670123:user/ada"


class FakeCloud:
    """Accounts, and their S3 and SNS, in memory. ``calls`` tells what was asked, of whom, in order."""

    def __init__(self, trusts: set[str] | None = None, refuses: str = "") -> None:
        self.calls: list[str] = []
        self.objects: dict[str, bytes] = {}
        self.trusts, self.refuses = trusts, refuses

    # Accounts
    def assumed(self, account: str, role_arn: str, dev_account: str) -> FakeAccount:
        kind = role_arn.rpartition(f"{NAMES.stage}-")[2]
        self.calls.append(f"assume {kind}")
        if self.trusts is not None and kind not in self.trusts:
            raise AccessDeniedError("AssumeRole is denied", found=["action AssumeRole", "as dev", "AWS says: no"])
        return FakeAccount(self, kind)

    def identity(self, account: str) -> dict[str, str]:
        return {"Arn": ADA}


class FakeAccount:
    actor = Actor(NAMES.account)

    def __init__(self, cloud: FakeCloud, kind: str) -> None:
        self.cloud, self.kind = cloud, kind

    def client(self, service: str) -> FakeAccount:
        return self

    def get_object(self, **request: Any) -> dict[str, Any]:
        assert request["Key"] == NAMES.ledger_head_key
        error = {"Error": {"Code": "NoSuchKey", "Message": "no"}, "ResponseMetadata": {}}
        raise ClientError(error, "GetObject")

    def get_paginator(self, _: str) -> FakeAccount:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return []

    def put_object(self, **request: Any) -> dict[str, Any]:
        assert request["IfNoneMatch"] == "*"
        self._asked(f"put {request['Key']}")
        self.cloud.objects[request["Key"]] = request["Body"]
        return {}

    def publish(self, **request: Any) -> dict[str, Any]:
        self._asked(f"publish to {request['TopicArn']}")
        return {}

    def _asked(self, what: str) -> None:
        if self.cloud.refuses and what.startswith(self.cloud.refuses):
            raise ServiceResponseError(f"{what} failed")
        self.cloud.calls.append(f"{self.kind}: {what}")


def opened(cloud: FakeCloud, *, hand: bool = False) -> StageContext:
    settings = SETTINGS.model_copy(update={"deployed_by_hand": hand, "break_glass": [ADA]})
    context = StageContext(NAMES.stage, settings, cast(Accounts, cloud))
    context.__dict__["foundation"] = FOUNDATION
    return context


def record(context: StageContext) -> None:
    record_use(context, "deploy", "deploy --stage prod", Progress(colour=False), "abcd")


CHANGING = ("promoter", "verifier", "deployment")


def kind_of(account: Account) -> str:
    return cast(FakeAccount, account).kind


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODEBUILD_BUILD_ID", raising=False)


def test_each_kind_of_work_has_a_role_of_its_own_that_is_assumed_when_it_is_needed() -> None:
    cloud = FakeCloud()
    context = opened(cloud, hand=True)
    require_way(context, "deploy", None)
    assert cloud.calls == []
    for kind in ("reader", *CHANGING):
        assert kind_of(getattr(context, kind)) == kind
    assert cloud.calls == [f"assume {kind}" for kind in ("reader", *CHANGING)]


def test_a_person_is_refused_before_anything_is_asked_of_the_stage() -> None:
    cloud = FakeCloud()
    with pytest.raises(GuardedStageError):
        require_way(opened(cloud), "deploy", None)
    assert cloud.calls == []


def test_a_build_takes_its_own_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "promote:1")
    context = opened(FakeCloud())
    require_way(context, "promote", None)
    assert kind_of(context.promoter) == "promoter"


def test_a_use_is_recorded_and_told_as_the_break_glass_role_and_only_then_anything_changes() -> None:
    cloud = FakeCloud()
    context = opened(cloud)
    require_way(context, "deploy", "fire")
    for kind in CHANGING:
        with pytest.raises(RuntimeError, match="before it is recorded"):
            getattr(context, kind)
    with pytest.raises(RuntimeError, match="before it is recorded"):
        _ = context.copying_objects
    record(context)
    key, entry, head = cloud.objects
    assert cloud.calls == [
        "assume break-glass",
        f"break-glass: put {key}",
        f"break-glass: put {entry}",
        f"break-glass: put {head}",
        f"break-glass: publish to {FOUNDATION.announcement_topic_arn}",
    ]
    use = read_use(cloud.objects[key], key)
    assert isinstance(use, Use)
    assert (use.by, use.reason, use.verb, use.release_id, use.stage) == (ADA, "fire", "deploy", "abcd", "preprod")
    assert {kind_of(getattr(context, kind)) for kind in ("reader", *CHANGING)} == {"break-glass"}
    record(context)
    assert len(cloud.objects) == 3
    recorded = read_entry(cloud.objects[entry])
    assert isinstance(recorded, Entry)
    assert (recorded.kind, recorded.reason, list(recorded.records)) == ("break-glass", "fire", [key])


@pytest.mark.parametrize("refuses", ["put", "publish"])
def test_where_it_cannot_be_recorded_or_told_nothing_is_changed(refuses: str) -> None:
    context = opened(FakeCloud(refuses=refuses))
    require_way(context, "deploy", "fire")
    with pytest.raises(ServiceResponseError):
        record(context)
    with pytest.raises(RuntimeError, match="before it is recorded"):
        _ = context.deployment


def test_without_a_broken_glass_nothing_is_recorded() -> None:
    cloud = FakeCloud()
    record(opened(cloud, hand=True))
    assert cloud.calls == []


def test_a_caller_without_the_reader_hears_what_the_account_lacks() -> None:
    with pytest.raises(FoundationError, match="no reader role"):
        _ = opened(FakeCloud(trusts=set())).reader
    with pytest.raises(FoundationError, match="earlier version"):
        _ = opened(FakeCloud(trusts={"deployment"})).reader


def test_a_caller_who_may_only_read_hears_which_role_and_for_whom() -> None:
    with pytest.raises(AccessDeniedError, match=f"{ADA} may not assume the promoter role"):
        _ = opened(FakeCloud(trusts={"reader"}), hand=True).promoter


def test_the_last_uses_are_told_newest_first_and_one_that_is_broken_in_its_place() -> None:
    uses = [Use(f"2030-01-0{day}T00:00:00+00:00", ADA, "fire", "run", "prod", "churn", "run") for day in (1, 2, 3)]
    content = {each.key("x"): each.written() for each in uses} | {"break-glass/2030-01-04.json": b"{"}
    context = opened(FakeCloud())

    class Objects:
        def keys(self, bucket: str, prefix: str) -> list[tuple[str, int]]:
            return [(key, 1) for key in content if key.startswith(prefix)]

        def read(self, bucket: str, key: str) -> bytes:
            return content[key]

    context.__dict__["objects"] = Objects()
    told = last_uses(context, 3)
    assert "is not what this project wrote" in told[0]
    assert told[1:] == [uses[2].sentence, uses[1].sentence]
