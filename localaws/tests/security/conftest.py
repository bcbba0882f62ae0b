"""The shared server and clients of the functional tests: attacks are made on what they use."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, PROD, REGION, secret_of
from tests.functional.git_client import sign_as
from tests.functional.server_process import session


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(0, None, tmp_path_factory.mktemp("work"), [DEV, PREPROD, PROD])
    server.run_in_thread()
    sign_as(DEV, secret_of(server, DEV))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> Callable[..., Any]:
    def make(service: str, account: str = DEV, **options: Any) -> Any:
        keys = {"aws_access_key_id": account, "aws_secret_access_key": secret_of(server, account)}
        return session(REGION, **keys).client(service, endpoint_url=server.endpoint_url, **options)

    return make


@pytest.fixture
def unique() -> str:
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def bucket(client: Callable[..., Any], unique: str) -> str:
    """A bucket with the object ``a.txt``, whose content is ``content``."""
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="a.txt", Body=b"content")
    return unique
