"""A client's mistake is answered as the client's: by no operation is it taken for a failure of the server."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import OperationModel
from moto.core.utils import get_service_model

from localaws.assembly import EmbeddedAws, assemble
from localaws.moto.implemented import implements
from tests.unit.front_door.model_requests import CALLER, answer_of, environ_of, least

SERVICES = (
    *("cloudformation", "cloudwatch", "codebuild", "codecommit", "codepipeline", "events", "iam", "logs", "s3"),
    *("sagemaker", "scheduler", "sns", "sqs", "ssm", "sts"),
)
# Of these mistakes none is one: the least of the request is valid, and asks for what is refused by name.
_REFUSED = ("localaws does not", "localaws needs", "localaws keeps")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    logging.disable(logging.CRITICAL)  # each mistake that moto raises for is logged with its traceback
    found = assemble(None, tmp_path_factory.mktemp("work"), [CALLER.account])
    yield found
    logging.disable(logging.NOTSET)
    found.cloud.stop()


def requests_of(operation: OperationModel) -> Iterator[dict[str, Any]]:
    """Nothing, names of things that are not there, and (in JSON) each member as something else than it is."""
    shape = operation.input_shape
    members = shape.members if shape is not None else {}
    in_path = {name: "none" for name, each in members.items() if each.serialization.get("location") == "uri"}
    yield environ_of(operation, dict(in_path))
    yield environ_of(operation, {**least(shape), **in_path})
    if operation.service_model.resolved_protocol == "json":
        for name, member in members.items():
            wrong: Any = "x" if member.type_name in ("structure", "list", "map") else {"a": ["b"]}
            request = environ_of(operation, {})
            content = _json({**least(shape), name: wrong})
            yield {**request, **_body(content)}


@pytest.mark.parametrize("service", SERVICES)
def test_no_mistake_is_answered_as_a_failure_of_the_server(aws: EmbeddedAws, service: str) -> None:
    model = get_service_model(service)
    wrong = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not implements(service, operation) and aws.cloud.operations.operation(service, xform_name(name)) is None:
            continue
        for request in requests_of(operation):
            status, body = answer_of(aws.front_door, request)
            if status >= 500 and not any(words in body for words in _REFUSED):
                wrong.append(f"{service}:{name} {status} {body[:300]}")
    assert not wrong, "\n".join(wrong)


def _json(parameters: dict[str, Any]) -> bytes:
    return json.dumps(parameters, default=str).encode()


def _body(content: bytes) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
