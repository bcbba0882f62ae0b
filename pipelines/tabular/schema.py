"""A pipeline's schema as its jobs read it: which columns a record has, and what each value may be.

Runs in a processing job with the standard library alone. There the schema is schema.json, which a release makes of
schema.yml after checking it (``scripts.decisions.record_schema`` says what may be in it); this trusts it. In the tree,
where tests and training read it too, it is schema.yml itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

MISSING_VALUES = ("", "na", "n/a", "nan", "null", "none")
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


class InvalidValueError(Exception):
    """A value is not what its column may hold; the text says why, equal for all rows with the same fault."""


@dataclass(frozen=True)
class Feature:
    """One column that the model takes. ``codes`` are the numbers that stand for a category's values."""

    name: str
    type: str
    missing: bool
    minimum: float | None
    maximum: float | None
    values: frozenset[str] | None
    codes: Mapping[str, str] | None

    def clean(self, value: str) -> str:
        """The value as the model gets it. Raises InvalidValueError."""
        if self.type in ("number", "integer"):
            return self._number(value)
        if self.type == "boolean":
            return _boolean(self.name, value)
        if self.type == "date":
            return _date(self.name, value)
        if "\n" in value or "\r" in value:
            raise InvalidValueError(f"line break in {self.name}")
        if self.codes is not None:
            if value not in self.codes:
                raise InvalidValueError(f"{self.name} has an unknown value")
            return self.codes[value]
        if self.values is not None and value not in self.values:
            raise InvalidValueError(f"{self.name} has an unknown value")
        return value

    def _number(self, value: str) -> str:
        """As it was given, so that no digit is lost."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in value:
            raise InvalidValueError(f"{self.name} is not a number")
        if self.type == "integer" and not number.is_integer():
            raise InvalidValueError(f"{self.name} is not a whole number")
        if self.minimum is not None and number < self.minimum:
            raise InvalidValueError(f"{self.name} is below {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise InvalidValueError(f"{self.name} is above {self.maximum:g}")
        return value


@dataclass(frozen=True)
class Schema:
    """The record id's column, the features in the model's order, and the names of its predictions."""

    record_id: str
    features: tuple[Feature, ...]
    predictions: tuple[str, ...]
    missing_values: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in the model's order."""
        return tuple(feature.name for feature in self.features)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of preprocessing's output: the record id, then the features."""
        return (self.record_id, *self.names)

    def is_missing(self, value: str) -> bool:
        return value.lower() in self.missing_values


def schema_beside(script: str | Path) -> Schema:
    """The schema of the pipeline whose folder ``script`` is in: schema.json in a job, schema.yml in the tree."""
    folder = Path(script).resolve().parent
    compiled = folder / "schema.json"
    if compiled.exists():
        return schema_of(json.loads(compiled.read_text(encoding="utf-8")))
    import yaml  # in the tree alone: a job has no YAML

    return schema_of(yaml.safe_load((folder / "schema.yml").read_text(encoding="utf-8")))


def schema_of(document: Mapping[str, Any]) -> Schema:
    """The schema of a checked document; what it leaves out has the defaults of ``RecordSchema``."""
    return Schema(
        record_id=document["record_id"],
        features=tuple(_feature(each) for each in document["features"]),
        predictions=tuple(each["name"] for each in document["predictions"]),
        missing_values=frozenset(value.lower() for value in document.get("missing_values", MISSING_VALUES)),
    )


def positions(schema: Schema, header: Sequence[str]) -> tuple[list[int], list[str], list[str]]:
    """Where each of the schema's columns stands in a row with this header; which are missing; which are repeated."""
    names = [normalised(name) for name in header]
    wanted = [normalised(name) for name in schema.columns]
    missing = [column for column, name in zip(schema.columns, wanted, strict=True) if name not in names]
    repeated = sorted({name for name in wanted if names.count(name) > 1})
    found = [] if missing or repeated else [names.index(name) for name in wanted]
    return found, missing, repeated


def normalised(name: str) -> str:
    """A column's name as names are compared."""
    return name.strip().lower().replace(" ", "_")


def _feature(document: Mapping[str, Any]) -> Feature:
    values, codes = document.get("values"), document.get("codes")
    return Feature(
        name=document["name"],
        type=document.get("type", "number"),
        missing=document.get("missing", False),
        minimum=document.get("minimum"),
        maximum=document.get("maximum"),
        values=None if values is None else frozenset(values),
        codes=None if codes is None else {value: f"{code:.17g}" for value, code in codes.items()},
    )


def _boolean(name: str, value: str) -> str:
    """1 or 0."""
    if value.lower() in _TRUE:
        return "1"
    if value.lower() in _FALSE:
        return "0"
    raise InvalidValueError(f"{name} is neither true nor false")


def _date(name: str, value: str) -> str:
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))  # Python before 3.11 does not know the Z
    except ValueError:
        raise InvalidValueError(f"{name} is not a date such as 2026-01-31") from None
    return value
