"""Unlabelled data to score: tumours like those of the data set, with noise, as raw CSV files that preprocessing reads.

The same files every time. Some values are missing, as in real data; no row is invalid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from examples.records import FEATURES, RECORD_ID

ROWS = 20_000
FILES = 5
SEED = 7
NOISE = 0.05  # relative standard deviation
MISSING_SHARE = 0.002


def scoring_rows(rows: int = ROWS) -> np.ndarray[Any, Any]:
    """The features of so many tumours; NaN where a value is missing."""
    random = np.random.default_rng(SEED)
    measured = load_breast_cancer().data
    drawn = measured[random.integers(len(measured), size=rows)]
    noisy = drawn * np.clip(random.normal(1.0, NOISE, size=drawn.shape), 0.5, 1.5)
    noisy[random.random(noisy.shape) < MISSING_SHARE] = np.nan
    return noisy


def scoring_files(rows: int = ROWS, files: int = FILES) -> dict[str, bytes]:
    """File name -> CSV with a header line: a record id and the features."""
    header = ",".join((RECORD_ID, *FEATURES))
    form = "T%06d" + ",%.6g" * len(FEATURES)
    lines = [form % (number, *row) for number, row in enumerate(scoring_rows(rows).tolist(), start=1)]
    shares = np.array_split(np.arange(rows), files)
    return {
        f"tumours-{number:02d}.csv": "\n".join([header, *(lines[index] for index in share), ""])
        .replace("nan", "")
        .encode()
        for number, share in enumerate(shares, start=1)
    }
