"""CreateModelPackage's request for a trained example: everything that a careful team would register with a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from examples.candidates import Candidate

JSON_TYPE, CSV_TYPE, JSON_LINES_TYPE = "application/json", "text/csv", "application/jsonlines"
INSTANCE_TYPES = ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.c5.xlarge", "ml.c5.2xlarge"]
SHOWN_METRICS = ("accuracy", "recall", "precision", "f1", "auc")


def artifact_prefix(group: str, candidate: Candidate) -> str:
    """Where a candidate's files lie in the dev bucket."""
    return f"models/{group}/{candidate.name}-{candidate.training_id}/"


def package_description(candidate: Candidate) -> str:
    """Tells one registered training from another, so that none is registered twice."""
    return f"{candidate.description} (training {candidate.training_id})"


def already_registered(
    candidate: Candidate, registered: Mapping[str, dict[str, Any]], *, any_training: bool
) -> dict[str, Any] | None:
    """The candidate's package among those registered (by description); with ``any_training`` an earlier one counts."""
    found = registered.get(package_description(candidate))
    if found is None and any_training:
        start = f"{candidate.description} (training "
        found = next((each for description, each in registered.items() if description.startswith(start)), None)
    return found


def package_request(
    candidate: Candidate, group: str, project_id: str, image: str, prefix_uri: str, files: Mapping[str, bytes]
) -> dict[str, Any]:
    """The request; ``files`` are the candidate's, by name, all of them below ``prefix_uri`` (``s3://.../``).

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
    """
    model_quality = _statistics_and_constraints(prefix_uri, "model-quality")
    data_quality = _statistics_and_constraints(prefix_uri, "data-quality")
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": package_description(candidate),
        "ModelApprovalStatus": "PendingManualApproval",
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "SkipModelValidation": "All",
        "SourceUri": f"{prefix_uri}train.py",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": image,
                    "ModelDataUrl": f"{prefix_uri}model.tar.gz",
                    "Environment": {
                        "SAGEMAKER_PROGRAM": "inference.py",
                        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                    },
                }
            ],
            "SupportedContentTypes": [CSV_TYPE],
            "SupportedResponseMIMETypes": [CSV_TYPE, JSON_LINES_TYPE, JSON_TYPE],
            "SupportedTransformInstanceTypes": INSTANCE_TYPES,
            "SupportedRealtimeInferenceInstanceTypes": INSTANCE_TYPES,
        },
        "ModelMetrics": {"ModelQuality": model_quality, "ModelDataQuality": data_quality},
        "DriftCheckBaselines": {"ModelQuality": model_quality, "ModelDataQuality": data_quality},
        "MetadataProperties": {"GeneratedBy": "examples/train.py", "ProjectId": project_id},
        "CustomerMetadataProperties": _metadata(candidate, files),
    }


def _statistics_and_constraints(prefix_uri: str, name: str) -> dict[str, Any]:
    return {
        kind.title(): {"ContentType": JSON_TYPE, "S3Uri": f"{prefix_uri}{name}-{kind}.json"}
        for kind in ("statistics", "constraints")
    }


def _metadata(candidate: Candidate, files: Mapping[str, bytes]) -> dict[str, str]:
    reached = json.loads(files["model-quality-statistics.json"])["binary_classification_metrics"]
    return {
        "training_id": candidate.training_id,
        "algorithm": candidate.estimator,
        # metadata takes no braces, quotes or commas
        "hyperparameters": " ".join(f"{name}={value}" for name, value in sorted(candidate.hyperparameters.items())),
        "data_set": "sklearn.datasets.load_breast_cancer",
        **{name: f"{reached[name]['value']:.4f}" for name in SHOWN_METRICS},
    }
