"""Connections: PENDING until mapped to a local git folder; CodePipeline then finds the folder and hears of pushes."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.errors import ServiceError
from localaws.core.events import Event
from localaws.server import Server
from localaws.services.codeconnections.announcements import PUSH_SOURCE
from localaws.services.codeconnections.sources import local_repository
from tests.functional.conftest import PREPROD
from tests.functional.git_client import git
from tests.functional.server_process import page

Client = Callable[..., Any]


def _map(server: Server, arn: str, repositories: dict[str, str]) -> None:
    body = {"connection_arn": arn, "repositories": repositories}
    page(server.endpoint_url, server.cloud.control_token, "/_localaws/connections", body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main", ".")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    return tmp_path


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_connection_is_pending_until_it_is_mapped(
    client: Client, server: Server, unique: str, folder: Path, service: str
) -> None:
    connections = client(service)
    arn = connections.create_connection(ProviderType="GitHub", ConnectionName=unique)["ConnectionArn"]
    assert arn.split(":")[2] == service
    assert connections.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "PENDING"
    with pytest.raises(ServiceError, match="PENDING"):
        local_repository(server.cloud, arn, "team/code")
    _map(server, arn, {"team/code": str(folder)})
    assert connections.get_connection(ConnectionArn=arn)["Connection"]["ConnectionStatus"] == "AVAILABLE"
    assert local_repository(server.cloud, arn, "team/code") == folder
    with pytest.raises(ServiceError, match="team/code"):
        local_repository(server.cloud, arn, "team/other")


def test_a_push_to_a_mapped_folder_is_noticed(client: Client, server: Server, unique: str, folder: Path) -> None:
    heard: list[Event] = []
    server.cloud.on_event(lambda event: heard.append(event) if event.source == PUSH_SOURCE else None)
    arn = client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName=unique)["ConnectionArn"]
    _map(server, arn, {"team/code": str(folder)})
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "commit", "-q", "--allow-empty", "-m", "second")
    git(folder, "tag", "v1")
    deadline = time.monotonic() + 20
    while len([event for event in heard if event.resources == [arn]]) < 2:
        assert time.monotonic() < deadline, "the push was not noticed"
        time.sleep(0.05)
    common = {"connectionArn": arn, "fullRepositoryId": "team/code", "commitId": git(folder, "rev-parse", "HEAD")}
    assert [event.detail for event in heard if event.resources == [arn]] == [
        {**common, "branchName": "main", "oldCommitId": first},
        {**common, "tagName": "v1"},
    ]


def test_a_folder_without_git_cannot_be_mapped(client: Client, server: Server, unique: str, tmp_path: Path) -> None:
    arn = client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName=unique)["ConnectionArn"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        _map(server, arn, {"team/code": str(tmp_path)})
    assert refused.value.code == 400
    assert "not a git repository" in refused.value.read().decode()


def test_connections_are_tagged_listed_and_deleted_in_their_own_account(client: Client, unique: str) -> None:
    connections = client("codeconnections")
    arn = connections.create_connection(
        ProviderType="GitHub", ConnectionName=unique, Tags=[{"Key": "a", "Value": "1"}]
    )["ConnectionArn"]
    connections.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    connections.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert connections.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert arn in [c["ConnectionArn"] for c in connections.list_connections()["Connections"]]
    with pytest.raises(ClientError) as refused:
        client("codeconnections", account=PREPROD).get_connection(ConnectionArn=arn)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    connections.delete_connection(ConnectionArn=arn)
    assert arn not in [c["ConnectionArn"] for c in connections.list_connections()["Connections"]]
