"""What functional tests need beside the shared server (``tests/conftest.py``): environments of child processes, and a
place for jobs."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localaws.server import Server
from tests.functional.job_site import JobSite, trust
from tests.shared_server import DEV, PREPROD, PROD, REGION, secret_of

__all__ = ["DEV", "PREPROD", "PROD", "REGION", "secret_of"]

# A shell ignores Ctrl-C in what it runs in the background, and every child would inherit that from the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def aws_environment(server: Server) -> dict[str, str]:
    """What ``make local-env`` exports, for a child process such as the AWS CLI. Nothing of the shell leaks in."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": DEV,
        "AWS_SECRET_ACCESS_KEY": secret_of(server, DEV),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "HOME": "/nonexistent",
    }


@pytest.fixture(scope="session")
def kept_client(client: Callable[..., Any]) -> Callable[..., Any]:
    """``client``, but each is made once: making one costs tens of milliseconds."""
    return functools.cache(client)


@pytest.fixture
def site(kept_client: Callable[..., Any], unique: str) -> JobSite:
    kept_client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    role = kept_client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
    return JobSite(kept_client, unique, role["Role"]["Arn"])
