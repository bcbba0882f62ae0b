"""Serves a weighted sum in the scikit-learn image: CSV records in, one number a line out. Runs in a transform job."""

from __future__ import annotations

import json
from pathlib import Path


def model_fn(model_dir: str) -> list[float]:
    weights: list[float] = json.loads((Path(model_dir) / "weights.json").read_text())
    return weights


def input_fn(request_body: str | bytes, content_type: str) -> list[list[float]]:
    text = request_body.decode() if isinstance(request_body, bytes) else request_body
    return [[float(cell) for cell in line.split(",")] for line in text.splitlines() if line.strip()]


def predict_fn(records: list[list[float]], model: list[float]) -> list[float]:
    return [sum(weight * value for weight, value in zip(model, record, strict=True)) for record in records]


def output_fn(predictions: list[float], accept: str) -> tuple[str, str]:
    return "".join(f"{each}\n" for each in predictions), "text/csv"
