"""Says who runs this command, where, and whether somebody who was found elsewhere is still at work. It only looks.

What cannot be looked at is unknown, and never taken for ended.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime

from scripts.decisions.codepipeline_view import ENDED, entered_by, has_begun
from scripts.decisions.stage_lock import Fate, Holder, StageLock
from scripts.errors import DeploymentError
from scripts.flows.assumed_roles import in_build
from scripts.flows.stage_context import StageContext
from scripts.gateways.builds import has_build_ended
from scripts.gateways.codepipelines import CodePipelines
from scripts.workspace.running_marks import is_running

EXECUTION = "EXECUTION_ID"  # the CodePipeline tells its builds which execution they are of


def execution_id() -> str | None:
    """The CodePipeline's execution that this build is of; None for a person, and for a build of its own."""
    return (os.environ.get(EXECUTION) or None) if in_build() else None


def here(context: StageContext) -> str:
    """Where this command runs, for people."""
    execution = execution_id()
    if execution:
        return f"CodePipeline {context.names.codepipeline}, execution {execution}"
    if in_build():
        return f"CodeBuild, build {os.environ['CODEBUILD_BUILD_ID']}"
    if os.environ.get("GITHUB_RUN_ID"):
        return f"GitHub Actions of {os.environ.get('GITHUB_REPOSITORY')}, run {os.environ['GITHUB_RUN_ID']}"
    return f"{socket.gethostname()}, process {os.getpid()}"


def who(context: StageContext) -> str:
    """The principal that runs this command, by its ARN."""
    return context.accounts.identity(context.settings.dev_account)["Arn"]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def this_holder(context: StageContext, verb: str, mark: str) -> Holder:
    """``mark``: the name of the mark by which this process is found, where it is no build."""
    by, where, execution = who(context), here(context), execution_id()
    if execution:
        return Holder(kind="execution", id=execution, by=by, where=where, verb=verb)
    if in_build():
        return Holder(kind="build", id=os.environ["CODEBUILD_BUILD_ID"], by=by, where=where, verb=verb)
    return Holder(kind="process", id=mark, by=by, where=where, verb=verb)


def fate_of(context: StageContext, lock: StageLock | str) -> Fate:
    """Whether a lock's holder is still at work."""
    if isinstance(lock, str):
        return "unknown"
    if lock.holder.kind == "process":
        lives = is_running(lock.holder.id)
        return "unknown" if lives is None else "running" if lives else "ended"
    try:
        if lock.holder.kind == "execution":
            status = CodePipelines(context.dev, context.names.codepipeline).status(lock.holder.id)
            return "ended" if status in ENDED else "running"
        return "ended" if has_build_ended(context.dev, lock.holder.id) else "running"
    except DeploymentError:
        return "unknown"


def execution_at_work(context: StageContext) -> str | None:
    """The CodePipeline's execution that has begun to change this stage and has not left it; None without one.

    A rollback of the pipeline stage promotes nothing, so it is found by where it is. Raises what AWS refuses.
    """
    codepipeline = CodePipelines(context.dev, context.names.codepipeline)
    if not codepipeline.exists():
        return None
    state, name = codepipeline.state(), context.stage.capitalize()
    inside = entered_by(state, name)
    if inside is not None:
        return inside
    asked = entered_by(state, f"Approve{name}")
    if asked is not None and has_begun(codepipeline.actions(asked), f"Approve{name}", "Promote"):
        return asked
    return None
