"""What is known about a trained model, as the JSON files that SageMaker's model registry and Model Monitor read.

Model quality comes from the held-out data, data quality from the training data; each with the constraints that later
data can be compared with.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import metrics

Array = np.ndarray[Any, Any]

# A model that is worse than its baseline by more than this has drifted.
TOLERANCE = 0.02
COMPARED = ("accuracy", "recall", "precision", "f1", "auc")
ROC_POINTS = 21


def model_quality_statistics(labels: Array, predicted: Array, probabilities: Array) -> dict[str, Any]:
    """Of a binary classifier on held-out data; 1 is the positive class."""
    (true_negatives, false_positives), (false_negatives, true_positives) = metrics.confusion_matrix(labels, predicted)
    false_rates, true_rates, _ = metrics.roc_curve(labels, probabilities)
    grid = np.linspace(0, 1, ROC_POINTS)
    values = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "recall": metrics.recall_score(labels, predicted),
        "precision": metrics.precision_score(labels, predicted),
        "f1": metrics.f1_score(labels, predicted),
        "auc": metrics.roc_auc_score(labels, probabilities),
        "true_positive_rate": true_positives / (true_positives + false_negatives),
        "false_positive_rate": false_positives / (false_positives + true_negatives),
    }
    return {
        "version": 0.0,
        "dataset": {"item_count": len(labels)},
        "binary_classification_metrics": {
            "confusion_matrix": {
                "0": {"0": int(true_negatives), "1": int(false_positives)},
                "1": {"0": int(false_negatives), "1": int(true_positives)},
            },
            # One split has no deviation; Model Monitor writes NaN then, as text.
            **{name: {"value": float(value), "standard_deviation": "NaN"} for name, value in values.items()},
            "receiver_operating_characteristic_curve": {
                "false_positive_rates": grid.tolist(),
                "true_positive_rates": np.interp(grid, false_rates, true_rates).tolist(),
            },
        },
    }


def model_quality_constraints(statistics: dict[str, Any]) -> dict[str, Any]:
    """Thresholds a little below what the model reached."""
    reached = statistics["binary_classification_metrics"]
    return {
        "version": 0.0,
        "binary_classification_constraints": {
            name: {
                "threshold": round(reached[name]["value"] - TOLERANCE, 6),
                "comparison_operator": "LessThanThreshold",
            }
            for name in COMPARED
        },
    }


def data_statistics(features: Array, names: Sequence[str]) -> dict[str, Any]:
    """Of the data that the model was trained on, by feature."""
    return {
        "version": 0.0,
        "dataset": {"item_count": len(features)},
        "features": [_feature_statistics(name, column) for name, column in zip(names, features.T, strict=True)],
    }


def data_constraints(features: Array, names: Sequence[str]) -> dict[str, Any]:
    """What later data must be like: types, completeness, signs."""
    return {
        "version": 0.0,
        "features": [
            {
                "name": name,
                "inferred_type": "Fractional",
                "completeness": float(np.isfinite(column).mean()),
                "num_constraints": {"is_non_negative": bool(np.nanmin(column) >= 0)},
            }
            for name, column in zip(names, features.T, strict=True)
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
            },
        },
    }


def _feature_statistics(name: str, column: Array) -> dict[str, Any]:
    present = column[np.isfinite(column)]
    return {
        "name": name,
        "inferred_type": "Fractional",
        "numerical_statistics": {
            "common": {"num_present": len(present), "num_missing": len(column) - len(present)},
            "mean": float(present.mean()),
            "sum": float(present.sum()),
            "std_dev": float(present.std()),
            "min": float(present.min()),
            "max": float(present.max()),
        },
    }
