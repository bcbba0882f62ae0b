"""Quotas are read page by page until those wanted are there; a refusal is never an empty answer."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.job_quotas import Quota
from scripts.errors import AccessDeniedError
from scripts.gateways.aws_errors import Actor
from scripts.gateways.instance_storage import local_storage_told
from scripts.gateways.quotas import job_quotas


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}}, "Operation")


class Service:
    """Pages of one quota each, or a refusal."""

    def __init__(self, *names: str, code: str | None = None) -> None:
        self.names, self.code, self.pages = names, code, 0

    def get_paginator(self, _: str) -> Service:
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        for name in self.names:
            self.pages += 1
            yield {"Quotas": [{"QuotaName": name, "Value": 4.0, "QuotaCode": f"L-{name}"}]}
        if self.code:
            raise refusal(self.code)

    def describe_instance_types(self, InstanceTypes: list[str]) -> dict[str, Any]:  # noqa: N803 (AWS's own name)
        if InstanceTypes[0] not in self.names:
            raise refusal(self.code or "InvalidInstanceType")
        return {"InstanceTypes": [{"InstanceType": InstanceTypes[0], "InstanceStorageSupported": True}]}


def account(service: Service) -> Any:
    return SimpleNamespace(client=lambda _: service, actor=Actor("550011223344"))


def test_no_page_is_read_after_the_last_quota_that_is_wanted() -> None:
    service = Service("a", "b", "c", "d")
    assert job_quotas(account(service), ["b", "a"]) == {"a": Quota(4.0, "L-a"), "b": Quota(4.0, "L-b")}
    assert service.pages == 2
    assert job_quotas(account(service), ["a", "x"]) == {"a": Quota(4.0, "L-a")}


def test_a_missing_service_is_none_and_a_missing_right_an_error() -> None:
    assert job_quotas(account(Service(code="NoSuchResourceException")), ["a"]) is None
    with pytest.raises(AccessDeniedError):
        job_quotas(account(Service(code="AccessDeniedException")), ["a"])


def test_of_a_type_that_ec2_does_not_know_nothing_is_said() -> None:
    assert local_storage_told(account(Service("g9.xlarge")), ["ml.g9.xlarge", "ml.x.large"]) == {"ml.g9.xlarge": True}
    with pytest.raises(AccessDeniedError):
        local_storage_told(account(Service(code="UnauthorizedOperation")), ["ml.g9.xlarge"])
