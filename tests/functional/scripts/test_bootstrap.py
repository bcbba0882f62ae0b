"""``bootstrap``: run again."""

from __future__ import annotations

import subprocess

from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.scripts.site import BUCKETS, Site


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


def stack_names(site: Site) -> list[str]:
    accounts = (DEV, PREPROD, PROD)
    found = (site.client("cloudformation", account=each).describe_stacks()["Stacks"] for each in accounts)
    return [stack["StackName"] for stacks in found for stack in stacks]
