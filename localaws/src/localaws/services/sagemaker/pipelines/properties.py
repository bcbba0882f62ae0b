"""The properties that a step offers to others: the members of the answer of its Describe operation. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-properties.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.utils import get_service_model

from localaws.services.sagemaker.pipelines.expressions import ExpressionError, path_parts

_DESCRIBED_BY = {
    "Processing": "DescribeProcessingJob",
    "Transform": "DescribeTransformJob",
    "Model": "DescribeModel",
    "RegisterModel": "DescribeModelPackage",
}


def property_problem(step_type: str, path: str, output_parameters: Iterable[str] = ()) -> str | None:
    """Why a step of this type has no property ``path``, or None where it has. ``output_parameters`` are those that a
    callback step declares."""
    try:
        parts = path_parts(path)
    except ExpressionError as error:
        return str(error)
    if step_type == "Callback":
        known = [["OutputParameters", name] for name in output_parameters]
        return None if parts in known else "a callback step offers OutputParameters['<name>'] of those it declares"
    if step_type == "Condition":
        return None if parts == ["Outcome"] else "a condition step offers Outcome only"
    operation = _DESCRIBED_BY.get(step_type)
    if operation is None:
        return f"a step of type {step_type} has no properties"
    return _missing_member(operation, parts)


def _missing_member(operation: str, parts: list[str | int]) -> str | None:
    shape: Any = get_service_model("sagemaker").operation_model(operation).output_shape
    for part in parts:
        shape = _member(shape, part)
        if shape is None:
            return f"the answer of {operation} has no '{part}' there"
    return None


def _member(shape: Any, part: str | int) -> Any:
    if shape.type_name == "structure":
        return shape.members.get(part)
    if shape.type_name == "list":
        return shape.member
    return shape.value if shape.type_name == "map" else None
