"""Waits for a release that the CodePipeline brings to a stage at this moment, so that nothing crosses it. Only reads.

Promote reads what the stage's stack shall have, and the change set is executed a little later. What a person changes in
the stack in between, that change set would put back; and executed first, theirs would delete it, since CloudFormation
keeps no change set of a stack that has changed.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-execute.html
"""

from __future__ import annotations

from scripts.decisions.codepipeline_view import entered_by, has_ended
from scripts.errors import AccessDeniedError
from scripts.flows.stage_context import StageContext
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.progress import Progress

POLL_SECONDS = 2.0
_EXECUTES = "ExecuteChangeSet"


def release_under_way(context: StageContext) -> str | None:
    """The execution that is in this stage and has not executed its change set yet; None where there is none."""
    codepipeline = CodePipelines(context.dev, context.names.codepipeline)
    if not codepipeline.exists():
        return None
    pipeline_stage = context.stage.capitalize()
    execution = entered_by(codepipeline.state(), pipeline_stage)
    if execution is None or has_ended(codepipeline.actions(execution), pipeline_stage, _EXECUTES):
        return None
    return execution


def await_release(context: StageContext, progress: Progress) -> None:
    """Return once no execution is in this stage with its change set still to come."""
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
