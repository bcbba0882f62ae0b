"""The repository that the CodePipelines build from: made where it is missing, and given this clone's commit.

A repository on this machine is pushed to; any other is pushed to by whoever may, and it is said how.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from scripts.decisions.codecommit_address import push_lines
from scripts.decisions.toolchain import CODECOMMIT
from scripts.errors import UsageError
from scripts.flows.stage_context import StageContext
from scripts.gateways.repositories import ensure_repository
from scripts.terminal.progress import Progress
from scripts.workspace.git import git_answer, run_git, run_git_words, set_credential_helper, set_remote_url

REMOTE = "localaws"
_COMMITTING = 'git add --all && git commit --message "First commit"'


def require_repository_root(root: Path = Path()) -> None:
    """Raises UsageError for a project in a folder of a bigger repository: a CodePipeline builds from the root."""
    prefix = git_answer(root, "rev-parse", "--show-prefix")
    if prefix:
        folder = prefix.rstrip("/")
        raise UsageError(
            f"this project is the folder {folder} of a bigger repository, and the CodePipeline builds from the root",
            found=[f"the repository begins at {git_answer(root, 'rev-parse', '--show-toplevel')}"],
            next_command="make bootstrap ARGS=--no-toolchain   # all verbs but codepipeline, approve and reject work; "
            f"or give it a repository of its own: git subtree split --prefix {folder}",
        )


def require_commit(root: Path = Path()) -> None:
    """Raises UsageError where there is nothing that could be pushed, or what a repository would not take."""
    if shutil.which("git") is None:
        raise _nothing_to_push("git is not installed", "install git, then: make bootstrap")
    if git_answer(root, "rev-parse", "HEAD") is None:
        why = run_git_words(root, "rev-parse", "--git-dir")
        if why is None:
            raise _nothing_to_push("its repository has no commit yet", f"{_COMMITTING} && make bootstrap")
        if "not a git repository" not in why:  # it is one, of another user for instance
            raise _nothing_to_push(why, "correct this, then: make bootstrap")
        raise _nothing_to_push("it is no git repository", f"git init && {_COMMITTING} && make bootstrap")
    if git_answer(root, "rev-parse", "--is-shallow-repository") == "true":
        raise _nothing_to_push(
            "this clone is shallow: no repository takes a push of it", "git fetch --unshallow && make bootstrap"
        )


def _nothing_to_push(why: str, next_command: str) -> UsageError:
    return UsageError(
        "the CodePipelines build from a repository, and this tree cannot be pushed to one; nothing was deployed",
        found=[why],
        next_command=f"{next_command}   # without a CodePipeline: make bootstrap ARGS=--no-toolchain",
    )


def give_source(context: StageContext, parameters: Mapping[str, str], progress: Progress, root: Path) -> None:
    if parameters["SourceProvider"] != CODECOMMIT:
        return
    repository, branch = parameters["RepositoryName"], parameters.get("BranchName", "main")
    url, created = ensure_repository(context.dev, repository)
    progress.line(f"repository {repository}: {'created' if created else 'exists'}, {url}")
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        for line in push_lines(repository, context.dev.region, branch, os.environ.get("AWS_PROFILE")):
            progress.line(line)
        return
    set_remote_url(root, REMOTE, url)
    helper = os.environ.get("CODECOMMIT_CREDENTIAL_HELPER")
    if helper:
        parts = urlsplit(url)
        set_credential_helper(root, f"{parts.scheme}://{parts.netloc}", helper)
    run_git(root, "config", f"remote.{REMOTE}.push", f"HEAD:refs/heads/{branch}")
    run_git(root, "push", "--quiet", REMOTE)
    progress.line(f"pushed {run_git(root, 'rev-parse', '--short', 'HEAD')} to it; from now on:  git push {REMOTE}")
