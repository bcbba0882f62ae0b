"""Rules that bind two settings: each is found with its setting, what was found and its page; what a run alone knows is
passed over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.job_limits import definition_limits
from scripts.decisions.limit_findings import LimitFinding, require_limits
from scripts.errors import SettingsError

KEY = "arn:aws:kms:ap-southeast-2:550011223344:key/1"
CSV = {"source": {"ContentType": "text/csv", "SplitType": "Line"}, "target": {"Accept": "text/csv"}}


def transform(
    source: dict[str, Any] | None = None,
    target: dict[str, Any] | None = None,
    resources: dict[str, Any] | None = None,
    parameters: tuple[dict[str, Any], ...] = (),
    **members: Any,
) -> dict[str, Any]:
    arguments = {
        "TransformInput": {"ContentType": "text/csv", "SplitType": "Line", **(source or {})},
        "TransformOutput": {"Accept": "text/csv", "AssembleWith": "Line", **(target or {})},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1, **(resources or {})},
        **members,
    }
    return {"Parameters": list(parameters), "Steps": [{"Name": "T", "Type": "Transform", "Arguments": arguments}]}


def processing(**cluster: Any) -> dict[str, Any]:
    config = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30, **cluster}
    arguments = {"ProcessingResources": {"ClusterConfig": config}}
    return {"Steps": [{"Name": "P", "Type": "Processing", "Arguments": arguments}]}


def found(definition: dict[str, Any], **options: Any) -> list[LimitFinding]:
    return definition_limits(definition, **options)


def test_settings_that_go_together_are_found_nothing_of() -> None:
    joined = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    options: dict[str, Any] = {"BatchStrategy": "MultiRecord", "MaxPayloadInMB": 6, "MaxConcurrentTransforms": 16}
    assert found(transform(resources={"VolumeKmsKeyId": KEY}, DataProcessing=joined, **options)) == []
    assert found(processing(VolumeKmsKeyId=KEY)) == []


@pytest.mark.aws_rule(
    "MaxConcurrentTransforms times MaxPayloadInMB may not exceed 100 MB; an unset payload is 6 MB",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
@given(st.integers(0, 120), st.one_of(st.none(), st.integers(0, 120)))
def test_payloads_at_a_time_are_limited_together(concurrent: int, payload: int | None) -> None:
    members: dict[str, Any] = {"MaxConcurrentTransforms": concurrent} | (
        {} if payload is None else {"MaxPayloadInMB": payload}
    )
    refused = [each for each in found(transform(**members)) if each.refused]
    assert bool(refused) is (max(concurrent, 1) * (6 if payload is None else payload) > 100)
    for each in refused:
        assert "transform.max_payload_in_mb" in each.settings
        assert each.page.endswith("API_CreateTransformJob.html")


@pytest.mark.parametrize(
    ("definition", "setting", "said"),
    [
        (
            transform(source={"SplitType": "None"}, BatchStrategy="MultiRecord"),
            "transform.split_type",
            "needs a SplitType",
        ),
        (
            transform(
                source={"SplitType": "None"}, target={"AssembleWith": "None"}, DataProcessing={"JoinSource": "Input"}
            ),
            "transform.join_source",
            "SplitType and AssembleWith Line",
        ),
        (
            transform(target={"Accept": "application/json"}, DataProcessing={"JoinSource": "Input"}),
            "transform.accept",
            "that are the same",
        ),
        (
            transform(source={"ContentType": "image/png"}, DataProcessing={"InputFilter": "$[1:]"}),
            "transform.input_filter",
            "CSV, JSON or JSON Lines",
        ),
        (transform(DataProcessing={"OutputFilter": "$.id"}), "transform.output_filter", "by index alone"),
        (transform(resources={"InstanceCount": 101}), "inference.instance_count", "at most 100"),
        (
            transform(resources={"InstanceType": "ml.g5.xlarge", "VolumeKmsKeyId": KEY}),
            "inference.instance_type",
            "takes no VolumeKmsKeyId",
        ),
        (
            processing(InstanceType="ml.r5d.large", VolumeKmsKeyId=KEY),
            "processing.instance_type",
            "takes no VolumeKmsKeyId",
        ),
        (processing(InstanceType="ml.r5d.large", VolumeSizeInGB=76), "processing.instance_type", "local storage"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_setting(
    definition: dict[str, Any], setting: str, said: str
) -> None:
    (finding,) = found(definition)
    assert setting in finding.settings
    assert said in finding.rule
    with pytest.raises(SettingsError) as refused:
        require_limits([finding], "pipeline churn")
    assert finding.page in refused.value.found[0]


def test_a_single_record_of_a_whole_object_is_no_batch() -> None:
    assert (
        found(transform(source={"SplitType": "None"}, target={"AssembleWith": "None"}, BatchStrategy="SingleRecord"))
        == []
    )


def test_a_parameter_stands_for_its_default_or_for_what_a_run_chooses() -> None:
    parameter = {"Name": "Type", "Type": "String", "DefaultValue": "ml.m5.large"}
    resources = {"InstanceType": {"Get": "Parameters.Type"}, "VolumeKmsKeyId": KEY}
    definition = transform(resources=resources, parameters=(parameter,))
    assert found(definition) == []
    (finding,) = found(definition, chosen={"Type": "ml.g4dn.xlarge"})
    assert "VolumeKmsKeyId with ml.g4dn.xlarge" in finding.found


def test_what_a_run_alone_knows_decides_nothing() -> None:
    unknown = {"Get": "Steps.A.ProcessingJobName"}
    joined = {"JoinSource": "Input", "InputFilter": unknown}
    definition = transform({"SplitType": unknown}, {"Accept": unknown}, MaxPayloadInMB=unknown, DataProcessing=joined)
    assert found(definition, environments=[{}]) == []


def test_a_type_that_is_not_in_the_table_is_what_ec2_says() -> None:
    definition = transform(resources={"InstanceType": "ml.x99.large", "VolumeKmsKeyId": KEY})
    assert found(definition) == []
    assert found(definition, told={"ml.x99.large": False}) == []
    assert len(found(definition, told={"ml.x99.large": True})) == 1


@pytest.mark.parametrize(
    ("environment", "told"),
    [({}, True), ({"MMS_MAX_REQUEST_SIZE": "100000000"}, False), ({"TS_MAX_REQUEST_SIZE": "7000000"}, True)],
)
def test_a_payload_above_what_the_models_server_takes_is_told_and_not_refused(
    environment: dict[str, str], told: bool
) -> None:
    findings = found(transform(MaxPayloadInMB=20), environments=[environment])
    assert [each.refused for each in findings] == ([False] if told else [])
    assert found(transform(MaxPayloadInMB=6), environments=[environment]) == []


def test_a_streamed_payload_is_told() -> None:
    (finding,) = found(transform(MaxPayloadInMB=0))
    assert not finding.refused
    assert "built-in algorithms" in finding.rule
    require_limits([finding], "pipeline churn")
