"""A template that is too large to be sent reaches CloudFormation through a bucket that exists."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.errors import StackError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.stacks import LARGEST_TEMPLATE_BODY, LARGEST_TEMPLATE_OBJECT, StackRequest, Stacks


class CloudFormation:
    """Takes a change set, and tells it as made; ``request`` is what it was asked."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}

    def create_change_set(self, **request: Any) -> None:
        self.request = request

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        if not self.request:
            raise ClientError({"Error": {"Code": "ChangeSetNotFound"}}, "DescribeChangeSet")
        return {"ChangeSetId": "arn", "Status": "CREATE_COMPLETE", "Changes": []}


class Storage:
    """Buckets by name, each with its objects."""

    def __init__(self, *buckets: str) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {name: {} for name in buckets}

    def head_bucket(self, Bucket: str) -> None:  # noqa: N803 (AWS's own name)
        if Bucket not in self.buckets:
            raise ClientError({"Error": {"Code": "404"}}, "HeadBucket")

    def put_object(self, Bucket: str, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.buckets[Bucket][Key] = Body


def made(template: str, storage: Storage, region: str = "ap-southeast-2") -> dict[str, Any]:
    """What CloudFormation is asked for."""
    account = Account(SimpleNamespace(region_name=region), Actor("550011223344"), Counter())
    cloudformation = CloudFormation()
    account._clients |= {"cloudformation": cloudformation, "s3": storage}
    request = StackRequest("s", "c", "UPDATE", template, {}, None, None, "d")
    Stacks(account, lambda _: None, ["first", "second"]).make_change_set(request)
    return cloudformation.request


@pytest.mark.aws_rule(
    "A template in a request may have 51,200 bytes, one in S3 1 MB",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
)
def test_a_template_at_the_limit_is_sent_and_one_above_goes_by_the_first_bucket_that_exists() -> None:
    storage = Storage("second")
    assert made("x" * LARGEST_TEMPLATE_BODY, storage)["TemplateBody"]
    assert storage.buckets == {"second": {}}
    # the limit is in bytes, not in characters
    text = "ü" * (LARGEST_TEMPLATE_BODY // 2 + 1)
    request = made(text, storage)
    assert "TemplateBody" not in request
    [(key, content)] = storage.buckets["second"].items()
    assert content == text.encode()
    assert request["TemplateURL"] == f"https://second.s3.ap-southeast-2.amazonaws.com/{key}"
    made(text, storage)
    assert list(storage.buckets["second"]) == [key]


def test_another_partition_has_addresses_of_its_own() -> None:
    url = made("x" * (LARGEST_TEMPLATE_BODY + 1), Storage("first"), "cn-north-1")["TemplateURL"]
    assert url.startswith("https://first.s3.cn-north-1.amazonaws.com.cn/")


def test_without_a_bucket_the_error_says_which_to_make() -> None:
    with pytest.raises(StackError) as refused:
        made("x" * (LARGEST_TEMPLATE_BODY + 1), Storage())
    assert refused.value.found[1] == "looked for: first, second"
    assert refused.value.next_command == "aws s3 mb s3://second --region ap-southeast-2"


def test_what_is_too_large_for_s3_too_is_refused() -> None:
    with pytest.raises(StackError, match="larger than CloudFormation takes"):
        made("x" * (LARGEST_TEMPLATE_OBJECT + 1), Storage("first"))
