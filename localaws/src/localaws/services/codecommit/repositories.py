"""The records of CodeCommit repositories and where their git directories are.

``repository_path`` is what other services use to read a repository; it never writes.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.partitions import partition_at
from localaws.services.codecommit.git import create_bare, git, references

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document, Table

TABLE = "codecommit.repository"
INVALID_CONTINUATION = "InvalidContinuationTokenException"
URL_PREFIX = "/_localaws/git/"


def repository_path(cloud: Cloud, account: str, region: str, name: str) -> Path:
    """The bare git directory of a repository. ServiceError RepositoryDoesNotExistException where there is none."""
    return directory_of(cloud, existing(table(cloud), account, region, name))


def table(cloud: Cloud) -> Table:
    return cloud.store.table(TABLE)


def existing(repositories: Table, account: str, region: str, name: str) -> Document:
    record = repositories.get(f"{account}/{region}/{name}")
    if record is None:
        raise ServiceError("RepositoryDoesNotExistException", f"{name} does not exist")
    return record


def directory_of(cloud: Cloud, record: Document) -> Path:
    # By its id: a repository that is renamed, or deleted and made again, keeps or gets a directory of its own.
    return cloud.kept_directory("codecommit") / f"{record['repositoryId']}.git"


def create(cloud: Cloud, caller: Caller, name: str, description: str | None, kms_key: str | None) -> Document:
    """A new, empty repository: its record (stored by the caller of this function) and its directory."""
    now = cloud.clock.now()
    record: Document = {
        "accountId": caller.account,
        "repositoryId": str(uuid.uuid4()),
        "repositoryName": name,
        "Arn": caller.resource_arn("codecommit", name),
        "creationDate": now,
        "lastModifiedDate": now,
    }
    if description:
        record["repositoryDescription"] = description
    if kms_key:
        record["kmsKeyId"] = kms_key
    create_bare(directory_of(cloud, record))
    return record


def clone_url(cloud: Cloud, record: Document) -> str:
    """Where the git client of this machine clones from and pushes to; the server's port may change between runs."""
    region = Arn.parse(record["Arn"]).region
    return f"{cloud.endpoint_url}{URL_PREFIX}{record['accountId']}/{region}/{record['repositoryName']}"


def aws_address(caller: Caller) -> str:
    """How the addresses of repositories begin on AWS; git in a build reads them as those of this server."""
    return f"https://git-codecommit.{caller.region}.{partition_at(caller.region).suffix}/v1/repos/"


def metadata(cloud: Cloud, record: Document) -> dict[str, Any]:
    """A repository as GetRepository shows it."""
    shown = {name: value for name, value in record.items() if name != "tags"}
    branch = default_branch(directory_of(cloud, record))
    if branch:
        shown["defaultBranch"] = branch
    # There is no SSH here: what AWS answers would lead to AWS itself.
    return {**shown, "cloneUrlHttp": clone_url(cloud, record)}


def default_branch(directory: Path) -> str | None:
    """The branch that HEAD names, or None while the repository is empty."""
    name = git(directory, "symbolic-ref", "HEAD").decode().strip()
    return name.removeprefix("refs/heads/") if name in references(directory) else None
