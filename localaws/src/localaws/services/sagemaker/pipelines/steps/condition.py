"""Condition steps: comparisons of resolved values; all conditions together decide which branch runs.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-condition
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

from localaws.services.sagemaker.pipelines.steps.contract import Properties, StepFailed, StepRun

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


class ConditionError(ValueError):
    """A condition that is malformed or compares what cannot be compared."""


def decide(run: StepRun) -> Properties:
    """``{"Outcome": "True"}`` or ``"False"``."""
    try:
        outcome = str(all(holds(condition) for condition in run.arguments["Conditions"]))
    except ConditionError as error:
        raise StepFailed(f"ClientError: {error}") from error
    run.started({"Condition": {"Outcome": outcome}})
    return {"Outcome": outcome}


def holds(condition: Any) -> bool:
    """Whether one resolved condition is true; raises ConditionError."""
    kind = condition.get("Type") if isinstance(condition, dict) else None
    try:
        if kind in _COMPARISONS:
            return _COMPARISONS[kind](*_comparable(condition["LeftValue"], condition["RightValue"]))
        if kind == "In":
            return any(operator.eq(*_comparable(condition["QueryValue"], value)) for value in condition["Values"])
        if kind == "Not":
            return not holds(condition["Expression"])
        if kind == "Or":
            return any(holds(one) for one in condition["Conditions"])
    except KeyError as error:
        raise ConditionError(f"a condition of type {kind} needs {error.args[0]}") from error
    except TypeError as error:
        raise ConditionError(f"a condition of type {kind} cannot compare its values: {error}") from error
    raise ConditionError(f"condition type {json.dumps(kind)} is unknown")


def _comparable(left: Any, right: Any) -> tuple[Any, Any]:
    """A number and a text that reads as one are compared as numbers: property files often hold text."""
    if isinstance(left, str) and _is_number(right):
        return _number(left, right)[0], right
    if isinstance(right, str) and _is_number(left):
        return left, _number(right, left)[0]
    return left, right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str, other: Any) -> tuple[Any, Any]:
    try:
        return float(text), other
    except ValueError:
        return text, other
