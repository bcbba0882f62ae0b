"""Serves a scikit-learn model that was saved with skops: CSV records in, one line of predictions each.

As for a joblib file (the module of that handler, ``sklearn_inference``, travels beside this one), but skops loads it
and refuses types that it does not know: such a model needs code of your own (CODE=inference.py) that trusts them.

Written by ``make register``.
https://skops.readthedocs.io/en/stable/persistence.html
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import skops.io
from sklearn_inference import input_fn, output_fn, predict_fn, wants_probabilities

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]


def model_fn(model_dir: str) -> Any:
    model = skops.io.load(Path(model_dir) / "model.skops")
    if wants_probabilities() and not hasattr(model, "predict_proba"):
        raise ValueError(f"MODEL_OUTPUT is probability, and {type(model).__name__} has no predict_proba")
    return model
