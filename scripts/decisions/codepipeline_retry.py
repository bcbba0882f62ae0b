"""What leads on from an execution of the CodePipeline that failed: its retry, or a new execution. Pure.

CodePipeline retries a pipeline stage only for the execution that was in it last, in the structure that the execution
began with. After a rollback the last one is the rollback.
https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def why_not_retried(
    execution_id: str, pipeline_stage: str, state: Mapping[str, Any], began_with: int, structure: Mapping[str, Any]
) -> str | None:
    """Why CodePipeline would refuse to retry; None where it would not.

    ``state`` is GetPipelineState's, ``structure`` GetPipeline's, ``began_with`` the execution's version of it.
    """
    if began_with != structure["version"]:
        return f"the CodePipeline has been changed since (version {began_with} then, {structure['version']} now)"
    found = [each.get("latestExecution", {}) for each in state["stageStates"] if each["stageName"] == pipeline_stage]
    latest: Mapping[str, Any] = found[0] if found else {}
    if latest.get("pipelineExecutionId") == execution_id:
        return None
    if latest.get("type") == "ROLLBACK":
        return f"{pipeline_stage} has been rolled back"
    return f"execution {latest.get('pipelineExecutionId', 'unknown')} has been in {pipeline_stage} since"


def rolls_back(structure: Mapping[str, Any], pipeline_stage: str, succeeded_there: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a failure in the pipeline stage may lead to a rollback, which begins a moment after it.

    ``succeeded_there``: summaries of the executions that succeeded in the stage; a rollback is no target of another.
    """
    is_possible = any(each.get("executionType") != "ROLLBACK" for each in succeeded_there)
    return is_possible and _shall_roll_back(structure, pipeline_stage)


def not_rolled_back(structure: Mapping[str, Any], pipeline_stage: str) -> str | None:
    """What to tell where a pipeline stage that shall be rolled back was not; None where it shall not be."""
    if not _shall_roll_back(structure, pipeline_stage):
        return None
    return (
        f"{pipeline_stage} is not rolled back: CodePipeline can roll back only to an execution that succeeded there in "
        f"the structure that it has now (version {structure['version']})"
    )


def _shall_roll_back(structure: Mapping[str, Any], pipeline_stage: str) -> bool:
    return any(
        each["name"] == pipeline_stage and each.get("onFailure", {}).get("result") == "ROLLBACK"
        for each in structure["stages"]
    )
