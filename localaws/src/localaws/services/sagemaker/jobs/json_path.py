"""The part of JSONPath that transform jobs filter with: ``$ .name * ['a','b'] [1,3] [-1] [s:e]``. Pure.

A slice ends before its second number, as in Python and in JSONPath: ``$[0:-1]`` leaves the last column out. The
SageMaker guide calls the end inclusive and public code relies on the opposite.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r"""\.(?P<name>[A-Za-z_][\w-]*)
      | \.(?P<star>\*)
      | \[\s*(?P<all>\*)\s*\]
      | \[\s*(?P<slice>(?:-?\d+)?\s*:\s*(?:-?\d+)?)\s*\]
      | \[\s*(?P<indexes>-?\d+(?:\s*,\s*-?\d+)*)\s*\]
      | \[\s*(?P<names>(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*\]""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


class JsonPathError(ValueError):
    """A path that cannot be read, or that finds nothing in a record."""


@dataclass(frozen=True)
class All:
    """``*``: every element or member."""


@dataclass(frozen=True)
class Names:
    """Members of an object; several give an object of those."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Indexes:
    """Elements of an array; several give an array of those."""

    indexes: tuple[int, ...]


@dataclass(frozen=True)
class Slice:
    """Elements from ``start`` up to but not including ``end``."""

    start: int | None
    end: int | None


Step = All | Names | Indexes | Slice


@dataclass(frozen=True)
class JsonPath:
    """A path that was read. ``text`` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """JsonPathError says where reading ended."""
        if not text.startswith("$"):
            raise JsonPathError(f"{text!r} does not begin with $")
        steps: list[Step] = []
        position = 1
        while position < len(text):
            found = _STEP.match(text, position)
            if found is None:
                raise JsonPathError(
                    f"{text!r} cannot be read from {text[position:]!r} on: only $ .name * ['a','b'] [1,3] [-1] [s:e] "
                    "are supported"
                )
            steps.append(_step(found))
            position = found.end()
        return cls(text, tuple(steps))

    @property
    def is_identity(self) -> bool:
        return not self.steps

    @property
    def has_explicit_end(self) -> bool:
        """Whether a slice's end is written, which the guide and practice read differently."""
        return any(isinstance(step, Slice) and step.end is not None for step in self.steps)

    @property
    def selects_columns(self) -> bool:
        """Whether it can filter CSV: by index only, one step at most."""
        return not self.steps or (len(self.steps) == 1 and not isinstance(self.steps[0], Names))

    def columns(self, fields: Sequence[bytes]) -> Sequence[bytes]:
        """The selected columns of one CSV row. JsonPathError where one does not exist or none is left."""
        if not self.steps:
            return fields
        step = self.steps[0]
        if isinstance(step, Indexes):
            return [_element(fields, index, self.text) for index in step.indexes]
        assert not isinstance(step, Names)
        chosen = fields if isinstance(step, All) else fields[step.start : step.end]
        if not chosen:
            raise JsonPathError(f"{self.text} selects no column of a row with {len(fields)}")
        return chosen

    def value(self, document: Any) -> Any:
        """What the path selects in a JSON document. JsonPathError where that does not exist."""
        return self._follow(document, self.steps)

    def _follow(self, value: Any, steps: tuple[Step, ...]) -> Any:
        if not steps:
            return value
        step, rest = steps[0], steps[1:]
        if isinstance(step, Names):
            if not isinstance(value, dict):
                raise JsonPathError(f"{self.text} asks for {', '.join(step.names)} of something that is no object")
            missing = [name for name in step.names if name not in value]
            if missing:
                raise JsonPathError(f"{self.text} asks for {', '.join(missing)}, which the record does not have")
            if len(step.names) == 1:
                return self._follow(value[step.names[0]], rest)
            return {name: self._follow(value[name], rest) for name in step.names}
        if isinstance(step, All) and isinstance(value, dict):
            return [self._follow(member, rest) for member in value.values()]
        if not isinstance(value, list):
            raise JsonPathError(f"{self.text} asks for elements of something that is no array")
        if isinstance(step, Indexes):
            elements = [_element(value, index, self.text) for index in step.indexes]
            if len(elements) == 1:
                return self._follow(elements[0], rest)
        else:
            elements = value if isinstance(step, All) else value[step.start : step.end]
        return [self._follow(element, rest) for element in elements]


def _element(values: Sequence[Any], index: int, text: str) -> Any:
    if not -len(values) <= index < len(values):
        raise JsonPathError(f"{text} asks for index {index} of {len(values)}")
    return values[index]


def _step(found: re.Match[str]) -> Step:
    if found["name"]:
        return Names((found["name"],))
    if found["star"] or found["all"]:
        return All()
    if found["slice"] is not None:
        start, _, end = found["slice"].partition(":")
        return Slice(*(int(text) if text.strip() else None for text in (start, end)))
    if found["indexes"]:
        return Indexes(tuple(int(text) for text in found["indexes"].split(",")))
    return Names(tuple(single or double for single, double in _QUOTED.findall(found["names"])))
