"""Serves a LightGBM model in its text format, in the scikit-learn image: CSV records in, one line of predictions each.

A record's fields are the features in the order of training, without a header; an empty field is a missing value. What a
prediction is, the model's objective says: a number, the probability of class 1, or a column for each class.

Written by ``make register``, with LightGBM's release in requirements.txt; for anything else give code of your own.
https://lightgbm.readthedocs.io/en/stable/pythonapi/lightgbm.Booster.html
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

CSV, JSON = "text/csv", "application/json"


def model_fn(model_dir: str) -> Any:
    return lightgbm.Booster(model_file=str(Path(model_dir) / "model.txt"))


def input_fn(request_body: str | bytes, content_type: str) -> Any:
    """One row per record, NaN where a value is missing."""
    if content_type.partition(";")[0].strip().lower() != CSV:
        raise ValueError(f"content type {content_type} is not supported; send {CSV}")
    text = request_body.decode("utf-8") if isinstance(request_body, bytes) else request_body
    return pd.read_csv(io.StringIO(text), header=None, dtype=np.float64, skip_blank_lines=False).to_numpy()


def predict_fn(features: Any, model: Any) -> list[list[float]]:
    if features.shape[1] != model.num_feature():
        raise ValueError(f"the model takes {model.num_feature()} features a record, found {features.shape[1]}")
    return np.asarray(model.predict(features)).reshape(len(features), -1).tolist()


def output_fn(predictions: list[list[float]], accept: str) -> tuple[str, str]:
    kind = (accept or CSV).partition(";")[0].strip().lower()
    if kind in (CSV, "*/*"):
        return "".join(",".join(map(repr, row)) + "\n" for row in predictions), CSV
    if kind == JSON:
        return json.dumps({"predictions": predictions}), JSON
    raise ValueError(f"accept {accept} is not supported; ask for {CSV} or {JSON}")
