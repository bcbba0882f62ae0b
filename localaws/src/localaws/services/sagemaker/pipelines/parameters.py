"""The parameters of one execution: what the definition declares, what the caller gave. Pure.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-parameters.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LONGEST_VALUE = 1024


class ParameterError(ValueError):
    """A parameter that is unknown, missing, of the wrong type or not among the allowed values."""


@dataclass(frozen=True)
class Parameter:
    """One declared parameter. ``type`` is String, Integer, Float or Boolean; ``default`` None means there is none."""

    name: str
    type: str
    default: Any = None
    enum_values: tuple[Any, ...] | None = None


def bind_parameters(declared: Sequence[Parameter], given: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The typed value of every declared parameter; ``given`` is StartPipelineExecution's PipelineParameters."""
    texts: dict[str, str] = {}
    for item in given:
        if item["Name"] in texts:
            raise ParameterError(f"Parameter [{item['Name']}] is given more than once.")
        texts[item["Name"]] = item["Value"]
    unknown = texts.keys() - {parameter.name for parameter in declared}
    if unknown:
        known = ", ".join(parameter.name for parameter in declared) or "none"
        raise ParameterError(
            f"Parameters [{', '.join(sorted(unknown))}] are not defined in the pipeline definition, "
            f"which declares: {known}."
        )
    missing = [p.name for p in declared if p.default is None and p.name not in texts]
    if missing:
        raise ParameterError(f"Parameters [{', '.join(missing)}] do not have default values and must be provided.")
    return {p.name: _value(p, texts[p.name]) if p.name in texts else p.default for p in declared}


def parameter_text(value: Any) -> str:
    """A typed value as ListPipelineParametersForExecution shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a JSON value of the definition fits a parameter's type."""
    if kind == "Boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "Integer":
        return isinstance(value, int)
    if kind == "Float":
        return isinstance(value, int | float)
    return isinstance(value, str)


def _value(parameter: Parameter, text: str) -> Any:
    if len(text) > _LONGEST_VALUE:
        raise ParameterError(f"The value of parameter [{parameter.name}] is longer than {_LONGEST_VALUE} characters.")
    try:
        value = _READERS[parameter.type](text)
    except ValueError as error:
        raise ParameterError(
            f"The value '{text}' of parameter [{parameter.name}] is not of type {parameter.type}."
        ) from error
    if parameter.enum_values is not None and value not in parameter.enum_values:
        allowed = ", ".join(parameter_text(item) for item in parameter.enum_values)
        raise ParameterError(f"The value '{text}' of parameter [{parameter.name}] is not one of: {allowed}.")
    return value


def _read_integer(text: str) -> int:
    if text.strip() != text or "_" in text:
        raise ValueError(text)
    return int(text)


def _read_float(text: str) -> float:
    value = float(text)
    if text.strip() != text or "_" in text or not math.isfinite(value):
        raise ValueError(text)
    return value


def _read_boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READERS: dict[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": _read_integer,
    "Float": _read_float,
    "Boolean": _read_boolean,
}
PARAMETER_TYPES = tuple(_READERS)
