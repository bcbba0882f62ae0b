"""What a sample of a team's data, or a list of columns, says of its records: the schema a new pipeline begins with.

Types and what may be missing are those of the sample. Of ranges it takes only that nothing is negative, where nothing
was: the largest value of a sample is no law, so it is told in a comment. Pure; the sample is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.decisions.record_schema import Feature, FeatureType, Prediction, RecordSchema, normalised
from scripts.errors import UsageError

MOST_VALUES = 20  # of a text column, to be a category with these values
MOST_CLASSES = 20  # of a target of whole numbers, to be classes and not quantities
COLUMNS_EXAMPLE = 'make new COLUMNS="customer_id,tenure:integer,plan:category=basic|plus,charge:number?" ...'
_COLUMN = re.compile(r"(?P<name>[^:?]+?)(:(?P<type>[a-z]+)(=(?P<values>[^?]+))?)?(?P<missing>\?)?")


@dataclass(frozen=True)
class Column:
    """One column: its type, whether a value is missing, and what is known of its values.

    ``values`` are all of them, as text, where there are few; ``low`` and ``high`` of numbers; ``unique`` where no two
    rows share one and none is missing. ``line_breaks``: a value has one, which no record that a job splits may have.
    """

    name: str
    type: FeatureType
    missing: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] | None = None
    unique: bool = False
    line_breaks: bool = False


def listed_columns(text: str) -> list[Column]:
    """Columns written out: ``customer_id,tenure:integer,plan:category=basic|plus,charge:number?``; ? may be missing.

    Raises UsageError for what is no such list.
    """
    columns = []
    for number, part in enumerate(filter(None, (each.strip() for each in text.split(","))), start=1):
        match = _COLUMN.fullmatch(part)
        kind: Any = (match["type"] if match else None) or ("text" if number == 1 else "number")
        if not match or kind not in FeatureType.__args__:  # type: ignore[attr-defined]  # a Literal has them
            raise UsageError(
                f"COLUMNS: {part!r} is no column",
                found=["types: number, integer, boolean, category, date, text"],
                next_command=COLUMNS_EXAMPLE,
            )
        values = tuple(match["values"].split("|")) if match["values"] else None
        columns.append(Column(match["name"].strip(), kind, bool(match["missing"]), values=values, unique=number == 1))
    if len(columns) < 2:
        raise UsageError(
            "COLUMNS names no record id and feature",
            found=[f"columns: {len(columns)}"],
            next_command=COLUMNS_EXAMPLE,
        )
    return columns


def listed_predictions(text: str) -> list[Prediction]:
    """Predictions written out: ``label:class,score:probability``. Raises UsageError for what is no such list."""
    found = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, kind = part.partition(":")
        try:
            found.append(Prediction.model_validate({"name": name.strip(), "type": kind.strip() or "number"}))
        except ValueError as error:
            raise UsageError(
                f"PREDICTIONS: {part!r} is no prediction",
                found=["types: number, probability, class"],
                next_command='make new PREDICTIONS="label:class,score:probability" ...',
            ) from error
    return found


def find_column(columns: Sequence[Column], name: str, use: str) -> Column:
    """The column of that name. Raises UsageError that lists those there are."""
    for column in columns:
        if normalised(column.name) == normalised(name):
            return column
    raise UsageError(
        f"{use}: there is no column {name!r}",
        found=[f"columns: {', '.join(column.name for column in columns)}"],
        next_command=f"the same command with {use}=<one of these>",
    )


def likely_record_id(columns: Sequence[Column]) -> Column | None:
    """The column that looks like the record id: different in each row, and named so; None where none does."""
    unique = [column for column in columns if column.unique]
    named = [column for column in unique if re.search(r"(^|[^a-z])(id|key|uuid|number|no)$", normalised(column.name))]
    texts = [column for column in unique if column.type == "text"]
    return next(iter([*named, *texts]), None)


def likely_predictions(target: Column | None) -> list[Prediction]:
    """What a model that learned ``target`` probably gives: a probability of two values, a class of few, or a number."""
    if target is None:
        return [Prediction(name="prediction")]
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", target.name).strip("_") or "prediction"
    classes = target.values if target.type in ("category", "text", "integer", "boolean") else None
    if target.type == "boolean" or (classes is not None and len(classes) == 2):
        return [Prediction(name=f"{stem}_probability", type="probability")]
    if classes is not None and len(classes) <= MOST_CLASSES:
        return [Prediction(name=f"predicted_{stem}", type="class", labels=sorted(classes))]
    return [Prediction(name=f"predicted_{stem}")]


def schema_from(
    columns: Sequence[Column], record_id: Column, target: Column | None, predictions: Sequence[Prediction]
) -> RecordSchema:
    """The schema of all columns but the target and those left out. Raises UsageError where it cannot be one."""
    if record_id.line_breaks:
        raise UsageError(
            f"RECORD_ID: values of {record_id.name} have line breaks, and a record is a line",
            next_command="the same command with RECORD_ID=<another column>",
        )
    left_out = (record_id, target, *columns_left_out(columns))
    features = [_feature(column) for column in columns if column not in left_out]
    document = {
        "record_id": record_id.name,
        "features": features,
        "predictions": [each.model_dump(exclude_defaults=True) for each in predictions],
    }
    try:
        return RecordSchema.model_validate(document)
    except ValueError as error:
        raise UsageError(
            "these columns make no schema",
            found=str(error).splitlines()[1:4],
            next_command="rename the columns, or give COLUMNS=",
        ) from error


def columns_left_out(columns: Sequence[Column]) -> list[Column]:
    """The columns that can be no features: an index without a name, and values of which every row would be rejected."""
    return [column for column in columns if column.line_breaks or not column.name]


def why_left_out(column: Column) -> str:
    if not column.name:
        return "a column without a name"
    return f"{column.name}: values with line breaks, and a record is a line"


def _feature(column: Column) -> dict[str, Any]:
    feature: dict[str, Any] = {"name": column.name, "type": column.type}
    if column.missing:
        feature["missing"] = True
    if column.low is not None and column.low >= 0:
        feature["minimum"] = 0.0
    if column.type == "category" and column.values:
        feature["values"] = sorted(column.values)
    return feature


def made_up_rows(schema: RecordSchema, rows: int) -> str:
    """CSV rows with a header line that the schema accepts, for a pipeline whose data nobody has shown yet."""
    lines = [",".join(_quoted(name) for name in (schema.record_id, *schema.feature_names))]
    for number in range(1, rows + 1):
        values = [_made_up(feature, number) for feature in schema.features]
        lines.append(",".join([f"R{number:04d}", *map(_quoted, values)]))
    return "\n".join([*lines, ""])


def _made_up(feature: Feature, number: int) -> str:
    if feature.type == "category":
        values = sorted(feature.codes or {}) or feature.values or ["a", "b"]
        return values[number % len(values)]
    if feature.type == "boolean":
        return ("true", "false")[number % 2]
    if feature.type == "date":
        return f"2026-01-{number % 28 + 1:02d}"
    if feature.type == "text":
        return f"text {number}"
    low = feature.minimum if feature.minimum is not None else 0.0
    high = feature.maximum if feature.maximum is not None else low + 100
    value = low + (high - low) * (number % 10) / 10
    return f"{round(value)}" if feature.type == "integer" else f"{value:g}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(each in text for each in ',"') else text
