"""The sample comes only where everything is its own, and never again once it was there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from examples.candidates import CANDIDATES
from examples.ownership import (
    GROUP_DESCRIPTION,
    SAMPLE,
    foreign_columns,
    foreign_input,
    foreign_settings,
    foreign_versions,
)
from examples.records import schema_columns
from examples.registration import package_description
from examples.tests.conftest import DEV, REGION
from scripts.workspace.stage_files import load_stage
from tests.functional.clones import Clone
from tests.functional.server_process import Address

GROUP = SAMPLE["model_package_group"]
OWN = [package_description(each) for each in CANDIDATES]


def test_the_stage_files_as_they_are_shipped_are_the_samples() -> None:
    stages = {stage: load_stage(stage, environment={}) for stage in ("preprod", "prod")}
    assert foreign_settings(stages) == []
    other = stages["prod"].model_copy(update={"model_package_group": "tumor-clasifier"})
    assert foreign_settings({**stages, "prod": other}) == [
        "stage prod: model_package_group is tumor-clasifier, the sample's is tumor-classifier"
    ]


def test_a_group_is_the_samples_by_its_description_and_all_its_versions() -> None:
    assert foreign_versions(GROUP, GROUP_DESCRIPTION, []) == []
    assert foreign_versions(GROUP, GROUP_DESCRIPTION, OWN) == []
    assert foreign_versions(GROUP, GROUP_DESCRIPTION, [*OWN, "our own"])
    assert foreign_versions(GROUP, GROUP_DESCRIPTION, [""])
    assert foreign_versions(GROUP, "", [])


def test_columns_are_the_samples_while_nobody_has_changed_the_schema() -> None:
    assert foreign_columns(schema_columns()) == []
    assert "patient_age" in foreign_columns([*schema_columns(), "patient_age"])[0]
    assert "another order" in foreign_columns(list(reversed(schema_columns())))[0]


def test_input_is_the_samples_by_its_names() -> None:
    assert foreign_input("s3://b/input/", ["tumours-01.csv"]) == []
    assert foreign_input("s3://b/input/", ["tumours-01.csv", "claims.csv"])


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("sample"))
    yield clone
    clone.local("reset")


def test_a_group_of_another_name_is_neither_made_nor_filled(clone: Clone) -> None:
    edit(clone, f"model_package_group: {GROUP}", "model_package_group: tumor-clasifier")
    done = clone.run("resolve", "--stage", "preprod")
    assert done.returncode == 7, done.stderr
    assert 'no model package group "tumor-clasifier"' in done.stderr
    assert "stays away from what is yours" in done.stderr
    assert groups(clone) == []
    edit(clone, "model_package_group: tumor-clasifier", f"model_package_group: {GROUP}")


def test_the_sample_comes_once_and_a_changed_setting_does_not_bring_it_back(clone: Clone) -> None:
    assert clone.json("resolve", "--stage", "preprod")
    sagemaker = client(clone)("sagemaker")
    found = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    assert len(found) == len(CANDIDATES)
    for each in found:
        sagemaker.delete_model_package(ModelPackageName=each["ModelPackageArn"])
    edit(clone, "tags: {}", "tags: {team: ours}")
    done = clone.run("resolve", "--stage", "preprod")
    assert done.returncode == 7, done.stderr
    assert "is not brought back" in done.stderr
    assert sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"] == []


def test_a_group_that_holds_versions_of_a_team_gets_none_of_the_samples(clone: Clone) -> None:
    sagemaker = client(clone)("sagemaker")
    container = {"Image": "111111111111.dkr.ecr.eu-west-1.amazonaws.com/x:1", "ModelDataUrl": "s3://x/y.tar.gz"}
    request = {
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
    }
    sagemaker.create_model_package(ModelPackageGroupName=GROUP, ModelPackageDescription="our own", **request)
    (clone.folder / ".localaws/sample").unlink(missing_ok=True)  # as where an earlier version prepared it
    (clone.folder / ".localaws/prepared").unlink()
    assert clone.local("up").returncode == 0
    found = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    assert [each["ModelPackageDescription"] for each in found] == ["our own"]
    asked = seed(clone)
    assert asked.returncode == 7, asked.stderr
    assert "our own" in asked.stderr


def seed(clone: Clone) -> subprocess.CompletedProcess[str]:
    own = {"AWS_ENDPOINT_URL": clone.address()["endpoint_url"], "AWS_ACCESS_KEY_ID": "111111111111"}
    before = clone.environment
    own["AWS_SECRET_ACCESS_KEY"] = address_of(clone).secret(DEV)
    clone.environment = {"PATH": before["PATH"], "HOME": before["HOME"], **own}
    try:
        return clone.python("-m", "examples.seed")
    finally:
        clone.environment = before


def test_a_schema_with_another_feature_stops_no_verb(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    path = clone.folder / "pipelines" / SAMPLE["pipeline"] / "schema.yml"
    path.write_text(path.read_text().replace("\npredictions:", "  - { name: patient_age }\n\npredictions:"))
    try:
        for verb in ("status", "doctor"):
            done = clone.run(verb)
            assert "Traceback" not in done.stderr
            assert done.returncode in (0, 20), done.stderr
        assert groups(clone) == []
    finally:
        clone.local("reset")


def groups(clone: Clone) -> list[str]:
    answer = client(clone)("sagemaker").list_model_package_groups()
    return [each["ModelPackageGroupName"] for each in answer["ModelPackageGroupSummaryList"]]


def client(clone: Clone) -> Callable[..., Any]:
    address = address_of(clone)
    session = boto3.session.Session(DEV, address.secret(DEV), region_name=REGION)
    return partial(session.client, endpoint_url=address.endpoint_url)


def address_of(clone: Clone) -> Address:
    return Address(clone.address()["endpoint_url"], clone.folder / ".localaws/state")


def edit(clone: Clone, old: str, new: str) -> None:
    settings = clone.folder / "pipelines" / SAMPLE["pipeline"] / "settings.yml"
    paths = [path for path in (settings, *Path(clone.folder, "stages").glob("*.yml")) if old in path.read_text()]
    assert paths
    for path in paths:
        path.write_text(path.read_text().replace(old, new))
