"""Trains the example models: tumours, benign or malignant, by the breast cancer data that scikit-learn bundles.

All that is fitted, the imputing and scaling too, is fitted here on the training part and saved as one model: nothing
is left for preprocessing to learn.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from examples import evaluation
from examples.candidates import Candidate
from examples.packaging import model_archive
from examples.records import FEATURES

Array = np.ndarray[Any, Any]

TEST_SHARE = 0.2
SPLIT_SEED = 20


@dataclass(frozen=True)
class TrainedModel:
    """A trained candidate: the fitted model, its archive, and what is known about it, by file name."""

    candidate: Candidate
    model: Any
    archive: bytes
    reports: dict[str, bytes]

    @property
    def metrics(self) -> dict[str, float]:
        """Accuracy, recall, precision, f1 and auc on the held-out data."""
        reached = json.loads(self.reports["model-quality-statistics.json"])["binary_classification_metrics"]
        return {name: reached[name]["value"] for name in evaluation.COMPARED}


@dataclass(frozen=True)
class Data:
    """Features (rows by FEATURES) and labels (1 is malignant), split once for all candidates."""

    train: Array
    test: Array
    train_labels: Array
    test_labels: Array


@lru_cache(maxsize=1)
def data() -> Data:
    """569 tumours, a fifth of them held out."""
    bunch = load_breast_cancer()
    names = tuple(str(name).replace(" ", "_") for name in bunch.feature_names)
    if names != FEATURES:
        raise ValueError(f"the features of preprocess.py are not those of the data: {sorted({*names} ^ {*FEATURES})}")
    malignant = 1 - bunch.target  # the data set calls benign tumours 1
    train, test, train_labels, test_labels = train_test_split(
        bunch.data, malignant, test_size=TEST_SHARE, stratify=malignant, random_state=SPLIT_SEED
    )
    return Data(train, test, train_labels, test_labels)


def train(candidate: Candidate) -> TrainedModel:
    """Fit, evaluate on the held-out data, and package."""
    split = data()
    model = Pipeline(
        [
            ("impute", SimpleImputer(strategy="median")),
            ("scale", StandardScaler()),
            ("classify", _estimator(candidate)),
        ]
    ).fit(split.train, split.train_labels)
    probabilities = model.predict_proba(split.test)[:, 1]
    statistics = evaluation.model_quality_statistics(split.test_labels, model.predict(split.test), probabilities)
    reports = {
        "model-quality-statistics.json": statistics,
        "model-quality-constraints.json": evaluation.model_quality_constraints(statistics),
        "data-quality-statistics.json": evaluation.data_statistics(split.train, FEATURES),
        "data-quality-constraints.json": evaluation.data_constraints(split.train, FEATURES),
    }
    written = {name: (json.dumps(report, indent=2) + "\n").encode() for name, report in reports.items()}
    return TrainedModel(candidate, model, model_archive(model), written)


def _estimator(candidate: Candidate) -> Any:
    module, _, name = candidate.estimator.rpartition(".")
    return getattr(importlib.import_module(module), name)(**candidate.hyperparameters)
