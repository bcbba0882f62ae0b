"""The environment of a process that is a client of the embedded AWS, and of the embedded AWS itself.

Of a user's own AWS configuration nothing reaches either but what overrides a stage file. It starts and asks nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

# Of a user's own AWS configuration only what overrides a stage file may reach the embedded AWS and its clients: a
# profile, an endpoint, a certificate bundle or a proxy would lead their calls elsewhere.
_OVERRIDES = re.compile(r"AWS_(REGION|[A-Z0-9]+_ACCOUNT_NUMBER)")
# Where the verbs are told of git's credential helper; on AWS nobody sets it.
GIT_HELPER = "CODECOMMIT_CREDENTIAL_HELPER"
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def client_environment(
    endpoint_url: str,
    account: str,
    secret: str,
    stages: Collection[str] = (),
    configuration: Path | None = None,
    git_helper: str = "",
) -> dict[str, str]:
    """The process environment of an AWS client of this embedded AWS, as ``account``'s own principal.

    ``git_helper`` is the credential helper by which git shows its repositories who is calling.
    ``configuration`` holds ``profiles`` of these stages' accounts: no account is entered here without its own
    credentials, or a role in it that trusts the caller, either; as on AWS.
    """
    return {
        **unconfigured(),
        "CLOUD": "local",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_CONFIG_FILE": str(configuration or os.devnull),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        GIT_HELPER: git_helper,
        "BOOTSTRAP_PROFILES": " ".join(f"{stage}={_profile(stage)}" for stage in stages),
    }


def profiles(accounts: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """An AWS configuration file with a profile for each stage: its account's own principal, with its secret key."""
    return "\n".join(
        f"[profile {_profile(stage)}]\naws_access_key_id = {account}\naws_secret_access_key = {secrets[account]}\n"
        for stage, account in accounts.items()
    )


def _profile(stage: str) -> str:
    return f"localaws-{stage}"


def shell_variables(endpoint_url: str, account: str, secret: str, region: str) -> dict[str, str]:
    """What a person's shell exports, so that any AWS client in it reaches the embedded AWS as ``account``."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def shell_names() -> list[str]:
    """The variables that ``shell_variables`` sets, for a shell that shall forget the embedded AWS again."""
    return sorted(shell_variables("", "", "", ""))


def foreign_variables() -> set[str]:
    """The variables of this environment that would lead an AWS client elsewhere; its proxies are the user's matter."""
    return {name for name in os.environ if name.startswith("AWS_") and _is_foreign(name)}


def unconfigured() -> dict[str, str]:
    """The user's environment without the AWS configuration and the proxies in it."""
    return {name: value for name, value in os.environ.items() if not _is_foreign(name)}


def _is_foreign(name: str) -> bool:
    return name.upper() in _PROXIES or (name.startswith("AWS_") and not _OVERRIDES.fullmatch(name))
