"""The request that registers a model, and by what a model is found again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.framework_images import Image
from scripts.decisions.registration import Registration, flat_metrics, is_registration_of, quality_statistics
from scripts.errors import ModelPackageError

REGISTRATION = Registration(
    group="churn",
    bucket="b",
    sha256="ab" * 32,
    image=Image("image", "sklearn", "1.9-0"),
    scripted=True,
    probability=False,
    metrics={"version": 0.0, "binary_classification_metrics": {"auc": {"value": 0.9}}},
    description=None,
    git_commit="c0ffee",
    registered_by="arn:aws:sts::012345670123:assumed-role/Team/ann@example.com",
    instance_types=("ml.c7i.large",),
)


def test_the_request_is_what_a_training_pipeline_would_send() -> None:
    request = REGISTRATION.request
    assert request["ModelApprovalStatus"] == "PendingManualApproval"
    specification = request["InferenceSpecification"]
    assert specification["Containers"] == [
        {
            "Image": "image",
            "ModelDataUrl": f"s3://b/models/churn/{'ab' * 8}/model.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        }
    ]
    assert "ml.c7i.large" in specification["SupportedTransformInstanceTypes"]
    assert request["CustomerMetadataProperties"]["auc"] == "0.9"
    assert request["CustomerMetadataProperties"]["registered_by"].endswith("ann@example.com")
    assert request["MetadataProperties"]["CommitId"] == "c0ffee"


def test_a_version_is_found_again_by_its_container() -> None:
    container = {**REGISTRATION.container, "ModelDataETag": "x", "ImageDigest": "sha256:1"}
    package = {"ModelPackageStatus": "Completed", "InferenceSpecification": {"Containers": [container]}}
    assert is_registration_of(package, REGISTRATION.container)
    for other in (replace(REGISTRATION, sha256="cd" * 32), replace(REGISTRATION, probability=True)):
        assert not is_registration_of(package, other.container)
    assert not is_registration_of({**package, "ModelPackageStatus": "Failed"}, REGISTRATION.container)
    assert not is_registration_of({}, REGISTRATION.container)
    without = replace(REGISTRATION, scripted=False)
    assert not is_registration_of(package, without.container)


def test_one_token_stands_for_one_state_of_the_group() -> None:
    assert REGISTRATION.client_token("v1") == replace(REGISTRATION).client_token("v1")
    assert REGISTRATION.client_token("v1") != REGISTRATION.client_token("v2")


@pytest.mark.aws_rule(
    "Model quality statistics have the documented members",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html",
)
@pytest.mark.parametrize(
    ("metrics", "kind"),
    [({"auc": 0.9, "f1": 1}, "binary_classification_metrics"), ({"RMSE": 2.5}, "regression_metrics")],
)
def test_flat_metrics_become_model_quality_statistics(metrics: dict[str, float], kind: str) -> None:
    statistics = quality_statistics(json.dumps(metrics), "metrics.json")
    assert statistics[kind] == {name: {"value": value} for name, value in metrics.items()}
    assert dict(flat_metrics(statistics)) == metrics


def test_statistics_of_sagemaker_stay_as_they_are() -> None:
    given_ = {"version": 0.0, "multiclass_classification_metrics": {"accuracy": {"value": 0.8}, "confusion_matrix": {}}}
    assert quality_statistics(json.dumps(given_), "m") == given_


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_metrics_or_refused(text: str) -> None:
    try:
        assert list(flat_metrics(quality_statistics(text, "m")))
    except ModelPackageError as error:
        assert error.found


@given(st.dictionaries(st.text(min_size=1, max_size=200), st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_whatever_metrics_are_called_the_properties_are_what_aws_takes(metrics: dict[str, float]) -> None:
    named = quality_statistics(json.dumps(metrics), "m") if "binary_classification_metrics" not in metrics else {}
    for name, value in replace(REGISTRATION, metrics=named).request["CustomerMetadataProperties"].items():
        assert 1 <= len(name) <= 128
        assert 1 <= len(value) <= 256
        assert not set(name + value) & set("{}\"',;<>!?")
