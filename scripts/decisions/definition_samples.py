"""A step's arguments as its job will get them, as far as that is known before a run.

References are replaced by what they will give: a parameter by its default, an execution variable by one of its form,
everything that only a run knows by a RunTimeValue, of which at most the type can be checked. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["String", "Integer", "Float", "Boolean", "Any"]

_PIPELINE_ARN = "arn:aws:sagemaker:ap-southeast-2:012345670123:pipeline/sample-pipeline"
# One value of each execution variable's form.
# https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html
EXECUTION_VARIABLES: Final = {
    "StartDateTime": "2026-01-01T00:00:00Z",
    "CurrentDateTime": "2026-01-01T00:00:00Z",
    "PipelineName": "sample-pipeline",
    "PipelineArn": _PIPELINE_ARN,
    "PipelineExecutionId": "abcdefghijkl",
    "PipelineExecutionArn": f"{_PIPELINE_ARN}/execution/abcdefghijkl",
    "TrainingJobName": "sample-job",
    "ProcessingJobName": "sample-job",
}


@dataclass(frozen=True)
class RunTimeValue:
    """Stands for a value that is known only when the pipeline runs."""

    kind: Kind = "Any"


def sampled(value: Any, parameters: Mapping[str, Mapping[str, Any]]) -> Any:
    """``value`` without references. ``parameters`` are the declared ones by name."""
    if isinstance(value, list):
        return [sampled(item, parameters) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1:
        if isinstance(value.get("Get"), str):
            return _referred(value["Get"], parameters)
        if isinstance(value.get("Std:Join"), Mapping):
            return _joined(value["Std:Join"], parameters)
        if "Std:JsonGet" in value:
            return RunTimeValue()
    return {key: sampled(item, parameters) for key, item in value.items()}


def references(value: Any) -> list[str]:
    """Everything that ``Get`` names anywhere in ``value``: ``Parameters.X``, ``Steps.S.Arn``, ``Execution.Y``."""
    if isinstance(value, Mapping):
        target = value.get("Get")
        if len(value) == 1 and isinstance(target, str):
            return [target]
        return [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


def _referred(target: str, parameters: Mapping[str, Mapping[str, Any]]) -> Any:
    space, _, name = target.partition(".")
    if space == "Parameters" and name in parameters:
        parameter = parameters[name]
        return parameter.get("DefaultValue", RunTimeValue(parameter.get("Type", "String")))
    if space == "Execution":
        return EXECUTION_VARIABLES.get(name, RunTimeValue("String"))
    return RunTimeValue()


def _joined(join: Mapping[str, Any], parameters: Mapping[str, Mapping[str, Any]]) -> Any:
    given = join.get("Values")
    values = [sampled(value, parameters) for value in given] if isinstance(given, list) else [RunTimeValue()]
    if any(isinstance(value, (RunTimeValue, Mapping, list)) for value in values):
        return RunTimeValue("String")
    return str(join.get("On", "")).join(str(value) for value in values)
