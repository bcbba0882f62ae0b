"""One embedded AWS for all functional and security tests: a real server on a free loopback port, and clients of its
accounts. moto keeps its state in the process, so there is one of them in each process of tests.

Give everything you create a name of your own (the ``unique`` fixture).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config

from localaws.server import Server
from tests.functional.git_client import sign_as
from tests.functional.server_process import session
from tests.shared_server import DEV, PREPROD, PROD, REGION, secret_of


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(0, None, tmp_path_factory.mktemp("work"), [DEV, PREPROD, PROD])
    server.run_in_thread()
    sign_as(DEV, secret_of(server, DEV))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> Callable[..., Any]:
    """``client("s3")``, ``client("s3", account=PREPROD)``: boto3 over HTTP, as a user has it.

    ``config`` adds to the client's configuration; other options are the session's keys, instead of the account's.
    """

    def make(
        service: str, account: str = DEV, region: str = REGION, config: Config | None = None, **options: Any
    ) -> Any:
        keys = options or {"aws_access_key_id": account, "aws_secret_access_key": secret_of(server, account)}
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        chosen = once.merge(config) if config else once
        return session(region, **keys).client(service, endpoint_url=server.endpoint_url, config=chosen)

    return make


@pytest.fixture
def unique() -> str:
    """A name that no other test uses: lower case, digits and hyphens, 14 characters."""
    return f"t-{uuid.uuid4().hex[:12]}"
