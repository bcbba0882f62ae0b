"""A pipeline definition, read and checked: JSON text in, steps and parameters out, or one clear problem. Pure.

What SageMaker would only find out while running (an argument the job API refuses, say) is not looked at here.
https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.sagemaker.pipelines.caching import CacheConfig, CacheConfigError, parse_cache_config
from localaws.services.sagemaker.pipelines.expressions import ExpressionError, Reference, references
from localaws.services.sagemaker.pipelines.ordering import find_cycle
from localaws.services.sagemaker.pipelines.parameters import PARAMETER_TYPES, Parameter, is_of_type
from localaws.services.sagemaker.pipelines.properties import property_problem
from localaws.services.sagemaker.pipelines.retry import RetryPolicy, RetryPolicyError, parse_policies

VERSION = "2020-12-01"
LONGEST_DEFINITION = 1_048_576
MOST_PARAMETERS = 200
STEP_TYPES = ("Processing", "Transform", "Model", "RegisterModel", "Condition", "Fail", "Callback")
_RETRIED_TYPES = ("Processing", "Transform", "Model", "RegisterModel")
_STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_TOP_LEVEL = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"}
_STEP_MEMBERS = {
    "Name",
    "Type",
    "Arguments",
    "DisplayName",
    "Description",
    "DependsOn",
    "RetryPolicies",
    "CacheConfig",
    "PropertyFiles",
    "OutputParameters",
    "SqsQueueUrl",
}


class DefinitionError(ValueError):
    """The definition cannot be used; the message says where and why."""


@dataclass(frozen=True)
class PropertyFile:
    """A JSON file that a processing step writes to one of its outputs; ``file_path`` is relative to that output."""

    name: str
    output_name: str
    file_path: str


@dataclass(frozen=True)
class Step:
    """One step. ``arguments`` still hold expressions. ``branch`` is (condition step, "If" or "Else") for a step that
    runs only where a condition turns out so; ``branches`` are the step names of a condition step's two branches."""

    name: str
    type: str
    arguments: dict[str, Any]
    display_name: str | None = None
    description: str | None = None
    depends_on: tuple[str, ...] = ()
    branch: tuple[str, str] | None = None
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retry_policies: tuple[RetryPolicy, ...] = ()
    cache: CacheConfig | None = None
    property_files: Mapping[str, PropertyFile] = field(default_factory=dict)
    queue_url: Any = None
    output_parameters: Mapping[str, str] = field(default_factory=dict)  # of a callback step: name to type

    def references(self) -> Iterator[Reference]:
        yield from references(self.arguments)
        yield from references(self.queue_url)


@dataclass(frozen=True)
class Definition:
    parameters: tuple[Parameter, ...]
    steps: Mapping[str, Step]

    def graph(self) -> dict[str, set[str]]:
        """For each step, in the definition's order, the names of the steps that it waits for."""
        return {step.name: _waits_for(step) for step in self.steps.values()}


