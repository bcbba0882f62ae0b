"""What git says of this clone: its commit, whether it has changes, and where it is pushed to.

A clone without git is no error where only the commit is asked for; whoever must have git gets its own words.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from scripts.decisions.release import (
    Source,
)
from scripts.errors import ExecutionError

PARTS_OF_A_RELEASE = ("pipelines", "stages", "cloudformation", "buildspecs", "requirements", "scripts", "Makefile")


def source_of(root: Path) -> Source:
    """From which commit a release is made, and when: now."""
    # A CodePipeline hands the tree over without its repository, and tells the commit beside it.
    built = os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION")
    if built and not (root / ".git").exists():
        return Source(created_at=datetime.now(UTC).replace(microsecond=0), git_commit=built, git_dirty=False)
    commit = git_answer(root, "rev-parse", "HEAD")
    changed = git_answer(root, "status", "--porcelain", "--untracked-files=no")
    # A new file counts where the release is made from it: notes beside it do not. .gitignore says what is no part.
    new = git_answer(root, "ls-files", "--others", "--exclude-standard", "--", *PARTS_OF_A_RELEASE)
    return Source(
        created_at=datetime.now(UTC).replace(microsecond=0),
        git_commit=commit,
        git_dirty=None if commit is None else bool(changed or new),
    )


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
            next_command="fix this (the clone needs at least one commit), then: make bootstrap",
        )
    return answer.stdout.strip()


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


def _scope(root: Path) -> str | None:
    """git's option for the settings that are this working tree's own; None where it has none."""
    if git_answer(root, "config", "--get", "extensions.worktreeConfig") == "true":
        return "--worktree"
    is_linked = git_answer(root, "rev-parse", "--git-dir") != git_answer(root, "rev-parse", "--git-common-dir")
    return None if is_linked and _has_several_worktrees(root) else "--local"


def _has_several_worktrees(root: Path) -> bool:
    listed = git_answer(root, "worktree", "list", "--porcelain") or ""
    return sum(line.startswith("worktree ") for line in listed.splitlines()) > 1
