"""Waits for a release that the CodePipeline brings to a stage at this moment, so that nothing crosses it. Only reads.

Promote reads what the stage's stack shall have, and the change set is executed a little later. What a person changes in
the stack in between, that change set would put back; and executed first, theirs would delete it, since CloudFormation
keeps no change set of a stack that has changed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-execute.html
"""

from __future__ import annotations

from typing import Any

from scripts.decisions.codepipeline_view import entered_by, has_begun, has_ended
from scripts.errors import AccessDeniedError
from scripts.flows.stage_context import StageContext
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.progress import Progress

POLL_SECONDS = 2.0
_APPROVES = "Approve"
_PROMOTES, _EXECUTES = "Promote", "ExecuteChangeSet"


def release_under_way(context: StageContext) -> str | None:
    """The execution that has begun to promote to this stage and not executed its change set yet; None without one."""
    codepipeline = CodePipelines(context.dev, context.names.codepipeline)
    if not codepipeline.exists():
        return None
    state, name = codepipeline.state(), context.stage.capitalize()
    # A stage behind an approval is promoted to in the pipeline stage of that approval, once it is given.
    for entered in (f"{_APPROVES}{name}", name):
        execution = entered_by(state, entered)
        if execution is not None and _is_between(codepipeline.actions(execution), name):
            return execution
    return None


def _is_between(actions: list[dict[str, Any]], name: str) -> bool:
    """Whether the execution has begun to promote to a stage and not executed its change set yet."""
    promotes = any(has_begun(actions, each, _PROMOTES) for each in (f"{_APPROVES}{name}", name))
    return promotes and not has_ended(actions, name, _EXECUTES)


def await_release(context: StageContext, progress: Progress) -> None:
    """Return once no execution has promoted to this stage with its change set still to come."""
    with progress.awaiting("the CodePipeline to execute its change set"):
        while release_under_way(context) is not None:
            context.sleep(POLL_SECONDS)


def release_in_the_way(context: StageContext, progress: Progress) -> str | None:
    """The same as ``release_under_way``; where it may not be read that is told, and taken for none."""
    try:
        return release_under_way(context)
    except AccessDeniedError as error:
        progress.line(f"whether the CodePipeline brings a release here now is unknown: {error.problem}")
        return None
