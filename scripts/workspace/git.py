"""What git says of this clone: its commit, whether it has changes, and where it is pushed to.

A clone without git is no error where only the commit is asked for; whoever must have git gets its own words.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from scripts.decisions.release import (
    Source,
)
from scripts.errors import ExecutionError


def source_of(root: Path) -> Source:
    """From which commit a release is made, and when: now."""
    # A CodePipeline hands the tree over without its repository, and tells the commit beside it.
    built = os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION")
    if built and not (root / ".git").exists():
        return Source(created_at=datetime.now(UTC).replace(microsecond=0), git_commit=built, git_dirty=False)
    commit = git_answer(root, "rev-parse", "HEAD")
    changed = git_answer(root, "status", "--porcelain", "--untracked-files=no")
    return Source(
        created_at=datetime.now(UTC).replace(microsecond=0),
        git_commit=commit,
        git_dirty=None if commit is None else bool(changed),
    )


def git_answer(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or no repository."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def run_git(root: Path, *arguments: str) -> str:
    """What git answers. Raises ExecutionError with its own words where it refuses."""
    answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ExecutionError(
            f"git {' '.join(arguments)} failed",
            found=answer.stderr.strip().splitlines()[-5:],
            next_command="fix this (the clone needs at least one commit), then: make bootstrap",
        )
    return answer.stdout.strip()
