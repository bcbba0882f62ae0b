"""``bootstrap``: run again, after somebody changed a stack by hand, and after a person said no."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.scripts.site import BUCKETS, DEADLINE, PROJECT, Site

FOUNDATION = f"{PROJECT}-foundation-preprod"
ROLE = f"{PROJECT}-preprod-cloudformation"


def test_bootstrapping_again_changes_nothing(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")  # with this site's model package group
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert [each["changed"] for each in answer["stacks"]] == [False, False]


def test_bootstrapping_writes_parameters_that_somebody_deleted(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    ssm = site.client("ssm", account=PREPROD)
    before = ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"]
    ssm.delete_parameter(Name="/preprod/kms_key_arn")
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"] == before
    assert [each["changed"] for each in answer["stacks"]] == [True, False]


def test_another_projects_place_is_refused_before_anything_is_deployed(site: Site) -> None:
    before = stack_names(site)
    done = site.run("bootstrap", "--yes", "--no-toolchain", SAGEMAKER_PROJECT_NAME="onco-batch")
    assert done.returncode == 6, done.stderr
    assert "belongs to another project" in done.stderr
    assert BUCKETS["preprod"] in done.stderr
    assert stack_names(site) == before


def test_a_project_in_a_folder_of_a_bigger_repository_gets_no_toolchain(site: Site) -> None:
    outer = site.folder.parent / f"{site.pipeline}-outer"
    subprocess.run(["git", "init", "-q", str(outer)], check=True)
    site.folder = site.folder.rename(outer / "batch")
    before = stack_names(site)
    done = site.run("bootstrap", "--yes")
    assert done.returncode == 2, done.stderr
    assert "the folder batch of a bigger repository" in done.stderr
    assert "--no-toolchain" in done.stderr
    assert stack_names(site) == before
    assert site.run("bootstrap", "--yes", "--no-toolchain").returncode == 0


def test_a_tree_that_cannot_be_pushed_is_refused_before_anything_is_deployed(site: Site) -> None:
    """Each next command is run as it stands, up to the bootstrap that it ends with."""
    git = {"GIT_AUTHOR_NAME": "Ann", "GIT_COMMITTER_NAME": "Ann", "GIT_CONFIG_GLOBAL": os.devnull}
    git |= {"GIT_AUTHOR_EMAIL": "ann@example.com", "GIT_COMMITTER_EMAIL": "ann@example.com"}
    before = stack_names(site)
    for why, first in (
        ("it is no git repository", "git init"),
        ("no commit yet", "git add --all"),
        ("shallow", "git fetch"),
    ):
        if first == "git add --all":
            shutil.rmtree(site.folder / ".git")
            subprocess.run(["git", "init", "-q"], cwd=site.folder, check=True)
        if first == "git fetch":
            (site.folder / ".git/shallow").write_text(head(site))
        done = site.run("bootstrap", "--yes", **git)
        assert done.returncode == 2, done.stderr
        assert why in done.stderr
        command = done.stderr.partition("next:")[2].partition(" && make bootstrap")[0].strip()
        assert command.startswith(first)
        if first != "git fetch":
            subprocess.run(command, shell=True, cwd=site.folder, env={**site.environment, **git}, check=True)
            assert head(site)
    assert stack_names(site) == before


def head(site: Site) -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=site.folder, capture_output=True, text=True, check=True).stdout


def test_what_somebody_set_by_hand_in_a_foundation_is_kept(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    by_hand = {
        "PermissionsBoundaryArn": boundary(site),
        "LogRetentionInDays": "30",
        "NoncurrentVersionDays": "31",
        "NotificationEmail": "night@example.com",
    }
    set_by_hand(site, by_hand)
    first = site.json("bootstrap", "--yes", "--no-toolchain")
    # the stage's roles are bounded as its foundation is, and nothing else is changed
    assert [each["changed"] for each in first["stacks"]] == [True, False]
    again = site.json("bootstrap", "--yes", "--no-toolchain")
    assert [each["changed"] for each in again["stacks"]] == [False, False]
    assert parameters(site).items() >= by_hand.items()
    assert boundary_of_role(site) == by_hand["PermissionsBoundaryArn"]


def test_a_stage_file_gives_a_foundations_parameters_and_each_change_is_shown_before_it_is_made(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    set_by_hand(site, {"PermissionsBoundaryArn": boundary(site), "NoncurrentVersionDays": "32"})
    give(site, 'PermissionsBoundaryArn: ""', "NoncurrentVersionDays: 45")
    before = parameters(site)
    unasked = site.run("bootstrap", "--no-toolchain")
    assert unasked.returncode == 2, unasked.stderr
    assert "--yes" in unasked.stderr
    assert parameters(site) == before
    done = site.run("bootstrap", "--yes", "--no-toolchain")
    assert done.returncode == 0, done.stderr
    shown = done.stderr[: done.stderr.index("Foundation of preprod")]
    assert "parameter NoncurrentVersionDays: " in shown
    assert f"parameter PermissionsBoundaryArn: {boundary(site)} -> " in shown
    assert "/Properties/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays" in shown
    assert f"!! REMOVES the permissions boundary {boundary(site)}" in shown
    assert "of these changes REMOVE a permissions boundary" in shown
    assert parameters(site)["NoncurrentVersionDays"] == "45"
    assert boundary_of_role(site) is None


def test_a_no_leaves_the_stack_and_no_change_set_behind(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    before = parameters(site)
    give(site, f"NoncurrentVersionDays: {int(before['NoncurrentVersionDays']) + 1}")
    code, told = answered(site, "no", "bootstrap", "--no-toolchain")
    assert code == 2
    assert "parameter NoncurrentVersionDays" in told
    assert "not confirmed; nothing was done" in told
    assert parameters(site) == before
    cloudformation = site.client("cloudformation", account=PREPROD)
    assert cloudformation.list_change_sets(StackName=FOUNDATION)["Summaries"] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("LogRetentionInDays: 8", '"8" is none of 7'),
        ("Boundary: x", "the template has no parameter Boundary"),
        ("DevAccountId: '1'", "bootstrap takes it from the other settings"),
    ],
)
def test_a_foundations_parameter_that_is_wrong_is_refused_before_anything_is_sent(
    site: Site, line: str, told: str
) -> None:
    give(site, line)
    done = site.run("bootstrap", "--yes", "--no-toolchain", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 3, done.stderr
    assert told in done.stderr
    assert "stages/preprod.yml" in done.stderr


def give(site: Site, *lines: str) -> None:
    path = site.folder / "stages/preprod.yml"
    path.write_text(path.read_text() + "foundation:\n" + "".join(f"  {line}\n" for line in lines))


def boundary(site: Site) -> str:
    """The ARN of a managed policy that bounds nothing, made where it is missing."""
    iam = site.client("iam", account=PREPROD)
    arn = f"arn:aws:iam::{PREPROD}:policy/corporate-boundary"
    if arn not in [each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]]:
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.create_policy(PolicyName="corporate-boundary", PolicyDocument=json.dumps(everything))
    return arn


def set_by_hand(site: Site, values: dict[str, str]) -> None:
    """Update the foundation as a person would in the console: these parameters, all others as they are."""
    cloudformation = site.client("cloudformation", account=PREPROD)
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters(site) if name not in values]
    given: list[dict[str, Any]] = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    cloudformation.update_stack(
        StackName=FOUNDATION,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[*given, *kept],
    )
    cloudformation.get_waiter("stack_update_complete").wait(
        StackName=FOUNDATION, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def parameters(site: Site) -> dict[str, str]:
    stack = site.client("cloudformation", account=PREPROD).describe_stacks(StackName=FOUNDATION)["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def boundary_of_role(site: Site) -> str | None:
    role = site.client("iam", account=PREPROD).get_role(RoleName=ROLE)["Role"]
    arn: str | None = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return arn


def answered(site: Site, answer: str, verb: str, *arguments: str) -> tuple[int, str]:
    """The exit code and progress of a verb that a person at a terminal answers."""
    here, there = pty.openpty()
    os.write(here, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.verbs.{verb}", *arguments],
        cwd=site.folder,
        env=site.environment,
        stdin=there,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    os.close(here)
    os.close(there)
    return done.returncode, done.stderr


def stack_names(site: Site) -> list[str]:
    accounts = (DEV, PREPROD, PROD)
    found = (site.client("cloudformation", account=each).describe_stacks()["Stacks"] for each in accounts)
    return [stack["StackName"] for stacks in found for stack in stacks]
