"""One embedded AWS for all functional tests: a real server on a free loopback port, and clients of its accounts.

Tests share it and run in parallel processes, each with a server of its own; give everything you create a name of your
own (the ``unique`` fixture).
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config

from tests.functional.server_process import ServerProcess, session

# A team's own: nothing may know the sample's. YAML would take the first for an octal number.
DEV, PREPROD, PROD = "012345670123", "550011223344", "660011223344"
REGION = "ap-southeast-2"


# A shell ignores Ctrl-C in what it runs in the background, and every child would inherit that from the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object) -> None:
    """Processes that run tests side by side must collect the same names: no gzip that holds the time of its making."""
    if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") and any(val[4:8]):
        raise pytest.UsageError("a parameter is a gzip file with a time in it, which names its test: pass mtime=0")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path_factory.mktemp("aws"), [DEV, PREPROD, PROD], REGION)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server: ServerProcess) -> Callable[..., Any]:
    """``client("s3")``, ``client("s3", account=PREPROD)``: boto3 over HTTP, as a user has it."""

    def make(service: str, account: str = DEV, region: str = REGION, **options: Any) -> Any:
        keys = options or {"aws_access_key_id": account, "aws_secret_access_key": server.secret(account)}
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
