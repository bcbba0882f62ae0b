"""The model's serving code: travels in model.tar.gz as ``code/inference.py`` and follows the handler contract.

CSV in, one record a line, the features in the order of training and nothing else; a missing value is an empty field.
Out come ``label,probability`` lines (1 is malignant), or the same as JSON. Fitted preprocessing is inside the model.
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html#load-a-model
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

MODEL_FILE = "model.joblib"
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"


def model_fn(model_dir: str) -> Any:
    """The fitted scikit-learn pipeline."""
    return joblib.load(Path(model_dir) / MODEL_FILE)


def input_fn(request_body: str | bytes, content_type: str) -> np.ndarray[Any, Any]:
    """One row per record, NaN where a value is missing. Raises ValueError that names the record it cannot read."""
    if _media_type(content_type) != CSV:
        raise ValueError(f"content type {content_type} is not supported; send {CSV}")
    text = request_body.decode("utf-8") if isinstance(request_body, bytes) else request_body
    try:
        frame = pd.read_csv(io.StringIO(text), header=None, dtype=np.float64)
    except (ValueError, pd.errors.ParserError) as error:
        raise ValueError(_first_bad_record(text) or f"the records are not CSV: {error}") from error
    # row by row in memory as in training: sums in another order differ in the last digit
    return np.ascontiguousarray(frame.to_numpy())


def predict_fn(features: np.ndarray[Any, Any], model: Any) -> np.ndarray[Any, Any]:
    """Two columns: the label that the model predicts, and the probability of malignancy."""
    if features.shape[1] != model.n_features_in_:
        raise ValueError(f"the model takes {model.n_features_in_} features a record, found {features.shape[1]}")
    probabilities = model.predict_proba(features)
    labels = model.classes_[probabilities.argmax(axis=1)]  # what model.predict does, without computing twice
    return np.column_stack([labels, probabilities[:, list(model.classes_).index(1)]])


def output_fn(predictions: np.ndarray[Any, Any], accept: str) -> tuple[str, str]:
    """The predictions as text, with their content type."""
    rows = [(int(label), float(probability)) for label, probability in predictions.tolist()]
    kind = _media_type(accept)
    if kind in (CSV, "*/*", ""):
        return "".join(f"{label},{probability!r}\n" for label, probability in rows), CSV
    records = [{"label": label, "probability": probability} for label, probability in rows]
    if kind == JSON_LINES:
        return "".join(json.dumps(record) + "\n" for record in records), JSON_LINES
    if kind == JSON:
        return json.dumps({"predictions": records}), JSON
    raise ValueError(f"accept {accept} is not supported; ask for {CSV}, {JSON_LINES} or {JSON}")


def _media_type(value: str | None) -> str:
    """``text/csv`` of ``text/csv; charset=utf-8``"""
    return (value or "").partition(";")[0].strip().lower()


def _first_bad_record(text: str) -> str | None:
    width = None
    for number, line in enumerate((line for line in text.splitlines() if line), start=1):
        fields = line.split(",")
        width = width or len(fields)
        if len(fields) != width:
            return f"record {number} has {len(fields)} fields, the first has {width}"
        for column, field in enumerate(fields, start=1):
            try:
                float(field or "nan")
            except ValueError:
                return f"record {number}, column {column}: {field[:40]!r} is not a number"
    return None
