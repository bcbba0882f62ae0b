"""Promotion: what is copied, what is registered, and when an earlier registration is used again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.decisions.containers import container_sources
from scripts.decisions.promotion import Promotion, is_promotion_of, plan_promotion
from scripts.errors import ModelPackageError
from tests.unit.scripts.releases import (
    BUCKET,
    KEY_ARN,
    NAMES,
    SOURCE_ARN,
    container,
    described_package,
    model_package,
    release,
    s3_object,
)

METRICS = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://dev/metrics/7.json"}}}
BASELINES = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://dev/baseline/7.json"}}}


def promotion(**changes: Any) -> Promotion:
    return plan_promotion(release(), described_package(**changes), NAMES, BUCKET, KEY_ARN)


def test_the_artifact_goes_below_a_key_with_its_digest() -> None:
    (copy,) = promotion().copies
    digest = release().model_package.artifact_digest[:12]
    assert copy.target_key == f"model-artifacts/berth-demand/v7-{digest}/model_0.tar.gz"
    assert promotion().model_data_uris == (f"s3://{BUCKET}/{copy.target_key}",)


def test_metrics_and_baselines_are_copied_and_pointed_to_their_copies() -> None:
    planned = promotion(ModelMetrics=METRICS, DriftCheckBaselines=BASELINES)
    sources = {f"s3://{copy.source_bucket}/{copy.source_key}": copy.target_key for copy in planned.copies}
    for member, original in (("ModelMetrics", METRICS), ("DriftCheckBaselines", BASELINES)):
        moved = planned.request[member]["ModelQuality"]["Statistics"]
        assert moved["S3Uri"] == f"s3://{BUCKET}/{sources[original['ModelQuality']['Statistics']['S3Uri']]}"
        assert moved["ContentType"] == "application/json"


def test_metadata_is_kept_and_says_where_the_version_came_from() -> None:
    metadata = promotion(CustomerMetadataProperties={"team": "oncology"}).request["CustomerMetadataProperties"]
    assert metadata == {
        "team": "oncology",
        "source_model_package_arn": SOURCE_ARN,
        "release_id": release().release_id,
    }


def test_everything_else_is_kept_too() -> None:
    kept = {
        "ModelPackageDescription": "d",
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "SourceUri": "s3://x/y",
    }
    request = promotion(**kept).request
    assert {name: request[name] for name in kept} == kept
    assert request["InferenceSpecification"]["SupportedContentTypes"] == ["text/csv"]
    assert request["InferenceSpecification"]["Containers"][0]["Environment"] == {"A": "1"}


def test_what_only_an_answer_has_is_not_sent() -> None:
    assert "ModelDataETag" not in promotion().request["InferenceSpecification"]["Containers"][0]


def test_metadata_that_leaves_no_room_is_refused() -> None:
    full = {f"k{number}": "v" for number in range(49)}
    with pytest.raises(ModelPackageError, match="SageMaker allows 50"):
        promotion(CustomerMetadataProperties=full)
    assert (
        len(promotion(CustomerMetadataProperties=dict(list(full.items())[:48])).request["CustomerMetadataProperties"])
        == 50
    )


def test_a_version_that_is_no_longer_approved_is_not_promoted() -> None:
    with pytest.raises(ModelPackageError, match="no longer Approved: its approval status is Rejected"):
        promotion(ModelApprovalStatus="Rejected")


def test_an_image_without_model_data_is_promoted_without_copies() -> None:
    package = model_package(containers=(container(kind="image-only", uri=None, objects=()),))
    described = described_package()
    del described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    planned = plan_promotion(release(package), described, NAMES, BUCKET, KEY_ARN)
    assert planned.copies == ()
    assert planned.model_data_uris == (None,)


def test_an_uncompressed_model_is_copied_object_by_object() -> None:
    objects = tuple(s3_object(key=f"models/7/{path}", path=path) for path in ("config.json", "weights/0.bin"))
    package = model_package(containers=(container(kind="prefix", uri="s3://dev-artifacts/models/7/", objects=objects),))
    described = described_package()
    source = {"S3Uri": "s3://dev-artifacts/models/7/", "S3DataType": "S3Prefix", "CompressionType": "None", "ETag": "x"}
    del described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    described["InferenceSpecification"]["Containers"][0]["ModelDataSource"] = {"S3DataSource": source}
    planned = plan_promotion(release(package), described, NAMES, BUCKET, KEY_ARN)
    (uri,) = planned.model_data_uris
    assert uri is not None
    assert [f"s3://{BUCKET}/{copy.target_key}" for copy in planned.copies] == [
        f"{uri}config.json",
        f"{uri}weights/0.bin",
    ]
    sent = planned.request["InferenceSpecification"]["Containers"][0]["ModelDataSource"]["S3DataSource"]
    assert sent == {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}


def test_every_container_of_an_inference_pipeline_gets_its_own_artifact() -> None:
    package = model_package(containers=(container(), container(kind="image-only", uri=None, objects=()), container()))
    described = described_package()
    first = described["InferenceSpecification"]["Containers"][0]
    described["InferenceSpecification"]["Containers"] = [first, {"Image": "i"}, first]
    planned = plan_promotion(release(package), described, NAMES, BUCKET, KEY_ARN)
    assert [copy.target_key.rsplit("/", 1)[-1] for copy in planned.copies] == ["model_0.tar.gz", "model_2.tar.gz"]


@pytest.mark.parametrize(
    "member", [{"ProductId": "p"}, {"AdditionalS3DataSource": {"S3DataType": "S3Object", "S3Uri": "s3://a/b"}}]
)
def test_what_cannot_be_carried_over_is_refused_with_its_reason(member: dict[str, Any]) -> None:
    described = described_package()
    described["InferenceSpecification"]["Containers"][0].update(member)
    with pytest.raises(ModelPackageError, match="container 0"):
        container_sources(described)


def test_a_package_without_containers_is_refused() -> None:
    with pytest.raises(ModelPackageError, match="no InferenceSpecification"):
        container_sources(described_package(InferenceSpecification={}))


def test_a_package_of_the_same_source_and_data_is_found_again() -> None:
    planned = promotion()
    registered = {**planned.request, "ModelPackageStatus": "Completed"}
    assert is_promotion_of(registered, SOURCE_ARN, planned.model_data_uris)
    assert not is_promotion_of(registered, SOURCE_ARN.replace("/7", "/8"), planned.model_data_uris)
    assert not is_promotion_of(registered, SOURCE_ARN, (f"s3://{BUCKET}/other.tar.gz",))
    assert not is_promotion_of({**registered, "CustomerMetadataProperties": {}}, SOURCE_ARN, planned.model_data_uris)


def test_a_repeated_registration_has_the_same_token_and_a_second_try_another() -> None:
    assert promotion().client_token(None) == promotion().client_token(None)
    assert promotion().client_token(None) != promotion().client_token("arn:of:a:failed:version")


def test_another_release_of_the_same_version_registers_with_another_token() -> None:
    planned = promotion()
    request = {**planned.request, "CustomerMetadataProperties": {"release_id": "another"}}
    assert replace(planned, request=request).client_token(None) != planned.client_token(None)


def test_a_stage_in_devs_own_account_gets_a_group_of_its_own() -> None:
    names = type(NAMES)(**{**vars(NAMES), "account": NAMES.dev_account})
    planned = plan_promotion(release(), described_package(), names, BUCKET, KEY_ARN)
    assert planned.group == "berth-demand-preprod"
