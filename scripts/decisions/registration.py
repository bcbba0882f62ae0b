"""CreateModelPackage's request for a model that a person registers: what a careful training pipeline would send.

Everything in it follows from the model's bytes, its image and what was said about it; so the same model asked for again
is the same request, and is found by its container.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.decisions.canonical import canonical_json, sha256_of
from scripts.decisions.framework_images import Image
from scripts.decisions.serving_code import PROGRAM
from scripts.errors import ModelPackageError, UsageError

CSV, JSON, LIBSVM = "text/csv", "application/json", "text/libsvm"
INSTANCE_TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.c5.xlarge", "ml.c5.2xlarge")
QUALITY = ("binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics")
_OF_NUMBERS = {"mae", "mse", "rmse", "r2"}
_SHOWN_METRICS = 20
_DIGEST_IN_KEY = 16
PENDING, APPROVED, REJECTED, FAILED = "PendingManualApproval", "Approved", "Rejected", "Failed"


@dataclass(frozen=True)
class Registration:
    """A model as it is to be registered. ``sha256`` is that of model.tar.gz; ``metrics`` model-quality statistics."""

    group: str
    bucket: str
    sha256: str
    image: Image
    scripted: bool
    probability: bool
    metrics: Mapping[str, Any] | None
    description: str | None
    git_commit: str | None
    registered_by: str
    further_types: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        return f"models/{self.group}/{self.sha256[:_DIGEST_IN_KEY]}/"

    @property
    def model_key(self) -> str:
        return f"{self.prefix}model.tar.gz"

    @property
    def model_uri(self) -> str:
        return f"s3://{self.bucket}/{self.model_key}"

    @property
    def metrics_text(self) -> str:
        return json.dumps(self.metrics, indent=2, sort_keys=True) + "\n"

    @property
    def metrics_key(self) -> str:
        return f"{self.prefix}model-quality-{sha256_of(self.metrics_text)[:_DIGEST_IN_KEY]}.json"

    @property
    def container(self) -> dict[str, Any]:
        environment = {}
        if self.scripted:
            environment = {"SAGEMAKER_PROGRAM": PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
        if self.probability:
            environment["MODEL_OUTPUT"] = "probability"
        found = {"Image": self.image.uri, "ModelDataUrl": self.model_uri}
        return {**found, "Environment": environment} if environment else found

    @property
    def request(self) -> dict[str, Any]:
        """Pending: approving is a call of its own, which takes the reason."""
        accepted = [CSV, LIBSVM] if self.image.framework == "xgboost" and not self.scripted else [CSV]
        instances = list(dict.fromkeys([*INSTANCE_TYPES, *self.instance_types]))
        request: dict[str, Any] = {
            "ModelPackageGroupName": self.group,
            "ModelApprovalStatus": PENDING,
            "InferenceSpecification": {
                "Containers": [self.container],
                "SupportedContentTypes": list(dict.fromkeys([*accepted, *self.further_types])),
                "SupportedResponseMIMETypes": list(dict.fromkeys([CSV, JSON, *self.further_types])),
                "SupportedTransformInstanceTypes": instances,
                "SupportedRealtimeInferenceInstanceTypes": instances,
            },
            "MetadataProperties": {"GeneratedBy": "make register"},
            "CustomerMetadataProperties": self._properties(),
        }
        if self.git_commit:
            request["MetadataProperties"]["CommitId"] = self.git_commit
        if self.description:
            request["ModelPackageDescription"] = self.description
        if self.metrics is not None:
            statistics = {"ContentType": JSON, "S3Uri": f"s3://{self.bucket}/{self.metrics_key}"}
            request["ModelMetrics"] = {"ModelQuality": {"Statistics": statistics}}
        return request

    def client_token(self, newest: str | None) -> str:
        """One registration for one state of the group, however often a killed command is started again."""
        return sha256_of(canonical_json([self.request, newest]))[:36]

    def _properties(self) -> dict[str, str]:
        told = {
            "model_sha256": self.sha256,
            "framework": self.image.framework or "image",
            "framework_version": self.image.version or "",
            "git_commit": self.git_commit or "",
            "registered_by": self.registered_by,
        }
        shown = list(flat_metrics(self.metrics or {}))[:_SHOWN_METRICS]
        told |= {name: f"{value:.6g}" for name, value in shown if name not in told}
        return {_property(name, 128): _property(value, 256) for name, value in told.items() if _property(value, 256)}


def is_registration_of(package: Mapping[str, Any], container: Mapping[str, Any]) -> bool:
    """Whether a version (BatchDescribeModelPackage's summary) is of this very container, and did not fail."""
    containers = (package.get("InferenceSpecification") or {}).get("Containers") or []
    if len(containers) != 1 or package.get("ModelPackageStatus") == FAILED:
        return False
    wanted = {"Environment": {}, **container}
    return {"Environment": {}, **containers[0]}.items() >= wanted.items()


def quality_statistics(text: str, subject: str) -> dict[str, Any]:
    """SageMaker's model-quality statistics: as the file has them, or made of a flat ``{"auc": 0.9}``.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_metrics(subject, f"it is not JSON: {str(error)[:200]}") from error
    if not isinstance(found, dict) or not found:
        raise _no_metrics(subject, "it is not a JSON object of metrics")
    if any(name in found for name in QUALITY):
        if not list(flat_metrics(found)):
            raise _no_metrics(subject, "its metrics have no number as value")
        return found
    wrong = [f"{name}: {json.dumps(value)[:60]}" for name, value in found.items() if not _is_number(value)]
    if wrong:
        raise _no_metrics(subject, *wrong[:10])
    kind = "regression_metrics" if _OF_NUMBERS & {name.lower() for name in found} else "binary_classification_metrics"
    return {"version": 0.0, kind: {name: {"value": value} for name, value in found.items()}}


def flat_metrics(statistics: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    """(name, value) of each metric of model-quality statistics that is one number."""
    for kind in QUALITY:
        metrics = statistics.get(kind)
        for name, metric in metrics.items() if isinstance(metrics, Mapping) else ():
            value = metric.get("value") if isinstance(metric, Mapping) else None
            if _is_number(value):
                yield str(name), float(value)  # type: ignore[arg-type]


def require_approvable(arn: str, status: str, names: Collection[str] = (APPROVED, PENDING)) -> None:
    """Raises ModelPackageError where somebody has rejected this very model."""
    if status not in names:
        raise ModelPackageError(
            f"this model is registered already, and its approval status is {status}",
            found=[arn],
            next_command="FORCE=1 registers it as a new version; or approve that one: aws sagemaker "
            f"update-model-package --model-approval-status Approved --model-package-arn {arn}",
        )


def require_description(description: str | None) -> None:
    """Raises UsageError for what CreateModelPackage would refuse."""
    text = description or ""
    if len(text) > 1024 or any(unicodedata.category(each)[0] == "C" for each in text):
        raise UsageError(
            "DESCRIPTION is longer than 1024 characters, or has line ends or other control characters",
            next_command="the same command with a shorter DESCRIPTION, in one line",
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _no_metrics(subject: str, *found: str) -> ModelPackageError:
    return ModelPackageError(
        f"{subject} holds no metrics that can be registered",
        found=list(found),
        next_command='write {"auc": 0.9}, or SageMaker\'s model-quality statistics, see docs/registering-a-model.md',
    )


def _property(text: str, longest: int) -> str:
    """What CustomerMetadataProperties takes: letters, digits, spaces and _.:/=+-@."""
    kept = [each if unicodedata.category(each)[0] in "LNZ" or each in "_.:/=+-@" else "_" for each in text]
    return "".join(kept)[:longest]
