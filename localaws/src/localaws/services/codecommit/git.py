"""Runs git on one bare repository, with nothing of the user's git configuration and without ever asking anything.

It knows no AWS: arguments in, bytes out, ``GitError`` with git's own words where git refuses.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ZERO_ID = "0" * 40
_LONGEST = 600  # seconds; a git command that takes longer hangs


class GitError(Exception):
    """git ended with another code than 0; the message is what it wrote to stderr."""


def clean_environment() -> dict[str, str]:
    """The whole environment of a git process: the program path and switches that keep it quiet and alone."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": "2",
        # The server may run as another user than the one who made the directory (containers, mounted folders).
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_CONFIG_KEY_1": "core.quotePath",
        "GIT_CONFIG_VALUE_1": "false",
    }


def git(directory: Path, *arguments: str, content: bytes = b"", environment: dict[str, str] | None = None) -> bytes:
    """Run ``git <arguments>`` in the repository and return its stdout. GitError where it fails."""
    process = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        input=content,
        capture_output=True,
        env={**clean_environment(), **(environment or {})},
        timeout=_LONGEST,
        check=False,
    )
    if process.returncode:
        raise GitError(process.stderr.decode(errors="replace").strip() or f"git {arguments[0]} failed")
    return process.stdout


def create_bare(directory: Path) -> None:
    """A new bare repository in which whoever may reach it may push."""
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--bare", "--initial-branch=main", ".")
    git(directory, "config", "http.receivepack", "true")


def references(directory: Path) -> dict[str, str]:
    """Every branch and tag: ``{"refs/heads/main": commit id}``."""
    lines = git(directory, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags").decode()
    return dict(line.rsplit(" ", 1) for line in lines.splitlines())


def adopt_first_branch(directory: Path, before: dict[str, str], after: dict[str, str]) -> None:
    """The first branch that reaches an empty repository becomes its default branch."""
    old = [name for name in before if name.startswith("refs/heads/")]
    new = sorted(name for name in after if name.startswith("refs/heads/"))
    if new and not old:
        chosen = next((name for name in new if name in ("refs/heads/main", "refs/heads/master")), new[0])
        git(directory, "symbolic-ref", "HEAD", chosen)


def commit_of(directory: Path, specifier: str) -> str | None:
    """The full id of the commit that a branch, a tag, ``HEAD`` or a commit id names, or None."""
    if specifier.startswith("-"):
        return None
    for name in (f"refs/heads/{specifier}", specifier, f"refs/tags/{specifier}"):
        try:
            return (
                git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
                .decode()
                .strip()
            )
        except GitError:  # not under this name: the next one is tried
            continue
    return None
