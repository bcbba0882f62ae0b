"""Which buckets and keys the toolchain is told of, and what a plan says of them."""

from __future__ import annotations

import json

from scripts.decisions.artifact_places import (
    BUCKETS,
    FORMER_BUCKET,
    KEYS,
    ArtifactPlace,
    artifact_locations,
    place_lines,
    toolchain_parameters_of,
)
from tests.unit.scripts.releases import DEV, NAMES

OWN = f"harbour-dev-{DEV}-ap-southeast-2"
DEFAULT = f"sagemaker-ap-southeast-2-{DEV}"
DEV_KEY = f"arn:aws:kms:ap-southeast-2:{DEV}:key/1"
FAR_KEY = f"arn:aws:kms:us-east-1:{DEV}:key/2"
THEIR_KEY = "arn:aws:kms:ap-southeast-2:777777777777:key/3"


def place(
    bucket: str, own: bool | None = True, keys: tuple[str, ...] = (), unread: tuple[str, ...] = ()
) -> ArtifactPlace:
    return ArtifactPlace(bucket, ("g/1",), own, keys, unread)


def arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def test_every_location_of_containers_metrics_and_baselines_is_found_once() -> None:
    package = {
        "InferenceSpecification": {
            "Containers": [
                {"Image": "i", "ModelDataUrl": "s3://one/model.tar.gz"},
                {"ModelDataSource": {"S3DataSource": {"S3Uri": "s3://two/model/", "S3DataType": "S3Prefix"}}},
            ]
        },
        "AdditionalInferenceSpecifications": [{"Containers": [{"ModelDataUrl": "s3://one/model.tar.gz"}]}],
        "ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": "s3://three/quality.json"}}},
        "DriftCheckBaselines": {"Bias": {"ConfigFile": {"S3Uri": "s3://four/bias.json"}}},
        "SourceUri": "s3://five/source",
    }
    assert [each.uri for each in artifact_locations(package)] == [
        "s3://one/model.tar.gz",
        "s3://two/model/",
        "s3://three/quality.json",
        "s3://four/bias.json",
    ]


def test_what_is_found_is_added_to_what_the_stack_has_and_the_projects_own_needs_no_naming() -> None:
    elsewhere = [place(DEFAULT, keys=(DEV_KEY, FAR_KEY)), place("theirs", False, (THEIR_KEY,))]
    places = [place(OWN, keys=(DEV_KEY,)), *elsewhere]
    told = toolchain_parameters_of(places, NAMES, {BUCKETS: arn("before"), KEYS: ""}, ["asked"])
    assert told == {
        BUCKETS: ",".join([arn("before"), arn("asked"), arn(DEFAULT), arn("theirs")]),
        KEYS: f"{FAR_KEY},{THEIR_KEY}",
    }
    assert toolchain_parameters_of(places, NAMES, told) == {
        BUCKETS: ",".join([arn("before"), arn("asked"), arn(DEFAULT), arn("theirs")]),
        KEYS: f"{FAR_KEY},{THEIR_KEY}",
    }


def test_where_nothing_is_found_nothing_is_told() -> None:
    assert toolchain_parameters_of([], NAMES, {}) == {}
    assert toolchain_parameters_of([place(OWN)], NAMES, {}) == {}


def test_the_one_bucket_of_an_earlier_versions_toolchain_is_taken_over() -> None:
    assert toolchain_parameters_of([], NAMES, {FORMER_BUCKET: "former"}) == {BUCKETS: arn("former")}


def test_the_statements_that_another_account_needs_are_printed_and_name_the_builds_alone() -> None:
    told = {BUCKETS: arn("theirs"), KEYS: THEIR_KEY}
    lines = place_lines([place("theirs", False, (THEIR_KEY,))], NAMES, told)
    statements = [json.loads(line) for line in lines if line.lstrip().startswith("{")]
    assert [each["Resource"] for each in statements] == [f"{arn('theirs')}/*", arn("theirs"), "*"]
    assert {json.dumps(each["Condition"]) for each in statements} == {
        json.dumps({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{DEV}:role/harbour-*"}})
    }
    assert not any("!!" in line for line in lines)


def test_what_a_settings_file_leaves_out_and_what_was_not_read_is_told() -> None:
    lines = place_lines([place("theirs", None, (THEIR_KEY,), ("the bucket's own key: denied",))], NAMES, {})
    assert f"  !! {BUCKETS} does not name it: no build can read it" in lines
    assert f"  !! {KEYS} does not name {THEIR_KEY}: no build can decrypt with it" in lines
    assert "  not read: the bucket's own key: denied" in lines
    assert "of an unknown account" in lines[0]
