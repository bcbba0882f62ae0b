"""One embedded AWS for all functional tests: a real server on a free loopback port, and clients of its accounts.

Tests share it and run in parallel processes, each with a server of its own; give everything you create a name of your
own (the ``unique`` fixture).
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from localaws.server import Server
from tests.functional.git_client import sign_as
from tests.functional.job_site import JobSite, trust
from tests.functional.server_process import page, session

DEV, PREPROD, PROD = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"


# A shell ignores Ctrl-C in what it runs in the background, and every child would inherit that from the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(0, None, tmp_path_factory.mktemp("work"), [DEV, PREPROD, PROD])
    server.run_in_thread()
    sign_as(DEV, secret_of(server, DEV))
    yield server
    server.stop()


def secret_of(server: Server, account: str) -> str:
    return str(server.cloud.account_keys.secret(account))


@pytest.fixture(scope="session")
def ask_page(server: Server) -> Callable[..., Any]:
    """``ask_page("/_localaws/clock", {"advance_seconds": 60})``: a control page's JSON."""
    return functools.partial(page, server.endpoint_url, server.cloud.control_token)


@pytest.fixture(scope="session")
def client(server: Server) -> Callable[..., Any]:
    """``client("s3")``, ``client("s3", account=PREPROD)``: boto3 over HTTP, as a user has it."""

    def make(service: str, account: str = DEV, region: str = REGION, **options: Any) -> Any:
        keys = options or {"aws_access_key_id": account, "aws_secret_access_key": secret_of(server, account)}
        return session(region, **keys).client(
            service,
            endpoint_url=server.endpoint_url,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )

    return make


@pytest.fixture
def unique() -> str:
    """A name that no other test uses: lower case, digits and hyphens, 14 characters."""
    return f"t-{uuid.uuid4().hex[:12]}"


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
