"""Stage accounts as the seeding finds them: a bucket, the foundation's SSM parameters, a role that dev may assume."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.workspace.stage_files import load_stage
from tests.functional.conftest import unique
from tests.functional.server_process import ServerProcess

ROOT = Path(__file__).parents[2]
Seed = Callable[..., subprocess.CompletedProcess[str]]

# The sample's own, as stages/ name them.
DEV, PREPROD, PROD = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"

# A fixture of the functional tests, for the tests of this folder too.
__all__ = ["unique"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV, PREPROD, PROD], REGION)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server: ServerProcess) -> Callable[..., Any]:
    """``client("s3")``, ``client("s3", PREPROD)``: boto3 over HTTP, as a user has it."""

    def make(service: str, account: str = DEV) -> Any:
        return server.client(service, account)

    return make


@pytest.fixture(scope="session")
def stage_buckets(client: Callable[..., Any]) -> dict[str, str]:
    """Bucket by stage."""
    return {stage: _make_foundation(client, stage, account) for stage, account in _STAGES.items()}


@pytest.fixture(scope="session")
def seed(server: ServerProcess, stage_buckets: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """Run ``python -m examples.seed`` as a user does; further environment variables by keyword."""
    config = tmp_path_factory.mktemp("config") / "config"
    config.write_text(
        "".join(
            f"[profile {stage}-admin]\naws_access_key_id = {account}\n"
            f"aws_secret_access_key = {server.secret(account)}\n"
            for stage, account in _STAGES.items()
        )
    )
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("home")),
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": DEV,
        "AWS_SECRET_ACCESS_KEY": server.secret(DEV),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(config),
        "BOOTSTRAP_PROFILES": " ".join(f"{stage}={stage}-admin" for stage in _STAGES),
    }

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "examples.seed"]
        return subprocess.run(
            command, cwd=ROOT, env={**own, **environment}, capture_output=True, text=True, timeout=120, check=False
        )

    return run


@pytest.fixture(scope="session")
def seeded(seed: Seed) -> str:
    """What the first seeding printed."""
    result = seed()
    assert result.returncode == 0, result.stderr
    return result.stderr


_STAGES = {"preprod": PREPROD, "prod": PROD}


def _make_foundation(client: Callable[..., Any], stage: str, account: str) -> str:
    project = load_stage(stage, ROOT / "stages", {}).project.name
    bucket = f"{project}-{stage}-{account}-{REGION}"
    client("s3", account).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    iam = client("iam", account)
    iam.create_role(RoleName=f"{project}-{stage}-reader", AssumeRolePolicyDocument=json.dumps(_trust(DEV)))
    role = f"arn:aws:iam::{account}:role/{project}-{stage}"
    for name, value in {
        "sagemaker_ml_artifacts_s3_bucket": bucket,
        "sagemaker_role_arn": f"{role}-pipeline",
        "sagemaker_job_role_arn": f"{role}-job",
        "kms_key_arn": f"arn:aws:kms:{REGION}:{account}:key/11111111-2222-3333-4444-555555555555",
        "cloudformation_role_arn": f"{role}-cloudformation",
        "events_role_arn": f"{role}-events",
        "announcement_topic_arn": f"arn:aws:sns:{REGION}:{account}:announcements",
    }.items():
        # another module's site on this server has them too
        client("ssm", account).put_parameter(Name=f"/{stage}/{name}", Value=value, Type="String", Overwrite=True)
    return bucket


def _trust(account: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
    return {"Version": "2012-10-17", "Statement": [statement]}
