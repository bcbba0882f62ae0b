"""Completes a pipeline's sample by its schema: for tests, which a feature added to schema.yml must not turn red.

What a sample lacks is made up, so nothing about the team's data can be learned from it: whoever completes one says
which columns they are. Jobs never do: to them a column that the input lacks is an error.
"""

from __future__ import annotations

import csv
import io
import math

from pipelines.tabular.schema import Feature, Schema, positions


def completed(text: str, schema: Schema) -> tuple[str, list[str]]:
    """CSV text with a header line, with the schema's columns that it lacks, and their names."""
    header, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    first, *others = header
    lacking = positions(schema, [first.removeprefix("\ufeff"), *others])[1]
    if not lacking:
        return text, []
    features = {feature.name: feature for feature in schema.features}
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*header, *lacking])
    for number, row in enumerate(rows, start=1):
        made_up = [_value(features[name]) if name in features else f"R{number:04d}" for name in lacking]
        writer.writerow([*row, *made_up])
    return written.getvalue(), lacking


def _value(feature: Feature) -> str:
    """One that the feature may have."""
    if feature.type in ("number", "integer"):
        return f"{_number(feature):.17g}"
    if feature.type == "boolean":
        return "true"
    if feature.type == "date":
        return "2026-01-31"
    return min(feature.codes or feature.values or {"a"})


def _number(feature: Feature) -> float:
    """As near to 0 as may be."""
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    nearest = min(max(0.0, low), high)
    if feature.type == "integer":
        return float(math.ceil(nearest) if nearest > 0 else math.floor(nearest))
    return nearest
