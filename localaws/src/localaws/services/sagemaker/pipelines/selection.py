"""Selective execution: which steps run, and whose earlier outputs the others lend. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localaws.services.sagemaker.pipelines.definition import Definition


class SelectionError(ValueError):
    """The selection names unknown steps, is not connected, or needs outputs that the source run has not."""


def borrowed_steps(
    definition: Definition, selected: Sequence[str], earlier: Mapping[str, dict[str, Any]], source_arn: str | None
) -> list[dict[str, Any]]:
    """The step records of the source execution that the selected steps read, marked as borrowed."""
    unknown = [name for name in selected if name not in definition.steps]
    if unknown:
        raise SelectionError(f"SelectedSteps names steps that the pipeline does not have: {', '.join(unknown)}.")
    if len(selected) > 1:
        _refuse_disconnected(definition, set(selected))
    needed = {
        reference.name
        for name in selected
        for reference in definition.steps[name].references()
        if reference.kind == "Steps" and reference.name not in selected
    }
    if needed and source_arn is None:
        raise SelectionError(
            f"The selected steps read outputs of {', '.join(sorted(needed))}: give SourcePipelineExecutionArn."
        )
    missing = [name for name in sorted(needed) if earlier.get(name, {}).get("StepStatus") != "Succeeded"]
    if missing:
        raise SelectionError(
            f"Steps {', '.join(missing)} did not succeed in {source_arn}, so their outputs cannot be used."
        )
    result = {"SelectiveExecutionResult": {"SourcePipelineExecutionArn": source_arn}}
    return [{**earlier[name], **result} for name in sorted(needed)]


def _refuse_disconnected(definition: Definition, selected: set[str]) -> None:
    graph = definition.graph()
    reached: set[str] = set()
    frontier = {min(selected)}
    while frontier:
        reached |= frontier
        near = {other for name in frontier for other in graph[name]}
        near |= {other for other in selected if graph[other] & frontier}
        frontier = (near & selected) - reached
    if reached != selected:
        apart = ", ".join(sorted(selected - reached))
        raise SelectionError(f"SelectedSteps must be connected to each other; these are apart: {apart}.")
