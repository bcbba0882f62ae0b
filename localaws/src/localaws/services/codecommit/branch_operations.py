"""CodeCommit's branches: made, read, listed and deleted by the API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.services.codecommit import repositories
from localaws.services.codecommit.announcements import announce_references
from localaws.services.codecommit.git import ZERO_ID, GitError, adopt_first_branch, commit_of, git, references

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_PAGES = Pages(repositories.INVALID_CONTINUATION, continuation="nextToken")


class Branches(Service):
    """https://docs.aws.amazon.com/codecommit/latest/userguide/branches.html"""

    service = "codecommit"

    def create_branch(self, caller: Caller, request: Request) -> Response:
        record, directory = open_repository(self._cloud, caller, request)
        name, commit = request["branchName"], request["commitId"]
        if branch_head(directory, name) is not None:
            raise ServiceError("BranchNameExistsException", f"Branch named {name} already exists")
        if commit_of(directory, commit) != commit:
            raise ServiceError("CommitDoesNotExistException", f"Commit {commit} does not exist")
        move_branch(self._cloud, caller, record, directory, name, commit, ZERO_ID)
        return {}

    def get_branch(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        name = required(request, "branchName", "BranchNameRequiredException")
        head = existing_branch(directory, name)
        return {"branch": {"branchName": name, "commitId": head}}

    def list_branches(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        names = [name.removeprefix("refs/heads/") for name in references(directory) if name.startswith("refs/heads/")]
        shown, more = _PAGES.of(sorted(names), request, str)
        return {"branches": shown, **more}

    def delete_branch(self, caller: Caller, request: Request) -> Response:
        record, directory = open_repository(self._cloud, caller, request)
        name = request["branchName"]
        if name == repositories.default_branch(directory):
            raise ServiceError(
                "DefaultBranchCannotBeDeletedException",
                f"Branch {name} is the default branch of the repository and cannot be deleted",
            )
        head = branch_head(directory, name)
        if head is None:
            return {}
        move_branch(self._cloud, caller, record, directory, name, ZERO_ID, head)
        return {"deletedBranch": {"branchName": name, "commitId": head}}

    def update_default_branch(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        name = request["defaultBranchName"]
        existing_branch(directory, name)
        git(directory, "symbolic-ref", "HEAD", f"refs/heads/{name}")
        return {}


def open_repository(cloud: Cloud, caller: Caller, request: Request) -> tuple[dict[str, Any], Path]:
    """The record and the git directory of the repository a request names."""
    name = required(request, "repositoryName", "RepositoryNameRequiredException")
    record = repositories.existing(repositories.table(cloud), caller.account, caller.region, name)
    return record, repositories.directory_of(cloud, record)


def required(request: Request, member: str, code: str) -> str:
    """A member that the service model calls optional and CodeCommit does not."""
    if not request.get(member):
        raise ServiceError(code, f"{member} is required")
    return str(request[member])


def branch_head(directory: Path, name: str) -> str | None:
    return references(directory).get(f"refs/heads/{name}")


def existing_branch(directory: Path, name: str) -> str:
    head = branch_head(directory, name)
    if head is None:
        raise ServiceError("BranchDoesNotExistException", f"Branch {name} does not exist")
    return head


def move_branch(
    cloud: Cloud, caller: Caller, record: dict[str, Any], directory: Path, name: str, commit: str, expected: str
) -> None:
    """Point a branch to ``commit``, only if it still is at ``expected`` (``ZERO_ID``: is absent, or shall be)."""
    before = references(directory)
    try:
        git(directory, "check-ref-format", "--branch", name)
    except GitError as error:
        raise ServiceError("InvalidBranchNameException", f"{name} is not a valid branch name") from error
    reference = f"refs/heads/{name}"
    try:
        if commit == ZERO_ID:
            git(directory, "update-ref", "-d", reference, expected)
        else:
            git(directory, "update-ref", reference, commit, expected)
    except GitError as error:
        raise ServiceError(
            "ConcurrentReferenceUpdateException", f"Branch {name} was updated by another request"
        ) from error
    after = references(directory)
    adopt_first_branch(directory, before, after)
    announce_references(cloud, record, caller.arn, before, after)
