"""The policies that buckets and keys carry themselves, by which other accounts are let in."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors


def bucket_policy(account: Account, bucket: str) -> dict[str, Any] | None:
    """None where the bucket has none. Raises AccessDeniedError, as S3 answers for other accounts' buckets too."""
    with told_as_deployment_errors(account.actor):
        try:
            return json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
        except ClientError as error:
            if error_code(error) == "NoSuchBucketPolicy":
                return None
            raise


def key_policy(account: Account, arn: str) -> dict[str, Any]:
    with told_as_deployment_errors(account.actor):
        return json.loads(account.client("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
