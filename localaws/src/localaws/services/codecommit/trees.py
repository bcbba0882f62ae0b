"""Reads and writes the trees of a bare repository by git's plumbing: entries of a folder, a new commit of changes.

It knows neither requests nor errors of AWS.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localaws.services.codecommit.git import GitError, git

MODES = {"100755": "EXECUTABLE", "100644": "NORMAL", "120000": "SYMLINK"}
MODE_NUMBERS = {name: number for number, name in MODES.items()}


@dataclass(frozen=True)
class Entry:
    """One line of a tree. ``path`` is from the root of the repository; ``mode`` is git's number."""

    path: str
    mode: str
    kind: str
    object_id: str


@dataclass(frozen=True)
class Author:
    name: str
    email: str
    time: datetime


def entry_at(directory: Path, commit: str, path: str) -> Entry | None:
    """The file or folder at ``path`` in a commit, or None."""
    found = _listed(git(directory, "ls-tree", "-z", "--full-tree", commit, "--", path.strip("/")))
    return found[0] if found else None


def folder(directory: Path, commit: str, path: str) -> list[Entry]:
    """The entries directly in a folder (``""`` is the root)."""
    inside = f":{path.strip('/')}" if path.strip("/") else "^{tree}"
    return [
        Entry(f"{path.strip('/')}/{entry.path}".lstrip("/"), entry.mode, entry.kind, entry.object_id)
        for entry in _listed(git(directory, "ls-tree", "-z", f"{commit}{inside}"))
    ]


def files(directory: Path, commit: str | None) -> dict[str, Entry]:
    """Every file of a commit by path; empty for None."""
    if commit is None:
        return {}
    return {entry.path: entry for entry in _listed(git(directory, "ls-tree", "-r", "-z", "--full-tree", commit))}


def tree_of(directory: Path, commit: str, path: str = "") -> str:
    inside = f":{path.strip('/')}" if path.strip("/") else "^{tree}"
    return git(directory, "rev-parse", "--verify", "--end-of-options", f"{commit}{inside}").decode().strip()


def store(directory: Path, content: bytes) -> str:
    """Keep ``content`` as a blob and return its id."""
    return git(directory, "hash-object", "-w", "--stdin", content=content).decode().strip()


def write_tree(
    directory: Path, parent: str | None, puts: Iterable[tuple[str, str, str]], deletes: Iterable[str]
) -> str:
    """The id of ``parent``'s tree with files put (path, mode number, blob id) and paths deleted."""
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        if parent is not None:
            git(directory, "read-tree", parent, environment=index)
        lines = [f"0 {'0' * 40}\t{path}\0" for path in deletes]
        lines += [f"{mode} {blob}\t{path}\0" for path, mode, blob in puts]
        git(directory, "update-index", "-z", "--index-info", content="".join(lines).encode(), environment=index)
        return git(directory, "write-tree", environment=index).decode().strip()


def write_commit(directory: Path, tree: str, parents: list[str], message: str, author: Author) -> str:
    """A commit object that no reference points to yet; returns its id."""
    when = f"{int(author.time.timestamp())} +0000"
    who = {"NAME": author.name, "EMAIL": author.email, "DATE": when}
    environment = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in who.items()}
    given = [argument for parent in parents for argument in ("-p", parent)]
    return (
        git(directory, "commit-tree", tree, *given, content=message.encode(), environment=environment).decode().strip()
    )


def _listed(output: bytes) -> list[Entry]:
    entries = []
    for line in output.decode(errors="surrogateescape").split("\0"):
        if not line:
            continue
        head, _, path = line.partition("\t")
        mode, kind, object_id = head.split()
        entries.append(Entry(path, mode, kind, object_id))
    return entries


def blob(directory: Path, object_id: str) -> bytes | None:
    """The content of a blob, or None where there is no such object or it is no blob."""
    try:
        return git(directory, "cat-file", "blob", object_id)
    except GitError:  # git's words are about object ids; the caller knows what was asked for
        return None
