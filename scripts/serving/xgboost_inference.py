"""Serves an XGBoost model that gives several values a record: CSV records in, one line with a column for each value.

A record's fields are the features in the order of training, without a header; an empty field is a missing value. The
image's own algorithm would write the values of a record as one list in brackets, which is no CSV.

Written by ``make register``; for anything else give code of your own (CODE=inference.py).
https://xgboost.readthedocs.io/en/stable/python/python_api.html#xgboost.Booster
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost

CSV, JSON = "text/csv", "application/json"


def model_fn(model_dir: str) -> Any:
    model = xgboost.Booster()
    model.load_model(next(str(path) for path in sorted(Path(model_dir).glob("xgboost-model*"))))
    return model


def input_fn(request_body: str | bytes, content_type: str) -> Any:
    """One row per record, NaN where a value is missing."""
    if content_type.partition(";")[0].strip().lower() != CSV:
        raise ValueError(f"content type {content_type} is not supported; send {CSV}")
    text = request_body.decode("utf-8") if isinstance(request_body, bytes) else request_body
    return pd.read_csv(io.StringIO(text), header=None, dtype=np.float64, skip_blank_lines=False).to_numpy()


def predict_fn(features: Any, model: Any) -> list[list[float]]:
    if features.shape[1] != model.num_features():
        raise ValueError(f"the model takes {model.num_features()} features a record, found {features.shape[1]}")
    predictions = model.predict(xgboost.DMatrix(features), validate_features=False)
    return np.asarray(predictions).reshape(len(features), -1).tolist()


def output_fn(predictions: list[list[float]], accept: str) -> tuple[str, str]:
    kind = (accept or CSV).partition(";")[0].strip().lower()
    if kind in (CSV, "*/*"):
        return "".join(",".join(map(repr, row)) + "\n" for row in predictions), CSV
    if kind == JSON:
        return json.dumps({"predictions": predictions}), JSON
    raise ValueError(f"accept {accept} is not supported; ask for {CSV} or {JSON}")
