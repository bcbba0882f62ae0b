"""Serves a scikit-learn model that was saved with joblib or pickle: CSV records in, one line of predictions each.

A record's fields are the features in the order of training, without a header; an empty field is a missing value. A line
has the prediction, or several where the model predicts several. With MODEL_OUTPUT=probability a classifier of two
classes gives the probability of the second (``classes_[1]``), one of more classes a column for each, in the order of
``classes_``. A model that was trained on named columns gets them by these names.

Written by ``make register``; for anything else give code of your own (CODE=inference.py).
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html#load-a-model
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

CSV, JSON = "text/csv", "application/json"


def model_fn(model_dir: str) -> Any:
    model = joblib.load(Path(model_dir) / "model.joblib")
    if wants_probabilities() and not hasattr(model, "predict_proba"):
        raise ValueError(f"MODEL_OUTPUT is probability, and {type(model).__name__} has no predict_proba")
    return model


def input_fn(request_body: str | bytes, content_type: str) -> str:
    if content_type.partition(";")[0].strip().lower() != CSV:
        raise ValueError(f"content type {content_type} is not supported; send {CSV}")
    return request_body.decode("utf-8") if isinstance(request_body, bytes) else request_body


def predict_fn(records: str, model: Any) -> list[list[Any]]:
    """A row of plain values for each record."""
    features = features_of(records, getattr(model, "feature_names_in_", None))
    wanted = getattr(model, "n_features_in_", features.shape[1])
    if features.shape[1] != wanted:
        raise ValueError(f"the model takes {wanted} features a record, found {features.shape[1]}")
    if not wants_probabilities():
        return np.asarray(model.predict(features)).reshape(len(features), -1).tolist()
    probabilities = np.asarray(model.predict_proba(features))
    return (probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities).tolist()


def output_fn(predictions: list[list[Any]], accept: str) -> tuple[str, str]:
    kind = (accept or CSV).partition(";")[0].strip().lower()
    if kind in (CSV, "*/*"):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(predictions)
        return text.getvalue(), CSV
    if kind == JSON:
        return json.dumps({"predictions": predictions}), JSON
    raise ValueError(f"accept {accept} is not supported; ask for {CSV} or {JSON}")


def features_of(records: str, names: Any) -> Any:
    """Numbers alone for a model without column names; else a frame, whose columns of numbers are numbers."""
    options: dict[str, Any] = {"header": None, "keep_default_na": False, "na_values": [""], "skip_blank_lines": False}
    if names is None:
        frame = pd.read_csv(io.StringIO(records), dtype=np.float64, **options)
        # Row by row in memory, as in training: sums in another order differ in the last digit.
        return np.ascontiguousarray(frame.to_numpy())
    frame = pd.read_csv(io.StringIO(records), **options)
    if frame.shape[1] == len(names):
        frame.columns = list(names)
    return frame


def wants_probabilities() -> bool:
    return os.environ.get("MODEL_OUTPUT") == "probability"
