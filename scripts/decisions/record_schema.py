"""A pipeline's schema file: its records' columns, and what the model predicts of each; one file that all share.

Preprocessing checks and orders rows by it, verification knows by it which columns are predictions and what they may
be, and everybody who shows predictions names the columns by it. ``scripts.workspace.record_schemas`` reads the file;
this is pure. In a job the schema is JSON (``document``), with every default written out, so that what runs there needs
neither YAML nor these classes.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# A column may be called what a CSV header can say, but for line breaks and blanks at its ends.
Name = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]([^\r\n\x00-\x1f]{0,126}[^\s\x00-\x1f])?$")]
FeatureType = Literal["number", "integer", "boolean", "category", "date", "text"]
NUMERIC: tuple[FeatureType, ...] = ("number", "integer")
MISSING_VALUES = ("", "na", "n/a", "nan", "null", "none")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Feature(_Part):
    """One column that the model takes."""

    name: Name = Field(description="The column's name in the input's header; case and spaces do not matter.")
    type: FeatureType = Field(default="number", description="What a value must be; a row with another is rejected.")
    missing: bool = Field(
        default=False, description="Whether a value may be missing; the model then gets an empty one."
    )
    minimum: float | None = Field(default=None, description="The smallest value that a row may have.")
    maximum: float | None = Field(default=None, description="The largest value that a row may have.")
    values: list[str] | None = Field(
        default=None, min_length=1, description="The only values that a category may have."
    )
    codes: dict[str, float] | None = Field(
        default=None, min_length=1, description="The number that the model gets for each value of a category."
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> Feature:
        if self.type not in NUMERIC and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"{self.name}: minimum and maximum are for numbers, not for type {self.type}")
        if self.type != "category" and (self.values or self.codes):
            raise ValueError(f"{self.name}: values and codes are for categories, not for type {self.type}")
        if self.values and self.codes:
            raise ValueError(f"{self.name}: give values or codes, not both: codes name the values already")
        _require_order(self.name, self.minimum, self.maximum)
        return self


class Prediction(_Part):
    """One value that the model gives for each record, in the order of its output."""

    name: Name = Field(description="What the column is called wherever predictions are shown.")
    type: Literal["number", "probability", "class"] = "number"
    minimum: float | None = Field(default=None, description="The smallest value allowed; 0 for a probability.")
    maximum: float | None = Field(default=None, description="The largest value allowed; 1 for a probability.")
    labels: list[str] | None = Field(default=None, min_length=1, description="The only classes that there may be.")
    key: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="Where it is in a JSON output record, such as SageMakerOutput.score; not for CSV."
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> Prediction:
        if self.type != "class" and self.labels:
            raise ValueError(f"{self.name}: labels are for type class, not for {self.type}")
        if self.type == "class" and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"{self.name}: a class has no minimum and maximum")
        low, high = self.bounds
        _require_order(self.name, low, high)
        return self

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        if self.type != "probability":
            return self.minimum, self.maximum
        return (0.0 if self.minimum is None else self.minimum), (1.0 if self.maximum is None else self.maximum)


class RecordSchema(_Part):
    """The schema file."""

    record_id: Name = Field(
        description="The column that tells one record from another; it stays beside the prediction."
    )
    features: Annotated[list[Feature], Field(min_length=1)] = Field(description="In the order that the model takes.")
    predictions: Annotated[list[Prediction], Field(min_length=1)] = Field(description="In the order that it gives.")
    missing_values: list[str] = Field(
        default=list(MISSING_VALUES), description="What stands for a missing value; case does not matter."
    )

    @model_validator(mode="after")
    def _names_are_one_each(self) -> RecordSchema:
        columns = [normalised(name) for name in (self.record_id, *self.feature_names)]
        for kind, names in (("columns", columns), ("predictions", self.prediction_names)):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"{kind} named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _values_can_occur(self) -> RecordSchema:
        """Preprocessing takes blanks at a value's ends away, looks whether it is missing, and lets no line break in."""
        missing = {value.lower() for value in self.missing_values}
        for feature in self.features:
            for value in feature.values or feature.codes or ():
                if value.lower() in missing:
                    raise ValueError(
                        f"{feature.name}: the value {value!r} counts as missing; take it out of the values,"
                        " or give missing_values without it"
                    )
                if value != value.strip() or "\n" in value or "\r" in value:
                    raise ValueError(
                        f"{feature.name}: no row can have the value {value!r}: blanks at its ends are taken away,"
                        " and a row with a line break in a feature is rejected"
                    )
        return self

    @property
    def feature_names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def prediction_names(self) -> list[str]:
        return [prediction.name for prediction in self.predictions]

    def output_names(self, width: int) -> list[str]:
        """What the columns of an output row are called; empty where a row of that width is not one of this schema.

        The predictions come last: alone, after the record id, or after the whole record, as the transform joins them.
        """
        columns = [self.record_id, *self.feature_names]
        for before in ([], columns[:1], columns):
            if len(before) + len(self.predictions) == width:
                return [*before, *self.prediction_names]
        return []

    @property
    def document(self) -> dict[str, Any]:
        """The schema for what runs in a job: plain JSON, every default written out."""
        return self.model_dump(mode="json")


def normalised(name: str) -> str:
    """A column's name as names are compared."""
    return name.strip().lower().replace(" ", "_")


def _require_order(name: str, low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"{name}: the minimum {low:g} is above the maximum {high:g}")
