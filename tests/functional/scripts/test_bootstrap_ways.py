"""``bootstrap`` where dev is an ordinary member of its organization: a refusal leads out, and each way it names works.

IAM is enforced; the stages' accounts trust nobody but whoever a test lets in.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.scripts.site import PROJECT, EmbeddedAws, Site

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A repository and three member accounts in which nothing was deployed."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("site"), aws.address, aws.client)
        del site.environment["BOOTSTRAP_PROFILES"]
        yield site
    finally:
        aws.stop()


@pytest.mark.aws_rule(
    "A member account may not assume OrganizationAccountAccessRole in another member account",
    page="https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html",
)
def test_a_member_account_is_refused_and_the_refusal_names_every_way(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--no-toolchain")
    assert done.returncode == 5, done.stderr
    assert "OrganizationAccountAccessRole trusts the organization's management account alone" in done.stderr
    for way in ("--profile preprod=PROFILE", "--stage preprod", "--no-foundation", "BOOTSTRAP_ROLE_NAME=ROLE"):
        assert way in done.stderr
    assert "--hand-over FOLDER" in done.stderr
    assert not stack_exists(team, "preprod", PREPROD)


def test_with_that_accounts_credentials_alone(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--stage", "preprod", **team.address.keys(PREPROD))
    assert done.returncode == 0, done.stderr
    assert stack_exists(team, "preprod", PREPROD)


def test_through_a_role_that_the_account_names(team: Site) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    iam = team.client("iam", account=PREPROD)
    iam.create_role(
        RoleName="platform-administrator",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    iam.attach_role_policy(RoleName="platform-administrator", PolicyArn=ADMINISTRATOR)
    done = team.run("bootstrap", "--yes", "--stage", "preprod", BOOTSTRAP_ROLE_NAME="platform-administrator")
    assert done.returncode == 0, done.stderr
    assert "through platform-administrator" in done.stderr
    assert f"{PROJECT}-foundation-preprod: unchanged" in done.stdout


def test_handed_over_to_another_team_without_any_credentials(team: Site, tmp_path: Path) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    done = team.run("bootstrap", "--stage", "prod", "--hand-over", str(tmp_path / "for platform"), **nobody)
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if line.startswith("  aws ")]
    assert len(commands) == 2  # the foundation, and the roles over it
    theirs = {**team.environment, **team.address.keys(PROD), "AWS_DEFAULT_REGION": REGION}
    for command in commands:
        deployed = subprocess.run(
            [sys.executable, "-m", "awscli", *command[1:]], env=theirs, capture_output=True, text=True, check=False
        )
        assert deployed.returncode == 0, deployed.stderr
    assert stack_exists(team, "prod", PROD)


def test_by_a_profile_of_that_account_which_finds_what_was_handed_over_up_to_date(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--stage", "prod", "--profile", "prod=prod-admin")
    assert done.returncode == 0, done.stderr
    assert "by profile prod-admin" in done.stderr
    assert f"{PROJECT}-foundation-prod: unchanged" in done.stdout


def test_a_profile_of_another_account_is_refused(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--stage", "prod", "--profile", "prod=preprod-admin")
    assert done.returncode == 4, done.stderr
    assert f"profile preprod-admin does not belong to account {PROD}" in done.stderr


def test_a_profile_for_a_stage_that_is_not_there_is_refused(team: Site) -> None:
    done = team.run("bootstrap", "--yes", "--profile", "production=prod-admin")
    assert done.returncode == 2, done.stderr
    assert 'there is no stage "production"' in done.stderr


def stack_exists(site: Site, stage: str, account: str) -> bool:
    stacks = site.client("cloudformation", account=account).describe_stacks()["Stacks"]
    return any(each["StackName"] == f"{PROJECT}-foundation-{stage}" for each in stacks)
