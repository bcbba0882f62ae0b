"""Puts files of this machine into S3, whole or not at all: a large one in parts; S3 checks the SHA-256 of each.

The object's metadata says the file's own digest, so that it is not sent a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from scripts.errors import ArtifactError
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_DIGEST = "sha256"
_ABSENT = {"404", "NoSuchKey", "NotFound"}


def upload(
    account: Account, path: Path, bucket: str, key: str, sha256: str, content_type: str, sent: Callable[[int], None]
) -> bool:
    """Send a file unless it is there already; True where it was sent. ``sent`` hears of each number of bytes."""
    if uploaded_digest(account, bucket, key) == sha256:
        return False
    with told_as_deployment_errors(account.actor), path.open("rb") as file:
        account.client("s3").upload_fileobj(
            file,
            bucket,
            key,
            ExtraArgs={"ChecksumAlgorithm": "SHA256", "ContentType": content_type, "Metadata": {_DIGEST: sha256}},
            Callback=sent,
        )
    if uploaded_digest(account, bucket, key) != sha256:
        raise ArtifactError(f"s3://{bucket}/{key} is not what was uploaded", next_command="run the same command again")
    return True


def uploaded_digest(account: Account, bucket: str, key: str) -> str | None:
    """The digest in an object's metadata; None where there is no object, or one that somebody else has put there."""
    with told_as_deployment_errors(account.actor):
        try:
            digest: str | None = account.client("s3").head_object(Bucket=bucket, Key=key)["Metadata"].get(_DIGEST)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise
    return digest
