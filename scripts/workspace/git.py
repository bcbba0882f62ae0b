"""What git says of this clone: its commit, whether it has changes, and where it is pushed to.

A clone without git is no error where only the commit is asked for; whoever must have git gets its own words.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.decisions.release import (
    Source,
)
from scripts.errors import ExecutionError

PARTS_OF_A_RELEASE = ("pipelines", "stages", "cloudformation", "buildspecs", "requirements", "scripts", "Makefile")

# What a build may be told of its commit, where there is no repository to ask: CodePipeline's source variables.
TOLD_BESIDE_A_TREE = {"author": "COMMIT_AUTHOR", "date": "COMMIT_DATE", "message": "COMMIT_MESSAGE"}
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Commit:
    """A commit as git tells it; ``date`` is ISO 8601, ``message`` its first line."""

    id: str | None
    author: str | None = None
    date: str | None = None
    message: str | None = None


def source_of(root: Path) -> Source:
    """From which commit a release is made, and when: now."""
    # A CodePipeline hands the tree over without its repository, and tells the commit beside it.
    built = os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION")
    if built and not (root / ".git").exists():
        told = {name: os.environ.get(variable) or None for name, variable in TOLD_BESIDE_A_TREE.items()}
        return _source(Commit(built, **told), is_dirty=False)
    commit = git_answer(root, "rev-parse", "HEAD")
    changed = git_answer(root, "status", "--porcelain", "--untracked-files=no")
    # A new file counts where the release is made from it: notes beside it do not. .gitignore says what is no part.
    new = git_answer(root, "ls-files", "--others", "--exclude-standard", "--", *PARTS_OF_A_RELEASE)
    is_dirty = None if commit is None else bool(changed or new)
    return _source(commit_of(root, commit) or Commit(commit), is_dirty=is_dirty)


def _source(commit: Commit, *, is_dirty: bool | None) -> Source:
    return Source(
        created_at=datetime.now(UTC).replace(microsecond=0),
        git_commit=commit.id,
        git_dirty=is_dirty,
        git_author=commit.author,
        git_committed_at=moment_of(commit.date),
        git_message=commit.message,
    )


def commit_of(root: Path, commit: str | None) -> Commit | None:
    """Author, date and the message's first line of a commit; None where this clone does not have it."""
    if commit is None or not _COMMIT.fullmatch(commit):
        return None
    answer = git_answer(root, "show", "--no-patch", "--no-show-signature", "--format=%an%x00%cI%x00%s", commit)
    parts = (answer or "").split("\0")
    return Commit(commit, *parts) if len(parts) == len(("author", "date", "message")) else None


def commits_between(root: Path, live: str | None, new: str | None) -> int | None:
    """How many commits ``new`` has that ``live`` has not; None where this clone does not have both."""
    if not (live and new and _COMMIT.fullmatch(live) and _COMMIT.fullmatch(new)):
        return None
    answer = git_answer(root, "rev-list", "--count", f"{live}..{new}", "--")
    return int(answer) if answer else None


def moment_of(text: str | None) -> datetime | None:
    """A date as git or CodePipeline tells it; None for any other text, which is no reason to make no release."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def git_answer(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or no repository."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def why_no_commit() -> str:
    """The reason where ``source_of`` knows no commit."""
    return "unknown: not in a git repository with a commit" if shutil.which("git") else "unknown: git is not installed"


def run_git(root: Path, *arguments: str) -> str:
    """What git answers. Raises ExecutionError with its own words where it refuses."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ExecutionError(
            "git cannot be run", found=[str(error)], next_command="install git, then: make bootstrap"
        ) from error
    if answer.returncode:
        raise ExecutionError(
            f"git {' '.join(arguments)} failed",
            found=answer.stderr.strip().splitlines()[-5:],
            next_command="make bootstrap   # once what git says is mended; a clone without a commit needs one",
        )
    return answer.stdout.strip()


def run_git_words(root: Path, *arguments: str) -> str | None:
    """Why git refuses, its first line; None where it does not."""
    answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return (answer.stderr.strip().splitlines() or ["git says nothing"])[0] if answer.returncode else None


def remote_url(root: Path, name: str) -> str | None:
    """Where this working tree pushes to by ``name``; None where it has no such remote of its own."""
    scope = _scope(root)
    return git_answer(root, "config", scope, "--get", f"remote.{name}.url") if scope else None


def set_remote_url(root: Path, name: str, url: str) -> None:
    """Make ``name`` lead to ``url`` from this working tree alone; all else worktrees of one clone share."""
    if _has_several_worktrees(root) and _scope(root) != "--worktree":
        shared = git_answer(root, "config", "--local", "--get", f"remote.{name}.url")
        run_git(root, "config", "extensions.worktreeConfig", "true")
        if shared:  # the main working tree's, which alone has written there
            main = Path(run_git(root, "worktree", "list", "--porcelain").splitlines()[0].removeprefix("worktree "))
            run_git(main, "config", "--worktree", f"remote.{name}.url", shared)
            run_git(root, "config", "--local", "--unset-all", f"remote.{name}.url")
    run_git(root, "config", _scope(root) or "--local", f"remote.{name}.url", url)


def set_credential_helper(root: Path, server: str, helper: str) -> None:
    """Let git ask ``helper``, and no other, for credentials at ``server`` (scheme and host), naming the repository."""
    scope, section = _scope(root) or "--local", f"credential.{server}"
    if git_answer(root, "config", scope, "--get-all", f"{section}.helper") == helper:
        return
    # An empty one first: the user's own helpers would keep what is valid for minutes.
    run_git(root, "config", scope, "--replace-all", f"{section}.helper", "")
    run_git(root, "config", scope, "--add", f"{section}.helper", helper)
    run_git(root, "config", scope, f"{section}.useHttpPath", "true")


def forget_credential_helper(root: Path, server: str) -> None:
    git_answer(root, "config", _scope(root) or "--local", "--remove-section", f"credential.{server}")


def _scope(root: Path) -> str | None:
    """git's option for the settings that are this working tree's own; None where it has none."""
    if git_answer(root, "config", "--get", "extensions.worktreeConfig") == "true":
        return "--worktree"
    is_linked = git_answer(root, "rev-parse", "--git-dir") != git_answer(root, "rev-parse", "--git-common-dir")
    return None if is_linked and _has_several_worktrees(root) else "--local"


def _has_several_worktrees(root: Path) -> bool:
    listed = git_answer(root, "worktree", "list", "--porcelain") or ""
    return sum(line.startswith("worktree ") for line in listed.splitlines()) > 1
