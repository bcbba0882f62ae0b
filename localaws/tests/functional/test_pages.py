"""List operations: a token that was not given by the service is refused by the error that AWS's page names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[..., Any]


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        ("cloudformation", "list_stacks", {"NextToken": "x"}, "ValidationError"),
        ("codebuild", "list_builds", {"nextToken": "x"}, "InvalidInputException"),
        ("codecommit", "list_repositories", {"nextToken": "x"}, "InvalidContinuationTokenException"),
        ("codeconnections", "list_connections", {"NextToken": "x"}, "ValidationException"),
        ("codepipeline", "list_pipelines", {"nextToken": "x"}, "InvalidNextTokenException"),
        ("codestar-notifications", "list_notification_rules", {"NextToken": "x"}, "InvalidNextTokenException"),
        ("events", "list_rules", {"NextToken": "x"}, "ValidationException"),
        ("sagemaker", "list_pipelines", {"NextToken": "x"}, "ValidationException"),
        ("scheduler", "list_schedules", {"NextToken": "x"}, "ValidationException"),
        ("sns", "list_subscriptions", {"NextToken": "x"}, "InvalidParameter"),
    ],
)
def test_a_token_of_somebody_elses_is_refused(
    client: Client, service: str, operation: str, request_: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(service), operation)(**request_)
    assert caught.value.response["Error"]["Code"] == code


def test_botocores_paginators_find_every_item(client: Client, unique: str) -> None:
    events = client("events")
    names = [f"{unique}-{number}" for number in range(7)]
    for name in names:
        events.put_rule(Name=name, ScheduleExpression="rate(1 day)", State="DISABLED")
    pages = events.get_paginator("list_rules").paginate(NamePrefix=unique, PaginationConfig={"PageSize": 3})
    assert [[rule["Name"] for rule in page["Rules"]] for page in pages] == [names[:3], names[3:6], names[6:]]
    for name in names:
        events.delete_rule(Name=name)
