"""CodeCommit's files, read: a file, a folder, a blob, and what differs between two commits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages
from localaws.core.service import Request, Response, Service
from localaws.services.codecommit import repositories, trees
from localaws.services.codecommit.branch_operations import open_repository, required
from localaws.services.codecommit.git import GitError, commit_of

_LARGEST = 6 * 1024 * 1024
_PAGES = Pages(repositories.INVALID_CONTINUATION)


class Files(Service):
    """https://docs.aws.amazon.com/codecommit/latest/userguide/files.html"""

    service = "codecommit"

    def get_file(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        commit = existing_commit(directory, request.get("commitSpecifier") or "HEAD")
        path = required(request, "filePath", "PathRequiredException").strip("/")
        entry = trees.entry_at(directory, commit, path)
        content = trees.blob(directory, entry.object_id) if entry is not None and entry.kind == "blob" else None
        if entry is None or content is None:
            raise ServiceError("FileDoesNotExistException", f"{path} does not exist in {commit}")
        if len(content) > _LARGEST:
            raise ServiceError("FileTooLargeException", f"{path} is larger than {_LARGEST} bytes; clone the repository")
        return {
            "commitId": commit,
            "blobId": entry.object_id,
            "filePath": path,
            "fileMode": trees.MODES.get(entry.mode, "NORMAL"),
            "fileSize": len(content),
            "fileContent": content,
        }

    def get_blob(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        content = trees.blob(directory, required(request, "blobId", "BlobIdRequiredException"))
        if content is None:
            raise ServiceError("BlobIdDoesNotExistException", f"Blob {request['blobId']} does not exist")
        return {"content": content}

    def get_folder(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        commit = existing_commit(directory, request.get("commitSpecifier") or "HEAD")
        path = str(request.get("folderPath", "")).strip("/")
        try:
            tree, entries = trees.tree_of(directory, commit, path), trees.folder(directory, commit, path)
        except GitError as error:
            raise ServiceError("FolderDoesNotExistException", f"{path} is not a folder in {commit}") from error
        answer: Response = {"commitId": commit, "folderPath": path, "treeId": tree}
        for member in ("subFolders", "files", "symbolicLinks", "subModules"):
            answer[member] = []
        for entry in entries:
            member, shown = _in_folder(entry)
            answer[member].append(shown)
        return answer

    def get_differences(self, caller: Caller, request: Request) -> Response:
        _, directory = open_repository(self._cloud, caller, request)
        after_commit = existing_commit(directory, required(request, "afterCommitSpecifier", "CommitRequiredException"))
        before_name = request.get("beforeCommitSpecifier")
        before_commit = existing_commit(directory, before_name) if before_name else None
        before = _below(trees.files(directory, before_commit), request.get("beforePath"))
        after = _below(trees.files(directory, after_commit), request.get("afterPath"))
        changed = [path for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
        shown, more = _PAGES.of(changed, request, str)
        return {"differences": [_difference(before.get(path), after.get(path)) for path in shown], **more}


def existing_commit(directory: Path, specifier: str) -> str:
    commit = commit_of(directory, specifier)
    if commit is None:
        raise ServiceError(
            "CommitDoesNotExistException", f"{specifier} is not a commit, branch or tag of this repository"
        )
    return commit


def _in_folder(entry: trees.Entry) -> tuple[str, dict[str, Any]]:
    names = {"absolutePath": entry.path, "relativePath": entry.path.rsplit("/", 1)[-1]}
    if entry.kind == "tree":
        return "subFolders", {"treeId": entry.object_id, **names}
    if entry.kind == "commit":
        return "subModules", {"commitId": entry.object_id, **names}
    member = "symbolicLinks" if entry.mode == "120000" else "files"
    return member, {"blobId": entry.object_id, "fileMode": trees.MODES.get(entry.mode, "NORMAL"), **names}


def _below(files: dict[str, trees.Entry], path: str | None) -> dict[str, trees.Entry]:
    if not path:
        return files
    inside = path.strip("/")
    return {name: entry for name, entry in files.items() if name == inside or name.startswith(f"{inside}/")}


def _difference(before: trees.Entry | None, after: trees.Entry | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"changeType": "M" if before and after else "A" if after else "D"}
    for member, entry in (("beforeBlob", before), ("afterBlob", after)):
        if entry is not None:
            shown[member] = {"blobId": entry.object_id, "path": entry.path, "mode": entry.mode}
    return shown
