"""What AWS answers becomes an error that says who wanted what, by code."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from scripts.errors import AccessDeniedError, CredentialsError, DeploymentError, ServiceResponseError
from scripts.gateways.aws_errors import Actor, told_as_deployment_errors

ACTOR = Actor("550011223344", "arn:aws:iam::550011223344:role/deployment")


def told(error: Exception) -> DeploymentError:
    with pytest.raises(DeploymentError) as raised, told_as_deployment_errors(ACTOR):
        raise error
    return raised.value


def answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words"}}, "CreateChangeSet")


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"])
def test_a_denied_call_names_account_action_and_role(code: str) -> None:
    error = told(answer(code))
    assert isinstance(error, AccessDeniedError)
    said = "\n".join([error.problem, *error.found])
    assert "550011223344" in said
    assert "CreateChangeSet" in said
    assert "role/deployment" in said


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"]
)
def test_expired_and_unknown_credentials_are_told_as_such(code: str) -> None:
    error = told(answer(code))
    assert isinstance(error, CredentialsError)
    assert "550011223344" in error.problem


def test_missing_credentials_are_told_as_such() -> None:
    assert isinstance(told(NoCredentialsError()), CredentialsError)


def test_whatever_has_no_meaning_of_its_own_keeps_code_and_words() -> None:
    error = told(answer("ThrottlingException"))
    assert isinstance(error, ServiceResponseError)
    assert "CreateChangeSet failed: ThrottlingException: words" in error.problem


def test_an_endpoint_that_does_not_answer_is_told() -> None:
    error = told(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))
    assert isinstance(error, ServiceResponseError)
    assert "AWS_ENDPOINT_URL" in str(error.next_command)


def test_an_answer_that_is_none_of_awss_is_told_as_such() -> None:
    error = told(ResponseParserError("Unable to parse response, invalid XML received:\nb'<!doctype html>'"))
    assert isinstance(error, ServiceResponseError)
    assert "AWS_ENDPOINT_URL" in str(error.next_command)
