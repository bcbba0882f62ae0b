"""What a connection gives to CodePipeline and CodeBuild: the git folder that plays a repository of the provider.

On AWS a provider tells the connection of each push. A folder tells nobody, so a worker looks at the branches and
tags of every mapped folder each second and announces what is new.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from localaws.core.errors import ServiceError
from localaws.services.codecommit.git import GitError, git, references
from localaws.services.codeconnections.announcements import announce_push

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

TABLE = "codeconnections.connection"
SEEN_TABLE = "codeconnections.head"
_EVERY = 1.0
_HEADS, _TAGS = "refs/heads/", "refs/tags/"


def local_repository(cloud: Cloud, connection_arn: str, full_repository_id: str) -> Path:
    """The git folder (bare or with a work tree) mapped to ``owner/name`` of a connection.

    ServiceError ResourceNotFoundException for an unknown connection, ResourceUnavailableException for one that is
    still PENDING or has no such repository; the message says how to map it.
    """
    connection = cloud.store.table(TABLE).get(connection_id(connection_arn))
    if connection is None or connection["ConnectionArn"] != connection_arn:
        raise ServiceError("ResourceNotFoundException", f"Connection {connection_arn} not found")
    if connection["ConnectionStatus"] != "AVAILABLE":
        raise ServiceError(
            "ResourceUnavailableException",
            f"Connection {connection_arn} is PENDING. Map it to local git folders: {_hint(connection_arn)}",
        )
    folder = connection["Repositories"].get(full_repository_id)
    if folder is None:
        known = ", ".join(sorted(connection["Repositories"])) or "none"
        raise ServiceError(
            "ResourceUnavailableException",
            f"Connection {connection_arn} has no repository {full_repository_id} (it has: {known}). "
            f"Map it: {_hint(connection_arn, full_repository_id)}",
        )
    if not is_repository(Path(folder)):
        raise ServiceError(
            "ResourceUnavailableException", f"{full_repository_id} is mapped to {folder}, which is not a git repository"
        )
    return Path(folder)


def is_repository(folder: Path) -> bool:
    try:
        return folder.is_dir() and bool(git(folder, "rev-parse", "--git-dir"))
    except GitError:  # git says that it is none
        return False


def connection_id(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _hint(arn: str, repository: str = "owner/name") -> str:
    return (
        'POST /_localaws/connections {"connection_arn": "' + arn + '", '
        '"repositories": {"' + repository + '": "/path/to/a/git/folder"}}'
    )


def watch(cloud: Cloud) -> None:
    """Look for pushes until the server stops; what happened while it was down is noticed once."""
    while not cloud.workers.stopping.wait(_EVERY):
        for connection in cloud.store.table(TABLE).values():
            if connection["ConnectionStatus"] == "AVAILABLE":
                for repository, folder in connection["Repositories"].items():
                    _look(cloud, connection, repository, Path(folder))


def remember_heads(cloud: Cloud, arn: str, repository: str, folder: Path) -> None:
    """Take the branches as they are now for known: only what is pushed later is announced."""
    cloud.store.table(SEEN_TABLE).put(f"{arn}|{repository}", _named(folder, _HEADS))
    cloud.store.table(SEEN_TABLE).put(f"{arn}|{repository}|tags", _named(folder, _TAGS))


def _look(cloud: Cloud, connection: Document, repository: str, folder: Path) -> None:
    if not is_repository(folder):
        return
    arn, seen = connection["ConnectionArn"], cloud.store.table(SEEN_TABLE)
    before, now = seen.get(f"{arn}|{repository}") or {}, _named(folder, _HEADS)
    if now != before:
        seen.put(f"{arn}|{repository}", now)
        for branch, commit in now.items():
            if before.get(branch) != commit:
                old = {"oldCommitId": before[branch]} if branch in before else {}
                announce_push(cloud, arn, repository, {"branchName": branch, "commitId": commit, **old})
    known, tags = seen.get(f"{arn}|{repository}|tags"), _named(folder, _TAGS)
    if tags != known:
        seen.put(f"{arn}|{repository}|tags", tags)
        # A repository that was mapped before localaws looked at tags has them all for the first time.
        for tag, commit in tags.items():
            if known is not None and known.get(tag) != commit:
                announce_push(cloud, arn, repository, {"tagName": tag, "commitId": commit})


def _named(folder: Path, prefix: str) -> dict[str, str]:
    """Short name -> commit (of an annotated tag, the tag's own id) of every reference below ``prefix``."""
    found = references(folder).items()
    return {name.removeprefix(prefix): commit for name, commit in found if name.startswith(prefix)}
