"""What of a user's shell reaches the embedded AWS and its clients."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from scripts.local_cloud.environment import (
    client_environment,
    foreign_variables,
    profiles,
    shell_names,
    shell_variables,
)

FOREIGN = {
    "AWS_PROFILE": "mine",
    "AWS_SESSION_TOKEN": "of another account",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:2",
    "HTTP_PROXY": "http://proxy:1",
    "https_proxy": "http://proxy:2",
    "all_proxy": "http://proxy:3",
}
OVERRIDES = {
    "AWS_REGION": "eu-west-2",
    "AWS_DEV_ACCOUNT_NUMBER": "444444444444",
    "AWS_PREPROD_ACCOUNT_NUMBER": "555555555555",
    "SAGEMAKER_PROJECT_NAME": "other",
}


def test_nothing_that_leads_calls_elsewhere_reaches_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    environment = client_environment("http://127.0.0.1:4566", "012345670123", "s1")
    assert not FOREIGN.keys() & environment.keys()
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) == ("012345670123", "s1")


def test_what_overrides_a_stage_file_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OVERRIDES.items():
        monkeypatch.setenv(name, value)
    environment = client_environment("http://127.0.0.1:4566", "012345670123", "s1")
    assert OVERRIDES.items() <= environment.items()


def test_a_shell_is_told_to_forget_what_would_lead_calls_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**FOREIGN, **OVERRIDES}.items():
        monkeypatch.setenv(name, value)
    told = foreign_variables()
    assert told >= {name for name in FOREIGN if name.startswith("AWS_")}
    assert not told & OVERRIDES.keys()
    assert not any("proxy" in name.lower() for name in told)


def test_a_shell_gets_the_region_that_the_stage_file_names() -> None:
    variables = shell_variables("http://127.0.0.1:4566", "550011223344", "s2", "eu-west-2")
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-2"
    assert variables["AWS_ACCESS_KEY_ID"] == "550011223344"


def test_a_shell_that_forgets_forgets_all_that_it_was_given() -> None:
    assert set(shell_names()) == shell_variables("http://127.0.0.1:4566", "550011223344", "s2", "eu-west-2").keys()


def test_each_stages_account_is_entered_by_a_profile_of_its_own() -> None:
    accounts = {"preprod": "550011223344", "prod": "660011223344"}
    configuration = configparser.ConfigParser()
    configuration.read_string(profiles(accounts, {account: f"secret of {account}" for account in accounts.values()}))
    environment = client_environment("http://127.0.0.1:4566", "012345670123", "s1", accounts, Path("/c"))
    assert environment["AWS_CONFIG_FILE"] == "/c"
    named = dict(each.split("=") for each in environment["BOOTSTRAP_PROFILES"].split())
    keys = {stage: configuration[f"profile {name}"]["aws_access_key_id"] for stage, name in named.items()}
    assert keys == accounts
    secrets = {configuration[f"profile {name}"]["aws_secret_access_key"] for name in named.values()}
    assert secrets == {f"secret of {account}" for account in accounts.values()}


def test_a_users_own_way_into_accounts_of_aws_is_none_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_PROFILES", "prod=mine")
    monkeypatch.setenv("CLOUD", "aws")
    environment = client_environment("http://127.0.0.1:4566", "012345670123", "s1")
    assert (environment["BOOTSTRAP_PROFILES"], environment["CLOUD"]) == ("", "local")
