"""S3 in front of moto: bucket policies, owners, checksums, copies and events, with boto3 over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import PREPROD, REGION

Client = Callable[..., Any]


@pytest.fixture
def bucket(client: Client, unique: str) -> str:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    return unique


def _tls_only(bucket: str) -> str:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_bucket_policy_is_kept_word_for_word_and_blocks_nothing_by_itself(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == _tls_only(bucket)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_a_deleted_bucket_policy_is_gone(client: Client, bucket: str) -> None:
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    s3.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(ClientError) as refused:
        s3.get_bucket_policy(Bucket=bucket)
    assert _code(refused) == "NoSuchBucketPolicy"


@pytest.mark.parametrize("policy", ["{", "[]", "{}", '{"Statement": [{"Effect": "Allow"}]}', _tls_only("other")])
def test_a_malformed_bucket_policy_is_refused(client: Client, bucket: str, policy: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    assert _code(refused) == "MalformedPolicy"


def test_another_account_may_not_put_a_bucket_policy(client: Client, bucket: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3", account=PREPROD).put_bucket_policy(Bucket=bucket, Policy=_tls_only(bucket))
    assert _code(refused) == "AccessDenied"


def test_a_policy_of_a_bucket_that_does_not_exist_is_refused(client: Client, unique: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("s3").get_bucket_policy(Bucket=unique)
    assert _code(refused) == "NoSuchBucket"
