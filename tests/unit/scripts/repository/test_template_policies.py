"""Policies come out of a template with sample values, and conditions are decided both ways."""

from __future__ import annotations

from typing import Any

from scripts.repository.template_branches import branches
from scripts.repository.template_policies import identity_policies

_NO_VALUE = {"Ref": "AWS::NoValue"}


def _role(*policies: Any) -> dict[str, Any]:
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": list(policies)}}}}


def _policy(name: str, resource: Any) -> dict[str, Any]:
    statement = {"Sid": "S", "Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    return {"PolicyName": name, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def test_both_sides_of_a_condition_are_seen() -> None:
    template = _role({"Fn::If": ["HasA", _policy("A", "a"), _policy("B", "b")]})
    names = [policy.name for branch in branches(template) for policy in identity_policies(branch)]
    assert names == ["Role.A", "Role.B"]


def test_no_value_takes_the_property_or_the_element_out() -> None:
    first, second = branches({"Resources": {"X": {"P": {"Fn::If": ["C", 1, _NO_VALUE]}, "L": [_NO_VALUE, 2]}}})
    assert first == {"Resources": {"X": {"P": 1, "L": [2]}}}
    assert second == {"Resources": {"X": {"L": [2]}}}


def test_references_become_arns_of_the_right_shape() -> None:
    template = _role(
        _policy(
            "P",
            [
                {"Fn::GetAtt": ["Bucket", "Arn"]},
                {"Fn::Sub": "${Bucket.Arn}/*"},
                {"Fn::Sub": "arn:${AWS::Partition}:s3:::${Name}-${AWS::Region}-${DevAccountId}"},
                {"Ref": "Topic"},
            ],
        )
    )
    template["Resources"] |= {"Bucket": {"Type": "AWS::S3::Bucket"}, "Topic": {"Type": "AWS::SNS::Topic"}}
    assert identity_policies(template)[0].document["Statement"][0]["Resource"] == [
        "arn:aws:s3:::sample",
        "arn:aws:s3:::sample/*",
        "arn:aws:s3:::sample-ap-southeast-2-012345670123",
        "arn:aws:sns:ap-southeast-2:012345670123:sample",
    ]


def test_a_list_that_is_split_out_of_a_text_is_a_list_of_arns() -> None:
    joined = {"Fn::Join": ["/*,", {"Ref": "ModelArtifactBucketArns"}]}
    text = {"Fn::Sub": ["arn:aws:s3:::own/*,${Objects}/*", {"Objects": joined}]}
    template = _role(_policy("P", {"Fn::Split": [",", text]}))
    assert identity_policies(template)[0].document["Statement"][0]["Resource"] == [
        "arn:aws:s3:::own/*",
        "arn:aws:s3:::sample/*",
    ]


def test_policies_on_resources_are_no_identity_policies() -> None:
    assert identity_policies({"Resources": {"P": {"Type": "AWS::S3::BucketPolicy", "Properties": {}}}}) == []
