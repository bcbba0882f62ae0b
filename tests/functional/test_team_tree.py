"""A team's own tree: the sample is deleted, and the embedded AWS is an installed package instead of a folder."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config

from tests.functional.clones import ROOT, Clone
from tests.functional.conftest import DEV, REGION
from tests.functional.scripts.site import DEV_BUCKET, PIPELINE, Site, write_stages
from tests.functional.server_process import Address


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("team"), without=("examples", "pipelines/batch_inference"))
    clone.add_pipeline("berths", PIPELINE, "berths")
    yield clone
    clone.local("reset")


def test_every_test_of_a_release_passes_whatever_a_team_has_written(tmp_path: Path) -> None:
    clone = Clone(tmp_path, without=("examples", "pipelines/batch_inference"))
    for path in (clone.folder / "stages").glob("pr*.yml"):
        settings = yaml.safe_load(path.read_text())
        settings |= {
            "account": str(random.randrange(10**11, 10**12)),
            "dev_account": "098765432109",
            "region": "ap-northeast-1",
            "project": {"name": "houses", "id": "p-houses"},
            "model_package_group": "house-prices",
            "pipeline": "prices",
            "schedule": "cron(0 6 ? * MON-FRI *)",
            "processing": {"instance_type": "ml.c5.4xlarge", "instance_count": 3},
            "inference": {"instance_type": "ml.c5.4xlarge"},
            "network": {"subnet_ids": ["subnet-0abc1234def567890"], "security_group_ids": ["sg-0abc1234def567890"]},
            "tags": {"team": "estate"},
        }
        path.write_text(yaml.safe_dump(settings))
    (clone.folder / "pipelines/prices").mkdir()
    (clone.folder / "pipelines/prices/__init__.py").touch()
    (clone.folder / "pipelines/prices/pipeline.py").write_text(PIPELINE)
    done = clone.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit")
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_functional_test_can_be_collected(clone: Clone) -> None:
    done = clone.python("-m", "pytest", "-q", "--collect-only", "tests/functional", "tests/templates")
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_deployment_says_what_is_missing_and_how_to_bring_it(clone: Clone) -> None:
    done = clone.run("deploy", "--stage", "preprod", "--pipeline", "berths")
    assert done.returncode == 7, done.stderr
    assert "There is no examples/ in this clone" in done.stderr
    assert "has no model package group" in done.stderr
    assert "docs/going-to-aws.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_teams_own_model_and_pipeline_are_deployed_and_verified(clone: Clone) -> None:
    write_stages(clone.folder, "berths", "ours")
    assert clone.local("up").returncode == 0
    address = Address(clone.address()["endpoint_url"], clone.folder / ".localaws/state")
    client = clients(address)
    client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    site = Site(clone.folder, address, client)
    site.register()
    site.put_input()
    deployed = clone.json("deploy", "--stage", "preprod")
    assert deployed["changed"]
    assert all(check["passed"] for check in deployed["checks"])


def test_without_folder_and_wheel_the_installer_says_what_to_name_where(tmp_path: Path) -> None:
    requirements, source = tmp_path / "local.txt", tmp_path / "localaws.txt"
    requirements.write_text("")
    source.write_text("# where it comes from\n./localaws\n")
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    command = [sys.executable, "-m", "scripts.verbs.install", "--environment", ".venv"]
    command += ["--requirements", "local.txt", "--embedded-aws", "localaws.txt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 21, done.stderr
    assert "localaws.txt names localaws, which is not in this clone" in done.stderr
    assert "name a wheel of localaws in localaws.txt" in done.stderr
    assert "CLOUD=aws" in done.stderr


def clients(address: Address) -> Callable[..., Any]:
    def make(service: str, account: str = DEV) -> Any:
        session = boto3.session.Session(account, address.secret(account), region_name=REGION)
        return session.client(service, endpoint_url=address.endpoint_url, config=Config(retries={"mode": "standard"}))

    return make
