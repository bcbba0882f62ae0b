"""Seeding by the command that users run, against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from examples.scoring_data import ROWS
from examples.tests.conftest import DEV, PREPROD, PROD, Seed

GROUP = "tumor-classifier"
BUCKET = f"tumor-screening-dev-{DEV}-eu-west-1"


def test_the_newest_approved_version_is_not_the_newest_version(seeded: str, client: Callable[..., Any]) -> None:
    assert [package["ModelApprovalStatus"] for package in _versions(client)] == [
        "PendingManualApproval",
        "Approved",
        "Rejected",
        "Approved",
    ]


def test_versions_are_completed_and_carry_everything_worth_knowing(seeded: str, client: Callable[..., Any]) -> None:
    newest_approved = _versions(client)[1]
    package = client("sagemaker").describe_model_package(ModelPackageName=newest_approved["ModelPackageArn"])
    assert package["ModelPackageStatus"] == "Completed"
    assert package["ApprovalDescription"].startswith("Better than")
    assert float(package["CustomerMetadataProperties"]["recall"]) > 0.9
    assert package["SourceUri"].endswith("/train.py")
    assert package["DriftCheckBaselines"]["ModelDataQuality"] == package["ModelMetrics"]["ModelDataQuality"]
    container = package["InferenceSpecification"]["Containers"][0]
    assert "sagemaker-scikit-learn" in container["Image"]
    for uri in [container["ModelDataUrl"], package["SourceUri"], *_uris(package["ModelMetrics"])]:
        assert _size(client, uri) > 100


def test_metrics_are_model_quality_json(seeded: str, client: Callable[..., Any]) -> None:
    package = client("sagemaker").describe_model_package(ModelPackageName=_versions(client)[1]["ModelPackageArn"])
    bucket, key = _split(package["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])
    statistics = json.loads(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert statistics["binary_classification_metrics"]["auc"]["value"] > 0.95


@pytest.mark.parametrize(("stage", "account"), [("preprod", PREPROD), ("prod", PROD)])
def test_each_stage_gets_input_to_score(
    seeded: str, client: Callable[..., Any], stage_buckets: dict[str, str], stage: str, account: str
) -> None:
    s3 = client("s3", account)
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=stage_buckets[stage], Prefix="input/")["Contents"]]
    bodies = [s3.get_object(Bucket=stage_buckets[stage], Key=key)["Body"].read().decode() for key in keys]
    assert len(keys) > 1
    assert all(body.startswith("record_id,mean_radius,") for body in bodies)
    assert sum(len(body.splitlines()) - 1 for body in bodies) == ROWS >= 20_000


def test_the_dev_bucket_is_versioned_encrypted_and_private(seeded: str, client: Callable[..., Any]) -> None:
    s3 = client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())


def test_seeding_again_registers_and_uploads_nothing(
    seeded: str, seed: Seed, client: Callable[..., Any], stage_buckets: dict[str, str]
) -> None:
    before = _versions(client)
    again = seed()
    assert again.returncode == 0, again.stderr
    assert "Registered" not in again.stderr
    assert "(0 new)" in again.stderr
    assert _versions(client) == before


def test_a_decision_that_was_lost_by_a_kill_is_made_and_others_are_left_alone(
    seeded: str, seed: Seed, client: Callable[..., Any]
) -> None:
    sagemaker = client("sagemaker")
    newest, approved, *_ = (package["ModelPackageArn"] for package in _versions(client))
    sagemaker.update_model_package(ModelPackageArn=newest, ModelApprovalStatus="Approved")
    sagemaker.update_model_package(ModelPackageArn=approved, ModelApprovalStatus="PendingManualApproval")
    try:
        assert seed().returncode == 0
        assert [package["ModelApprovalStatus"] for package in _versions(client)][:2] == ["Approved", "Approved"]
    finally:
        sagemaker.update_model_package(ModelPackageArn=newest, ModelApprovalStatus="PendingManualApproval")


def test_without_a_foundation_the_command_that_makes_one_is_named(seed: Seed) -> None:
    result = seed(SAGEMAKER_PROJECT_NAME="elsewhere")
    assert result.returncode == 6
    assert "make bootstrap" in result.stderr


def _versions(client: Callable[..., Any]) -> list[dict[str, Any]]:
    """Newest first."""
    found = client("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    return sorted(found, key=lambda package: -package["ModelPackageVersion"])


def _uris(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [uri for key, item in value.items() for uri in ([item] if key == "S3Uri" else _uris(item))]
    return []


def _size(client: Callable[..., Any], uri: str) -> int:
    bucket, key = _split(uri)
    return int(client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"])


def _split(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")
