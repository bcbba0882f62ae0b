"""Goes back through the CodePipeline: its own rollback of the stage's pipeline stage, an execution that it shows.

It runs again what the pipeline stage ran when it succeeded with the earlier release, from that execution's artifacts.
CodePipeline rolls back only to executions of its present structure.
https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html
"""

from __future__ import annotations

from scripts.decisions.codepipeline_view import release_of, target_execution
from scripts.errors import ReleaseError
from scripts.flows.one_at_a_time import require_free
from scripts.flows.stage_context import StageContext
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.progress import Progress


def start_rollback(context: StageContext, codepipeline: CodePipelines, release_id: str, progress: Progress) -> str:
    """The id of the execution that goes back to a release. Raises ReleaseError where CodePipeline cannot."""
    require_free(context, progress)
    pipeline_stage = context.stage.capitalize()
    version = codepipeline.structure()["version"]
    seen: list[str] = []
    for each in codepipeline.succeeded_in(pipeline_stage):
        execution = each["pipelineExecutionId"]
        released = release_of(codepipeline.actions(execution))
        usable = target_execution(each, codepipeline.version(execution), version)
        if released == release_id and usable is None:
            return codepipeline.roll_back(pipeline_stage, execution)
        seen.append(f"execution {execution}: release {released or 'unknown'}" + (f", {usable}" if usable else ""))
    raise ReleaseError(
        f"{codepipeline.name} cannot go back to release {release_id} in {context.stage}",
        found=seen or [f"no execution has succeeded in {pipeline_stage}"],
        next_command=f'make rollback STAGE={context.stage} RELEASE={release_id} BREAK_GLASS="why"   # past it; '
        "or git revert, git push, make approve",
    )
