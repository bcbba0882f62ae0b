"""What the proxy answers is what an SDK takes for AWS's own: by its parser, and by whether it would try again."""

from __future__ import annotations

import botocore.loaders
import botocore.model
import botocore.parsers
import pytest
from botocore.retries.standard import RetryContext, ThrottledRetryableChecker, TransientRetryableChecker

from scripts.gateways.aws_errors import _DENIED
from tests.prove.wire import Refusal, Wire, refused

# A service of each wire, and an operation of it.
SERVICES = {
    Wire.JSON: ("sagemaker", "CreateModelPackage"),
    Wire.REST_JSON: ("scheduler", "GetSchedule"),
    Wire.QUERY: ("cloudformation", "CreateChangeSet"),
    Wire.EC2: ("ec2", "DescribeSubnets"),
    Wire.S3: ("s3", "PutObject"),
}


def parsed(refusal: Refusal, wire: Wire, with_body: bool = True) -> tuple[dict[str, object], int]:
    service, operation = SERVICES[wire]
    # By the loader alone: a session would read the AWS configuration of whoever runs this.
    model = botocore.model.ServiceModel(botocore.loaders.create_loader().load_service_model(service, "service-2"))
    parser = botocore.parsers.create_parser(model.resolved_protocol)
    answer = refused(refusal, wire, with_body)
    whole = {"headers": answer.headers, "body": answer.body, "status_code": answer.status}
    return parser.parse(whole, model.operation_model(operation).output_shape), answer.status


def is_tried_again(refusal: Refusal, wire: Wire) -> bool:
    answer, status = parsed(refusal, wire)
    http = type("Answer", (), {"status_code": status})()
    context = RetryContext(1, None, answer, http)
    return any(checker.is_retryable(context) for checker in (ThrottledRetryableChecker(), TransientRetryableChecker()))


@pytest.mark.parametrize("wire", Wire)
def test_throttling_and_failures_are_tried_again_and_denials_are_not(wire: Wire) -> None:
    assert is_tried_again(Refusal.THROTTLING, wire)
    assert is_tried_again(Refusal.FAILURE, wire)
    assert not is_tried_again(Refusal.DENIAL, wire)


@pytest.mark.parametrize("wire", Wire)
def test_a_denial_is_known_by_its_code(wire: Wire) -> None:
    error = parsed(Refusal.DENIAL, wire)[0]["Error"]
    assert isinstance(error, dict)
    assert error["Code"] in _DENIED
    assert "not authorized" in error["Message"]


def test_an_answer_to_head_is_its_status_alone() -> None:
    answer = refused(Refusal.DENIAL, Wire.S3, with_body=False)
    assert (answer.status, answer.body) == (403, b"")
    assert parsed(Refusal.DENIAL, Wire.S3, with_body=False)[0]["Error"]["Code"] == "403"  # type: ignore[index]
