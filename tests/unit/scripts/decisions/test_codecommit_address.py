"""The address that git-remote-codecommit takes: region, profile, repository."""

from __future__ import annotations

import pytest

from scripts.decisions.codecommit_address import push_lines


@pytest.mark.aws_rule(
    "AWS credentials push to CodeCommit through an address of git-remote-codecommit, not through https alone",
    page="https://docs.aws.amazon.com/codecommit/latest/userguide/setting-up-git-remote-codecommit.html",
)
@pytest.mark.parametrize(
    ("profile", "address"),
    [(None, "codecommit::ap-southeast-2://harbour"), ("dev", "codecommit::ap-southeast-2://dev@harbour")],
)
def test_the_push_command_works_with_aws_credentials_and_says_what_to_install(
    profile: str | None, address: str
) -> None:
    command, needs = push_lines("harbour", "ap-southeast-2", "main", profile)
    assert command.endswith(f"git push {address} HEAD:main")
    assert "pip install --user git-remote-codecommit" in needs