def parse_definition(text: str) -> Definition:
    """Read and check a definition; raises DefinitionError."""
    if len(text) > LONGEST_DEFINITION:
        raise DefinitionError(f"it has {len(text)} characters; at most {LONGEST_DEFINITION} are allowed")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DefinitionError(f"it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise DefinitionError("it must be a JSON object")
    _refuse_unknown(document, _TOP_LEVEL, "the definition")
    if document.get("Version") != VERSION:
        raise DefinitionError(f"Version must be '{VERSION}', found {json.dumps(document.get('Version'))}")
    parameters = tuple(_parameters(document.get("Parameters")))
    steps: dict[str, Step] = {}
    for step in _steps(document.get("Steps"), None):
        if step.name in steps:
            raise DefinitionError(f"step name '{step.name}' is used more than once")
        steps[step.name] = step
    definition = Definition(parameters, steps)
    _check_references(definition)
    cycle = find_cycle(definition.graph())
    if cycle:
        raise DefinitionError(f"the steps wait for each other in a circle: {' -> '.join(cycle)}")
    return definition


def _waits_for(step: Step) -> set[str]:
    found = {reference.name for reference in step.references() if reference.kind == "Steps"}
    return found | set(step.depends_on) | ({step.branch[0]} if step.branch else set())


def _parameters(documents: Any) -> Iterator[Parameter]:
    seen: set[str] = set()
    items = _list(documents, "Parameters")
    if len(items) > MOST_PARAMETERS:
        raise DefinitionError(f"it declares {len(items)} parameters; at most {MOST_PARAMETERS} are allowed")
    for item in items:
        name = item.get("Name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            raise DefinitionError("each parameter needs a Name")
        _refuse_unknown(item, {"Name", "Type", "DefaultValue", "EnumValues"}, f"parameter '{name}'")
        kind, default, allowed = item.get("Type"), item.get("DefaultValue"), item.get("EnumValues")
        if name in seen:
            raise DefinitionError(f"parameter '{name}' is declared more than once")
        if kind not in PARAMETER_TYPES:
            raise DefinitionError(
                f"parameter '{name}' has Type {json.dumps(kind)}; there are {_listed(PARAMETER_TYPES)}"
            )
        if default is not None and not is_of_type(default, kind):
            raise DefinitionError(f"the DefaultValue of parameter '{name}' is not of type {kind}")
        if allowed is not None and default is not None and default not in _list(allowed, "EnumValues"):
            raise DefinitionError(f"the DefaultValue of parameter '{name}' is not among its EnumValues")
        seen.add(name)
        yield Parameter(name, kind, default, None if allowed is None else tuple(_list(allowed, "EnumValues")))


def _steps(documents: Any, branch: tuple[str, str] | None) -> Iterator[Step]:
    if branch is None and not documents:
        raise DefinitionError("Steps must be a list with at least one step")
    for item in _list(documents, "Steps"):
        name = item.get("Name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _STEP_NAME.fullmatch(name):
            raise DefinitionError(
                f"a step's Name must be 1 to 64 letters, digits, '-' or '_'; found {json.dumps(name)}"
            )
        try:
            step = _step(name, item, branch)
        except (RetryPolicyError, CacheConfigError, ExpressionError) as error:
            raise DefinitionError(f"step '{name}': {error}") from error
        yield step
        if step.type == "Condition":
            for side in ("If", "Else"):
                yield from _steps(item["Arguments"].get(f"{side}Steps") or [], (name, side))


def _step(name: str, item: dict[str, Any], branch: tuple[str, str] | None) -> Step:
    kind = item.get("Type")
    if kind not in STEP_TYPES:
        raise DefinitionError(
            f"step '{name}' has type {json.dumps(kind)}, which localaws does not run; it runs {_listed(STEP_TYPES)}"
        )
    if kind == "Condition" and branch is not None:
        raise DefinitionError(
            f"condition step '{name}' is inside a branch of '{branch[0]}'; conditions cannot be nested"
        )
    _refuse_unknown(item, _STEP_MEMBERS, f"step '{name}'")
    arguments = item.get("Arguments", {} if kind == "Callback" else None)
    if not isinstance(arguments, dict):
        raise DefinitionError(f"step '{name}' needs Arguments, an object")
    if item.get("RetryPolicies") and kind not in _RETRIED_TYPES:
        raise DefinitionError(f"step '{name}': steps of type {kind} have no RetryPolicies")
    branches: dict[str, tuple[str, ...]] = {}
    if kind == "Condition":
        branches = _branches(name, arguments)
        arguments = {"Conditions": arguments["Conditions"]}
    if kind == "Callback" and not item.get("SqsQueueUrl"):
        raise DefinitionError(f"callback step '{name}' needs SqsQueueUrl")
    return Step(
        name=name,
        type=kind,
        arguments=arguments,
        display_name=item.get("DisplayName"),
        description=item.get("Description"),
        depends_on=tuple(_list(item.get("DependsOn"), f"DependsOn of step '{name}'")),
        branch=branch,
        branches=branches,
        retry_policies=parse_policies(item.get("RetryPolicies")),
        cache=parse_cache_config(item.get("CacheConfig")),
        property_files=_property_files(name, arguments, item.get("PropertyFiles")),
        queue_url=item.get("SqsQueueUrl"),
        output_parameters=_output_parameters(name, item.get("OutputParameters")),
    )


def _branches(name: str, arguments: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    _refuse_unknown(arguments, {"Conditions", "IfSteps", "ElseSteps"}, f"the Arguments of condition step '{name}'")
    if not isinstance(arguments.get("Conditions"), list) or not arguments["Conditions"]:
        raise DefinitionError(f"condition step '{name}' needs Conditions")
    found = {}
    for side in ("If", "Else"):
        items = _list(arguments.get(f"{side}Steps"), f"{side}Steps of step '{name}'")
        found[side] = tuple(str(item.get("Name")) for item in items if isinstance(item, dict))
    shared = set(found["If"]) & set(found["Else"])
    if shared:
        raise DefinitionError(f"step '{min(shared)}' is in both branches of condition step '{name}'")
    return found


def _output_parameters(step: str, documents: Any) -> dict[str, str]:
    found = {}
    for item in _list(documents, f"OutputParameters of step '{step}'"):
        kind = item.get("OutputType", "String")
        if not item.get("OutputName") or kind not in PARAMETER_TYPES:
            raise DefinitionError(
                f"step '{step}': an output parameter needs OutputName and OutputType, one of {_listed(PARAMETER_TYPES)}"
            )
        found[str(item["OutputName"])] = str(kind)
    return found


def _property_files(step: str, arguments: dict[str, Any], documents: Any) -> dict[str, PropertyFile]:
    found: dict[str, PropertyFile] = {}
    outputs = (arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or []
    for item in _list(documents, f"PropertyFiles of step '{step}'"):
        members = [item.get(key) for key in ("PropertyFileName", "OutputName", "FilePath")]
        if not all(isinstance(member, str) and member for member in members):
            raise DefinitionError(f"a property file of step '{step}' needs PropertyFileName, OutputName and FilePath")
        name, output, path = members
        if output not in [one.get("OutputName") for one in outputs]:
            raise DefinitionError(
                f"property file '{name}' of step '{step}' names output '{output}', which the step does not have"
            )
        found[name] = PropertyFile(name, output, path)
    return found


def _check_references(definition: Definition) -> None:
    parameters = {parameter.name for parameter in definition.parameters}
    for step in definition.steps.values():
        for name in step.depends_on:
            if name not in definition.steps:
                raise DefinitionError(f"step '{step.name}' depends on step '{name}', which is not defined")
            _refuse_waiting_for_fail(step, definition.steps[name])
        try:
            found = list(step.references())
        except ExpressionError as error:
            raise DefinitionError(f"step '{step.name}': {error}") from error
        for reference in found:
            if reference.kind == "Parameters" and reference.name not in parameters:
                raise DefinitionError(
                    f"step '{step.name}' refers to parameter '{reference.name}', which is not defined"
                )
            if reference.kind == "Steps":
                _check_step_reference(definition, step, reference)


def _check_step_reference(definition: Definition, step: Step, reference: Reference) -> None:
    target = definition.steps.get(reference.name)
    if target is None:
        raise DefinitionError(f"step '{step.name}' refers to step '{reference.name}', which is not defined")
    _refuse_waiting_for_fail(step, target)
    shown = f"Steps.{reference.name}.{reference.path}"
    if reference.path.startswith("PropertyFiles."):
        if reference.path.removeprefix("PropertyFiles.") not in target.property_files:
            raise DefinitionError(f"step '{step.name}' refers to '{shown}', a property file that is not declared")
        return
    problem = property_problem(target.type, reference.path, target.output_parameters)
    if problem:
        raise DefinitionError(f"step '{step.name}' refers to '{shown}': {problem}")


def _refuse_waiting_for_fail(step: Step, target: Step) -> None:
    if target.type == "Fail":
        raise DefinitionError(f"step '{step.name}' depends on '{target.name}', a Fail step: nothing comes after it")


def _refuse_unknown(document: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = document.keys() - known
    if unknown:
        raise DefinitionError(f"{where} has no member {_listed(sorted(unknown))}; known are {_listed(sorted(known))}")


def _list(value: Any, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise DefinitionError(f"{what} must be a list")
    return value


def _listed(names: Any) -> str:
    return ", ".join(names)
