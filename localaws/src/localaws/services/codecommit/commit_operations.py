"""CodeCommit's commits: read, and made by the API without a clone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codecommit import trees
from localaws.services.codecommit.branch_operations import branch_head, move_branch, open_repository, required
from localaws.services.codecommit.file_operations import existing_commit
from localaws.services.codecommit.git import ZERO_ID, commit_of, git

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B"


class Commits(Service):
    """https://docs.aws.amazon.com/codecommit/latest/userguide/commits.html"""

    service = "codecommit"

    def get_commit(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        commit = required(request, "commitId", "CommitIdRequiredException")
        if commit_of(directory, commit) != commit:
            raise ServiceError("CommitIdDoesNotExistException", f"Commit {commit} does not exist")
        return {"commit": _described(directory, commit)}

    def batch_get_commits(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        found, errors = [], []
        for commit in request["commitIds"]:
            if commit_of(directory, commit) == commit:
                found.append(_described(directory, commit))
            else:
                code = "CommitDoesNotExistException"
                errors.append({"commitId": commit, "errorCode": code, "errorMessage": f"{commit} does not exist"})
        return {"commits": found, "errors": errors}

    def create_commit(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        puts = request.get("putFiles", [])
        modes = {entry["filePath"].strip("/"): entry["fileMode"] for entry in request.get("setFileModes", [])}
        deletes = [entry["filePath"].strip("/") for entry in request.get("deleteFiles", [])]
        parent = _checked_parent(directory, request)
        existing = trees.files(directory, parent)
        changes: dict[str, tuple[str, str]] = {}
        for entry in puts:
            path, mode, blob, moved_from = _put(directory, existing, entry)
            if path in changes:
                raise ServiceError("SamePathRequestException", f"{path} is named more than once")
            changes[path] = (mode, blob)
            deletes += [moved_from] if moved_from else []
        for path, mode in modes.items():
            blob = changes[path][1] if path in changes else _existing_file(existing, path).object_id
            changes[path] = (trees.MODE_NUMBERS[mode], blob)
        for path in deletes:
            _existing_file(existing, path)
        commit, tree = self._write(caller, request, parent, changes, deletes)
        return {"commitId": commit, "treeId": tree, **_summary(existing, changes, deletes)}

    def put_file(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        parent = _checked_parent(directory, request)
        existing = trees.files(directory, parent)
        path = request["filePath"].strip("/")
        mode = trees.MODE_NUMBERS[request.get("fileMode", "NORMAL")]
        blob = trees.store(directory, _bytes(request["fileContent"]))
        former = existing.get(path)
        if former is not None and (former.mode, former.object_id) == (mode, blob):
            raise ServiceError("SameFileContentException", f"{path} has this content already")
        commit, tree = self._write(caller, request, parent, {path: (mode, blob)}, [])
        return {"commitId": commit, "blobId": blob, "treeId": tree}

    def delete_file(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        parent = _checked_parent(directory, request)
        path = request["filePath"].strip("/")
        entry = _existing_file(trees.files(directory, parent), path)
        commit, tree = self._write(caller, request, parent, {}, [path])
        return {"commitId": commit, "blobId": entry.object_id, "treeId": tree, "filePath": path}

    def _write(
        self,
        caller: Caller,
        request: Request,
        parent: str | None,
        changes: dict[str, tuple[str, str]],
        deletes: list[str],
    ) -> tuple[str, str]:
        """Commit the changes on the request's branch: (commit id, tree id)."""
        record, directory = open_repository(self._cloud, caller, request)
        puts = [(path, mode, blob) for path, (mode, blob) in changes.items()]
        tree = trees.write_tree(directory, parent, puts, deletes)
        if parent is not None and tree == trees.tree_of(directory, parent):
            raise ServiceError("NoChangeException", "The commit would change nothing")
        name = request.get("authorName") or request.get("name") or caller.arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        author = trees.Author(name, request.get("email", ""), self._cloud.clock.now())
        message = request.get("commitMessage") or "Changed by the API"
        commit = trees.write_commit(directory, tree, [parent] if parent else [], message, author)
        move_branch(self._cloud, caller, record, directory, request["branchName"], commit, parent or ZERO_ID)
        return commit, tree


def _checked_parent(directory: Path, request: Request) -> str | None:
    """The head of the request's branch, which must be the parent it names; None for a repository's first commit."""
    name, parent = request["branchName"], request.get("parentCommitId")
    head = branch_head(directory, name)
    if head is None:
        if git(directory, "for-each-ref", "refs/heads"):
            raise ServiceError("BranchDoesNotExistException", f"Branch {name} does not exist")
        return None
    if parent is None:
        raise ServiceError("ParentCommitIdRequiredException", f"Branch {name} has commits: name the parent, {head}")
    if parent != head:
        existing_commit(directory, parent)
        raise ServiceError("ParentCommitIdOutdatedException", f"The head of branch {name} is {head}, not {parent}")
    return head


def _put(directory: Path, existing: dict[str, trees.Entry], entry: dict[str, Any]) -> tuple[str, str, str, str | None]:
    """(path, mode, blob id, path it was moved from) of one of putFiles."""
    path, mode = entry["filePath"].strip("/"), trees.MODE_NUMBERS[entry.get("fileMode", "NORMAL")]
    content, source = entry.get("fileContent"), entry.get("sourceFile")
    if content is not None and source is not None:
        raise ServiceError("FileContentAndSourceFileSpecifiedException", f"{path} has content and a source file")
    if source is not None:
        origin = _existing_file(existing, source["filePath"].strip("/"))
        return path, mode, origin.object_id, origin.path if source.get("isMove") else None
    if content is None:
        raise ServiceError("SourceFileOrContentRequiredException", f"{path} has neither content nor a source file")
    return path, mode, trees.store(directory, _bytes(content)), None


def _existing_file(existing: dict[str, trees.Entry], path: str) -> trees.Entry:
    entry = existing.get(path)
    if entry is None:
        raise ServiceError("FileDoesNotExistException", f"{path} does not exist on this branch")
    return entry


def _summary(
    existing: dict[str, trees.Entry], changes: dict[str, tuple[str, str]], deletes: list[str]
) -> dict[str, Any]:
    def shown(path: str, mode: str, blob: str) -> dict[str, str]:
        return {"absolutePath": path, "blobId": blob, "fileMode": trees.MODES.get(mode, "NORMAL")}

    return {
        "filesAdded": [shown(path, *change) for path, change in changes.items() if path not in existing],
        "filesUpdated": [shown(path, *change) for path, change in changes.items() if path in existing],
        "filesDeleted": [shown(path, existing[path].mode, existing[path].object_id) for path in deletes],
    }


def _described(directory: Path, commit: str) -> dict[str, Any]:
    shown = git(directory, "show", "--no-patch", "--date=raw", f"--format={_FORMAT}", commit).decode(errors="replace")
    commit_id, tree, parents, *people, message = shown.split("\0", 9)
    author, committer = people[:3], people[3:]
    return {
        "commitId": commit_id,
        "treeId": tree,
        "parents": parents.split(),
        "message": message.removesuffix("\n"),
        "author": dict(zip(("name", "email", "date"), author, strict=True)),
        "committer": dict(zip(("name", "email", "date"), committer, strict=True)),
        "additionalData": "",
    }


def _bytes(content: Any) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()
