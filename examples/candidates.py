"""The example models as a team would have them over time, and what was decided about each. Imports no scikit-learn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

Decision = Literal["Approved", "Rejected", "PendingManualApproval"]

_EXAMPLES = Path(__file__).parent


@dataclass(frozen=True)
class Candidate:
    """A model to train, and what the team decided about it. ``reason`` is None while nobody has decided.

    ``estimator`` is the class's full name, so that reading this module does not import scikit-learn.
    """

    name: str
    description: str
    hyperparameters: dict[str, Any]
    estimator: str
    decision: Decision
    reason: str | None

    @property
    def training_id(self) -> str:
        """12 hex digits that stand for all that decides what is trained: this candidate, the code, the library."""
        return hashlib.sha256(f"{self!r} {source_digest()}".encode()).hexdigest()[:12]


# In the order of registration: the newest Approved version is not the newest version.
CANDIDATES = (
    Candidate(
        "strong-regularisation",
        "Logistic regression, strongly regularised",
        {"C": 0.01, "max_iter": 1000, "random_state": 1},
        "sklearn.linear_model.LogisticRegression",
        "Approved",
        "First model that finds more than nine in ten malignant tumours",
    ),
    Candidate(
        "decision-stump",
        "Decision tree of a single question",
        {"max_depth": 1, "random_state": 2},
        "sklearn.tree.DecisionTreeClassifier",
        "Rejected",
        "Misses too many malignant tumours",
    ),
    Candidate(
        "logistic-regression",
        "Logistic regression",
        {"C": 1.0, "max_iter": 1000, "random_state": 3},
        "sklearn.linear_model.LogisticRegression",
        "Approved",
        "Better than the model in use in recall and precision",
    ),
    Candidate(
        "random-forest",
        "Random forest of 100 trees",
        {"n_estimators": 100, "max_depth": 8, "random_state": 4},
        "sklearn.ensemble.RandomForestClassifier",
        "PendingManualApproval",
        None,
    ),
)


def source_digest() -> str:
    """Of the code and the library that models and scoring data come from: equal digests give equal files."""
    digest = hashlib.sha256(metadata.version("scikit-learn").encode())
    for path in sorted(_EXAMPLES.glob("*.py")):
        if path.name != "seed.py":
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
