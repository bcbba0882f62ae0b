"""The part of JSONPath that transform jobs filter with: ``$ .name * ['a','b'] [1,3] [-1] [s:e] [0,5:]``. Pure.

Reading is the library's; what is selected keeps the shape that the guide shows: several names give an object of those,
several indexes a list. A slice ends before its second number, as in JSONPath: ``$[0:-1]`` leaves the last column out.
The SageMaker guide calls the end inclusive and public code relies on the opposite.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jsonpath_rfc9535.segments import JSONPathChildSegment, JSONPathSegment
from jsonpath_rfc9535.selectors import (
    IndexSelector,
    JSONPathSelector,
    NameSelector,
    SliceSelector,
    WildcardSelector,
)

from localaws.core.json_paths import JsonPathError, read


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


@dataclass(frozen=True)
class Parts:
    """Indexes and slices in one bracket, as in ``$[0,5:]``: an array of all of them, in that order."""

    parts: tuple[Indexes | Slice, ...]


Step = All | Names | Indexes | Slice | Parts


@dataclass(frozen=True)
class JsonPath:
    """A path that was read. ``text`` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """JsonPathError says what cannot be read, or is not supported."""
        steps = [_step(segment) for segment in read(text).segments]
        known = [step for step in steps if step is not None]
        if len(known) < len(steps):
            raise JsonPathError(
                f"{text!r} cannot be read by a transform job: only $ .name * ['a','b'] [1,3] [-1] [s:e] are supported"
            )
        return cls(text, tuple(known))

    @property
    def is_identity(self) -> bool:
        return not self.steps

    @property
    def has_explicit_end(self) -> bool:
        """Whether a slice's end is written, which the guide and practice read differently."""
        parts = [part for step in self.steps for part in (step.parts if isinstance(step, Parts) else (step,))]
        return any(isinstance(part, Slice) and part.end is not None for part in parts)

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
        chosen = _chosen(fields, step, self.text)
        if not chosen:
            raise JsonPathError(f"{self.text} selects columns that a row with {len(fields)} columns does not have")
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
                raise JsonPathError(f"{self.text} asks for {', '.join(step.names)} of something that is not an object")
            missing = [name for name in step.names if name not in value]
            if missing:
                raise JsonPathError(f"{self.text} asks for {', '.join(missing)}, which the record does not have")
            if len(step.names) == 1:
                return self._follow(value[step.names[0]], rest)
            return {name: self._follow(value[name], rest) for name in step.names}
        if isinstance(step, All) and isinstance(value, dict):
            return [self._follow(member, rest) for member in value.values()]
        if not isinstance(value, list):
            raise JsonPathError(f"{self.text} asks for elements of something that is not an array")
        if isinstance(step, Indexes):
            elements = [_element(value, index, self.text) for index in step.indexes]
            if len(elements) == 1:
                return self._follow(elements[0], rest)
        else:
            elements = list(_chosen(value, step, self.text))
        return [self._follow(element, rest) for element in elements]


def _chosen(values: Sequence[Any], step: All | Slice | Indexes | Parts, text: str) -> Sequence[Any]:
    if isinstance(step, Parts):
        return [value for part in step.parts for value in _chosen(values, part, text)]
    if isinstance(step, Indexes):
        return [_element(values, index, text) for index in step.indexes]
    return values if isinstance(step, All) else values[step.start : step.end]


def _element(values: Sequence[Any], index: int, text: str) -> Any:
    if not -len(values) <= index < len(values):
        raise JsonPathError(f"{text} asks for index {index} of {len(values)}")
    return values[index]


def _step(segment: JSONPathSegment) -> Step | None:
    """None for what transform jobs do not know: descent, filters, steps of slices, unlike selectors in one bracket."""
    selectors = segment.selectors
    if not isinstance(segment, JSONPathChildSegment):
        return None
    if names := [selector.name for selector in selectors if isinstance(selector, NameSelector)]:
        return Names(tuple(names)) if len(names) == len(selectors) else None
    indexes = [selector.index for selector in selectors if isinstance(selector, IndexSelector)]
    if len(indexes) == len(selectors):
        return Indexes(tuple(indexes))
    only = selectors[0]
    if len(selectors) == 1 and isinstance(only, WildcardSelector):
        return All()
    parts = [_part(selector) for selector in selectors]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else Parts(tuple(known))


def _part(selector: JSONPathSelector) -> Indexes | Slice | None:
    if isinstance(selector, IndexSelector):
        return Indexes((selector.index,))
    if isinstance(selector, SliceSelector) and selector.slice.step in (None, 1):
        return Slice(selector.slice.start, selector.slice.stop)
    return None
