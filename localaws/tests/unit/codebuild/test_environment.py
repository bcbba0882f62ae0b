"""Variables of a build: precedence, types, references to secrets."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.isolation.registries import settings as network_settings
from localaws.services.codebuild.buildspec import Buildspec
from localaws.services.codebuild.environment import declared_variables, merged_variables, resolve
from localaws.services.codebuild.failures import PhaseError


class Secrets:
    """Secrets Manager with one secret; remembers what it was asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.asked: dict[str, str] = {}

    def get_secret_value(self, **request: str) -> dict[str, str]:
        self.asked = request
        return {"SecretString": self._text}


def secret(reference: str, text: str = '{"key": "value"}') -> tuple[str, dict[str, str]]:
    secrets = Secrets(text)
    return resolve({"S": ("SECRETS_MANAGER", reference)}, None, secrets)["S"], secrets.asked


@pytest.mark.aws_rule(
    "Variables of StartBuild win over the project's, and those over the buildspec's",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html",
)
def test_later_declarations_win() -> None:
    spec = Buildspec(variables={"A": "spec", "B": "spec"}, parameter_store={"C": "/c"})
    project = [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}]
    merged = merged_variables(project, [{"name": "C", "value": "/start", "type": "PARAMETER_STORE"}])
    assert declared_variables(spec, merged) == {
        "A": ("PLAINTEXT", "spec"),
        "B": ("PLAINTEXT", "project"),
        "C": ("PARAMETER_STORE", "/start"),
    }


@pytest.mark.parametrize(
    ("reference", "value", "asked"),
    [
        ("name", '{"key": "value"}', {"SecretId": "name"}),
        ("name:key", "value", {"SecretId": "name"}),
        ("name:key:stage:id", "value", {"SecretId": "name", "VersionStage": "stage", "VersionId": "id"}),
        (
            "arn:aws:secretsmanager:eu-west-1:111111111111:secret:name-abc:key",
            "value",
            {"SecretId": "arn:aws:secretsmanager:eu-west-1:111111111111:secret:name-abc"},
        ),
    ],
)
def test_a_reference_to_a_secret_is_taken_apart(reference: str, value: str, asked: dict[str, str]) -> None:
    assert secret(reference) == (value, asked)


def test_a_missing_key_of_a_secret_fails_the_phase() -> None:
    with pytest.raises(PhaseError, match="has no JSON key other"):
        secret("name:other")


def test_only_network_settings_pass_from_the_server() -> None:
    given: dict[str, Any] = {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "intern", "AWS_PROFILE": "mine", "TOKEN": "x"}
    settings = network_settings({**given, "PIP_CONFIG_FILE": "/etc/pip.conf"})
    assert settings["NO_PROXY"] == "intern,127.0.0.1,localhost"
    assert settings["no_proxy"] == "127.0.0.1,localhost"
    assert "AWS_PROFILE" not in settings
    assert "TOKEN" not in settings
