"""What SAGEMAKER_INFERENCE_OUTPUT asks the XGBoost image for: labels, probabilities and scores in place of predictions.

Pure: what the booster predicted goes in as plain numbers, the response's text comes out. It is run by its path, beside
``xgboost_image.py``, and imports nothing.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

_LABEL, _RAW = ("predicted_label", "labels"), ("raw_score", "raw_scores")
_EVERY = (*_LABEL, "probability", "probabilities", *_RAW)
_SELECTABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("reg:squarederror", "reg:logistic", "reg:gamma", "reg:absoluteerror", "reg:tweedie"), ("predicted_score",)
    ),
    "binary:logistic": _EVERY,
    "multi:softprob": _EVERY,
    **dict.fromkeys(("binary:logitraw", "binary:hinge", "multi:softmax"), (*_LABEL, *_RAW)),
}


def selected(predictions: Sequence[Any], wanted: str, objective: str, classes: int, accept: str) -> str:
    """The response; each prediction is a number, or a list of numbers with multi:softprob.

    What the objective does not know is NaN, as in the image. ValueError names an objective without any selection.
    """
    keys = wanted.replace(" ", "").lower().split(",")
    if objective not in _SELECTABLE:
        raise ValueError(f"Objective `{objective}` unsupported for selectable inference predictions.")
    rows = [
        {key: _value(key, each, objective, classes) if key in _SELECTABLE[objective] else math.nan for key in keys}
        for each in predictions
    ]
    if accept == "application/json":
        return json.dumps({"predictions": rows})
    if accept == "application/jsonlines":
        return "".join(f"{json.dumps(row)}\n" for row in rows)
    if accept == "text/csv":
        return "".join(",".join(_field(row[key]) for key in keys) + "\n" for row in rows)
    raise ValueError(f"localaws does not write selected predictions as {accept}, which the image does: use text/csv")


def _value(key: str, predicted: Any, objective: str, classes: int) -> Any:
    several = predicted if isinstance(predicted, list) else [1.0 - predicted, predicted]
    if key == "predicted_label":
        return _label(predicted, objective)
    if key == "labels":
        return [0, 1] if objective.startswith("binary:") else list(range(classes))
    if key in ("probabilities", "raw_scores"):
        return several
    return max(predicted) if isinstance(predicted, list) else predicted


def _label(predicted: Any, objective: str) -> Any:
    if objective == "multi:softprob":
        return predicted.index(max(predicted))
    if objective == "binary:logistic":
        return int(predicted > 0.5)
    return int(predicted > 0) if objective == "binary:logitraw" else predicted


def _field(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)
