"""CodeCommit: the ordinary git client pushes and clones, the API reads and writes, events tell what moved."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.git_client import GIT_ENVIRONMENT, git

Client = Callable[..., Any]


@pytest.fixture
def repository(client: Client, unique: str) -> dict[str, Any]:
    return dict(client("codecommit").create_repository(repositoryName=unique)["repositoryMetadata"])


@pytest.fixture
def clone(tmp_path: Path, repository: dict[str, Any]) -> Path:
    """A work tree with one commit on main, pushed."""
    git(tmp_path, "init", "-q", "-b", "main", ".")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("one\n")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "remote", "add", "origin", repository["cloneUrlHttp"])
    git(tmp_path, "push", "-q", "origin", "main")
    return tmp_path


@pytest.fixture
def events(server: Server) -> list[Event]:
    heard: list[Event] = []
    server.cloud.on_event(lambda event: heard.append(event) if event.source == "aws.codecommit" else None)
    return heard


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_what_git_pushed_the_api_reads(client: Client, repository: dict[str, Any], clone: Path) -> None:
    codecommit, name = client("codecommit"), repository["repositoryName"]
    head = git(clone, "rev-parse", "HEAD")
    assert codecommit.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"] == head
    assert codecommit.get_repository(repositoryName=name)["repositoryMetadata"]["defaultBranch"] == "main"
    file = codecommit.get_file(repositoryName=name, filePath="docs/a.txt")
    assert (file["fileContent"], file["commitId"], file["fileMode"]) == (b"one\n", head, "NORMAL")
    root = codecommit.get_folder(repositoryName=name, folderPath="/")
    assert [folder["relativePath"] for folder in root["subFolders"]] == ["docs"]
    assert [(f["absolutePath"], f["fileMode"]) for f in root["files"]] == [("run.sh", "EXECUTABLE")]
    commit = codecommit.get_commit(repositoryName=name, commitId=head)["commit"]
    assert (commit["message"].strip(), commit["author"]["name"]) == ("first", "A Tester")


def test_a_clone_has_what_was_pushed(client: Client, repository: dict[str, Any], clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", repository["cloneUrlHttp"], "second")
    assert (tmp_path / "second" / "docs" / "a.txt").read_text() == "one\n"


def test_a_push_larger_than_gits_buffer_streams_through(repository: dict[str, Any], clone: Path) -> None:
    (clone / "large.bin").write_bytes(os.urandom(5 * 1024 * 1024))
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "large")
    git(clone, "push", "-q", "origin", "main")
    assert git(clone, "ls-remote", "origin", "main").split()[0] == git(clone, "rev-parse", "HEAD")


@pytest.mark.aws_rule(
    "A push is announced as a CodeCommit Repository State Change for each reference",
    page="https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html",
)
def test_a_push_is_announced_in_the_documented_shape(
    repository: dict[str, Any], clone: Path, events: list[Event]
) -> None:
    old = git(clone, "rev-parse", "HEAD")
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    new = git(clone, "rev-parse", "HEAD")
    git(clone, "push", "-q", "origin", "main", "main:feature/x")
    mine = [event for event in events if event.resources == [repository["Arn"]]]
    assert [(event.detail["event"], event.detail["referenceFullName"]) for event in mine] == [
        ("referenceCreated", "refs/heads/feature/x"),
        ("referenceUpdated", "refs/heads/main"),
    ]
    updated = mine[1]
    assert updated.detail_type == "CodeCommit Repository State Change"
    assert updated.detail == {
        "callerUserArn": f"arn:aws:iam::{DEV}:root",
        "commitId": new,
        "event": "referenceUpdated",
        "oldCommitId": old,
        "referenceFullName": "refs/heads/main",
        "referenceName": "main",
        "referenceType": "branch",
        "repositoryId": repository["repositoryId"],
        "repositoryName": repository["repositoryName"],
    }
    assert (updated.account, updated.region) == (DEV, REGION)


def test_a_refused_push_announces_nothing(repository: dict[str, Any], clone: Path, events: list[Event]) -> None:
    git(clone, "commit", "-q", "--amend", "-m", "rewritten")
    done = subprocess.run(
        ["git", "push", "origin", "main"], cwd=clone, env=GIT_ENVIRONMENT, check=False, capture_output=True
    )
    assert done.returncode != 0
    assert not [event for event in events if event.resources == [repository["Arn"]]]


def test_commits_by_the_api_are_there_for_git(
    client: Client, repository: dict[str, Any], tmp_path: Path, events: list[Event]
) -> None:
    codecommit, name = client("codecommit"), repository["repositoryName"]
    first = codecommit.create_commit(
        repositoryName=name, branchName="main", putFiles=[{"filePath": "a/b.txt", "fileContent": b"1"}]
    )
    assert [file["absolutePath"] for file in first["filesAdded"]] == ["a/b.txt"]
    second = codecommit.put_file(
        repositoryName=name, branchName="main", filePath="c.txt", fileContent=b"2", parentCommitId=first["commitId"]
    )
    differences = codecommit.get_differences(
        repositoryName=name, beforeCommitSpecifier=first["commitId"], afterCommitSpecifier="main"
    )["differences"]
    assert [(d["changeType"], d["afterBlob"]["path"]) for d in differences] == [("A", "c.txt")]
    codecommit.delete_file(
        repositoryName=name, branchName="main", filePath="a/b.txt", parentCommitId=second["commitId"]
    )
    git(tmp_path, "clone", "-q", repository["cloneUrlHttp"], "clone")
    assert sorted(path.name for path in (tmp_path / "clone").iterdir() if path.name != ".git") == ["c.txt"]
    assert [event.detail["event"] for event in events if event.resources == [repository["Arn"]]] == [
        "referenceCreated",
        "referenceUpdated",
        "referenceUpdated",
    ]


@pytest.mark.aws_rule(
    "A commit by the API names the tip of its branch as its parent",
    page="https://docs.aws.amazon.com/codecommit/latest/userguide/commits.html",
)
def test_a_commit_on_an_outdated_parent_is_refused(client: Client, repository: dict[str, Any], clone: Path) -> None:
    codecommit, name = client("codecommit"), repository["repositoryName"]
    old = git(clone, "rev-parse", "HEAD")
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    git(clone, "push", "-q", "origin", "main")
    put = {"repositoryName": name, "branchName": "main", "filePath": "x", "fileContent": b"x"}
    with pytest.raises(ClientError) as refused:
        codecommit.put_file(**put, parentCommitId=old)
    assert _code(refused) == "ParentCommitIdOutdatedException"
    with pytest.raises(ClientError) as refused:
        codecommit.put_file(**put)
    assert _code(refused) == "ParentCommitIdRequiredException"


def test_branches_are_made_listed_and_deleted(client: Client, repository: dict[str, Any], clone: Path) -> None:
    codecommit, name = client("codecommit"), repository["repositoryName"]
    codecommit.create_branch(repositoryName=name, branchName="next", commitId=git(clone, "rev-parse", "HEAD"))
    assert codecommit.list_branches(repositoryName=name)["branches"] == ["main", "next"]
    with pytest.raises(ClientError) as refused:
        codecommit.delete_branch(repositoryName=name, branchName="main")
    assert _code(refused) == "DefaultBranchCannotBeDeletedException"
    codecommit.update_default_branch(repositoryName=name, defaultBranchName="next")
    codecommit.delete_branch(repositoryName=name, branchName="main")
    assert codecommit.list_branches(repositoryName=name)["branches"] == ["next"]
    with pytest.raises(ClientError) as refused:
        codecommit.get_branch(repositoryName=name, branchName="main")
    assert _code(refused) == "BranchDoesNotExistException"


def test_a_repository_is_renamed_tagged_listed_and_deleted(client: Client, unique: str) -> None:
    codecommit = client("codecommit")
    arn = codecommit.create_repository(repositoryName=unique, tags={"a": "1"})["repositoryMetadata"]["Arn"]
    codecommit.tag_resource(resourceArn=arn, tags={"b": "2"})
    codecommit.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    codecommit.update_repository_name(oldName=unique, newName=f"{unique}-2")
    pages = codecommit.get_paginator("list_repositories").paginate()
    assert f"{unique}-2" in [r["repositoryName"] for page in pages for r in page["repositories"]]
    with pytest.raises(ClientError) as refused:
        codecommit.create_repository(repositoryName=f"{unique}-2")
    assert _code(refused) == "RepositoryNameExistsException"
    assert codecommit.delete_repository(repositoryName=f"{unique}-2")["repositoryId"]
    assert "repositoryId" not in codecommit.delete_repository(repositoryName=f"{unique}-2")
    with pytest.raises(ClientError) as refused:
        codecommit.get_repository(repositoryName=unique)
    assert _code(refused) == "RepositoryDoesNotExistException"


def test_a_repository_of_another_account_is_not_there(client: Client, repository: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        client("codecommit", account=PREPROD).get_repository(repositoryName=repository["repositoryName"])
    assert _code(refused) == "RepositoryDoesNotExistException"


def test_the_aws_cli_creates_and_shows_a_repository(aws_environment: dict[str, str], unique: str) -> None:
    for command in ("create-repository", "get-repository"):
        done = subprocess.run(
            ["aws", "codecommit", command, "--repository-name", unique, "--query", "repositoryMetadata.cloneUrlHttp"],
            env=aws_environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.strip().strip('"').endswith(f"/_localaws/git/{DEV}/{REGION}/{unique}")
