"""What KMS says of a key."""

from __future__ import annotations

from typing import Any

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors


def key_metadata(account: Account, arn: str) -> dict[str, Any]:
    """DescribeKey's KeyMetadata: {"Arn", "KeyId", "KeyState", ...}."""
    with told_as_deployment_errors(account.actor):
        return dict(account.client("kms").describe_key(KeyId=arn)["KeyMetadata"])
