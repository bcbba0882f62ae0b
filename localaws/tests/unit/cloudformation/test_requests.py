"""CloudFormation properties become requests by the service model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.requests import to_request


def _request(service: str, operation: str, properties: dict[str, Any], **rename: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    return to_request(model.operation_model(operation).input_shape, properties, rename)


def test_case_types_and_tags_follow_the_model() -> None:
    assert _request("logs", "CreateLogGroup", {"LogGroupName": "g", "Tags": [{"Key": "a", "Value": "1"}]}) == {
        "logGroupName": "g",
        "tags": {"a": "1"},
    }
    assert _request("ssm", "PutParameter", {"Name": "n", "Value": 3, "Tags": {"a": "1"}, "Overwrite": "true"}) == {
        "Name": "n",
        "Value": "3",
        "Tags": [{"Key": "a", "Value": "1"}],
        "Overwrite": True,
    }


def test_a_document_becomes_text_where_the_api_wants_text() -> None:
    assert _request("events", "PutRule", {"Name": "n", "EventPattern": {"source": ["a"]}})["EventPattern"] == (
        '{"source": ["a"]}'
    )


def test_a_property_that_the_api_lacks_is_an_error_and_never_left_out() -> None:
    with pytest.raises(ResourceError, match="does not implement the property /Colour"):
        _request("sns", "CreateTopic", {"TopicName": "n", "Colour": "red"}, TopicName="Name")
