"""What each operation on objects needs, with and without a version, as S3's guide and API reference list it."""

from __future__ import annotations

from typing import Any

import pytest

from localaws.iam.requirements import Place, requirements

PLACE = Place("111111111111", "eu-west-1")
OBJECT, SOURCE = "arn:aws:s3:::b/k", "arn:aws:s3:::src/a b"
HERE = {"Bucket": "b", "Key": "k"}
VERSION = {**HERE, "VersionId": "v"}
COPY = {**HERE, "CopySource": "src/a%20b"}
COPY_OF_VERSION = {**HERE, "CopySource": "/src/a%20b?versionId=v"}


def actions(operation: str, parameters: dict[str, Any], service: str = "s3") -> list[tuple[str, str]]:
    return [(each.action, each.resources[0]) for each in requirements(service, operation, parameters, PLACE)]


@pytest.mark.aws_rule(
    "Naming a version asks for another action: s3:GetObjectVersion, s3:DeleteObjectVersion, s3:GetObjectVersionTagging",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html",
)
@pytest.mark.parametrize(
    ("operation", "current", "of_version"),
    [
        ("GetObject", ["GetObject"], ["GetObjectVersion"]),
        ("HeadObject", ["GetObject"], ["GetObjectVersion"]),
        (
            "GetObjectAttributes",
            ["GetObject", "GetObjectAttributes"],
            ["GetObjectVersion", "GetObjectVersionAttributes"],
        ),
        ("GetObjectTagging", ["GetObjectTagging"], ["GetObjectVersionTagging"]),
        ("PutObjectTagging", ["PutObjectTagging"], ["PutObjectVersionTagging"]),
        ("DeleteObjectTagging", ["DeleteObjectTagging"], ["DeleteObjectVersionTagging"]),
        ("GetObjectAcl", ["GetObjectAcl"], ["GetObjectVersionAcl"]),
        ("PutObjectAcl", ["PutObjectAcl"], ["PutObjectVersionAcl"]),
        ("DeleteObject", ["DeleteObject"], ["DeleteObjectVersion"]),
    ],
)
def test_a_version_is_another_action(operation: str, current: list[str], of_version: list[str]) -> None:
    assert actions(operation, HERE) == [(f"s3:{each}", OBJECT) for each in current]
    assert actions(operation, VERSION) == [(f"s3:{each}", OBJECT) for each in of_version]


@pytest.mark.parametrize(
    ("operation", "parameters", "needed"),
    [
        ("CopyObject", COPY, [("PutObject", OBJECT), ("GetObject", SOURCE)]),
        ("CopyObject", COPY_OF_VERSION, [("PutObject", OBJECT), ("GetObjectVersion", SOURCE)]),
        ("UploadPartCopy", COPY, [("PutObject", OBJECT), ("GetObject", SOURCE)]),
        ("UploadPartCopy", COPY_OF_VERSION, [("PutObject", OBJECT), ("GetObjectVersion", SOURCE)]),
        ("CreateMultipartUpload", HERE, [("PutObject", OBJECT)]),
        ("CompleteMultipartUpload", HERE, [("PutObject", OBJECT)]),
        ("AbortMultipartUpload", HERE, [("AbortMultipartUpload", OBJECT)]),
        ("ListParts", HERE, [("ListMultipartUploadParts", OBJECT)]),
        ("PutObject", {**HERE, "Tagging": "a=b"}, [("PutObject", OBJECT), ("PutObjectTagging", OBJECT)]),
        ("CreateMultipartUpload", {**HERE, "Tagging": "a=b"}, [("PutObject", OBJECT), ("PutObjectTagging", OBJECT)]),
        (
            "CopyObject",
            {**COPY, "Tagging": "a=b", "TaggingDirective": "REPLACE"},
            [("PutObject", OBJECT), ("PutObjectTagging", OBJECT), ("GetObject", SOURCE)],
        ),
        ("PutObject", {**HERE, "ACL": "private"}, [("PutObject", OBJECT), ("PutObjectAcl", OBJECT)]),
        (
            "PutObject",
            {**HERE, "ObjectLockMode": "GOVERNANCE"},
            [("PutObject", OBJECT), ("PutObjectRetention", OBJECT)],
        ),
        ("ListObjectVersions", {"Bucket": "b"}, [("ListBucketVersions", "arn:aws:s3:::b")]),
        ("GetBucketVersioning", {"Bucket": "b"}, [("GetBucketVersioning", "arn:aws:s3:::b")]),
        (
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": "v"}]}},
            [("DeleteObject", OBJECT), ("DeleteObjectVersion", OBJECT)],
        ),
    ],
)
def test_copies_uploads_and_headers(operation: str, parameters: dict[str, Any], needed: list[tuple[str, str]]) -> None:
    assert actions(operation, parameters) == [(f"s3:{action}", arn) for action, arn in needed]


@pytest.mark.aws_rule(
    "cloudwatch:DescribeAlarms is asked for on all alarms of the region, whatever the request filters by",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/permissions-reference-cw.html",
)
@pytest.mark.parametrize("filters", [{}, {"AlarmNames": ["a"]}, {"AlarmNamePrefix": "a"}])
def test_describing_alarms_is_about_all_of_them(filters: dict[str, Any]) -> None:
    assert actions("DescribeAlarms", filters, "cloudwatch") == [
        ("cloudwatch:DescribeAlarms", "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:*")
    ]


def test_each_of_several_alarms_must_be_allowed() -> None:
    found = actions("DeleteAlarms", {"AlarmNames": ["a:1", "b"]}, "cloudwatch")
    assert [arn.partition(":alarm:")[2] for _, arn in found] == ["a:1", "b"]
