"""What a stack is made of, read for the approver; and whether there is a console to look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.errors import AccessDeniedError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import Actor
from scripts.gateways.pipelines import Pipelines
from scripts.gateways.stacks import Stacks


def account(service: str, client: Any) -> Account:
    made = Account(cast(Any, SimpleNamespace(region_name="ap-southeast-2")), Actor("550011223344"), Counter())
    made._clients[service] = client
    return made


def raising(code: str) -> Any:
    def operation(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetStackPolicy")

    return operation


@pytest.mark.parametrize(("body", "text"), [("A: 1\n", "A: 1\n"), ({"A": 1}, '{\n  "A": 1\n}')])
def test_a_template_is_text_however_it_was_given(body: Any, text: str) -> None:
    client = SimpleNamespace(get_template=lambda **_: {"TemplateBody": body})
    assert Stacks(account("cloudformation", client)).template("s") == text


def test_a_stack_without_a_policy_has_none_and_a_refused_read_is_an_error() -> None:
    none = SimpleNamespace(get_stack_policy=lambda **_: {})
    assert Stacks(account("cloudformation", none)).policy("s") is None
    refused = SimpleNamespace(get_stack_policy=raising("AccessDenied"))
    with pytest.raises(AccessDeniedError):
        Stacks(account("cloudformation", refused)).policy("s")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://cloudformation.ap-southeast-2.amazonaws.com", True),
        ("https://cloudformation.cn-north-1.amazonaws.com.cn", True),
        ("https://vpce-1.cloudformation.ap-southeast-2.vpce.amazonaws.com", True),
        ("http://127.0.0.1:4566", False),
        ("https://amazonaws.com.example.org", False),
    ],
)
def test_only_aws_itself_has_a_console(address: str, expected: bool) -> None:
    client = SimpleNamespace(meta=SimpleNamespace(endpoint_url=address))
    assert account("cloudformation", client).is_on_aws is expected


def test_an_execution_that_was_deleted_with_its_pipeline_has_no_steps() -> None:
    def pages(**_: Any) -> Iterator[dict[str, Any]]:
        yield from raising("ResourceNotFound")() or ()

    client = SimpleNamespace(get_paginator=lambda name: SimpleNamespace(paginate=pages))
    assert Pipelines(account("sagemaker", client)).known_steps("arn") == []
