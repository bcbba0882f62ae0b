"""The arguments of a pipeline's steps, judged when the pipeline is created by the model of the operation that each step
calls: unknown members, types, enum values, patterns and lengths, a day before the first execution would meet them.

An expression has no value yet and is passed over, with everything below it. What is missing is not asked for here: a
step adds members of its own, such as the name of its job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from moto.core.utils import get_service_model

from localaws.core.validation import scalar_problems
from localaws.services.sagemaker.pipelines.definition import Definition, DefinitionError, Step
from localaws.services.sagemaker.pipelines.expressions import is_expression

_CALLED_BY = {
    "Processing": "CreateProcessingJob",
    "Transform": "CreateTransformJob",
    "Model": "CreateModel",
    "RegisterModel": "CreateModelPackage",
}
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "structure": ("an object", (dict,)),
    "map": ("an object", (dict,)),
    "list": ("a list", (list,)),
    "string": ("a string", (str,)),
    "boolean": ("true or false", (bool,)),
    "integer": ("an integer", (int,)),
    "long": ("an integer", (int,)),
    "float": ("a number", (int, float)),
    "double": ("a number", (int, float)),
}


def check_arguments(definition: Definition) -> None:
    """Raise DefinitionError with everything that is wrong with the arguments of a step."""
    for step in definition.steps.values():
        problems = list(argument_problems(step))
        if problems:
            raise DefinitionError(f"step '{step.name}': {'; '.join(problems)}")


def argument_problems(step: Step) -> Iterator[str]:
    operation = _CALLED_BY.get(step.type)
    if operation is not None:
        shape = get_service_model("sagemaker").operation_model(operation).input_shape
        yield from _problems(step.arguments, shape, "Arguments")


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    if is_expression(value):
        return
    expected, kinds = _TYPES[shape.type_name]
    if type(value) not in kinds:  # not isinstance: True is no integer
        yield f"{path} must be {expected}, found {json.dumps(value)[:100]}"
    elif shape.type_name == "structure":
        yield from _structure(value, shape, path)
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from scalar_problems(key, shape.key, f"{path}.key")
            yield from _problems(item, shape.value, f"{path}['{key}']")
    elif shape.type_name == "list":
        yield from _bounds(value, shape, path)
        for number, item in enumerate(value):
            yield from _problems(item, shape.member, f"{path}[{number}]")
    else:
        yield from scalar_problems(value, shape, path)


def _structure(value: dict[str, Any], shape: Any, path: str) -> Iterator[str]:
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            yield f"{path} has no member {name}; known are {', '.join(shape.members)}"
        elif item is not None:
            yield from _problems(item, member, f"{path}.{name}")


def _bounds(value: list[Any], shape: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
    if not low <= len(value) <= high:
        yield f"{path} has {len(value)} items; it takes {low} to {high}"
