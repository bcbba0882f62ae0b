"""Artifacts of a CodePipeline in its S3 artifact store: keys as AWS forms them, encrypted by the store's key.

A key is ``<pipeline, 20 characters>/<artifact, 10 characters>/<7 random characters>``.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localaws.services.codepipeline.action_failures import ActionFailedError

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class ArtifactStore:
    bucket: str
    key_id: str
    pipeline: str

    @classmethod
    def of(cls, structure: dict[str, Any], region: str) -> ArtifactStore:
        """The store of an action's region."""
        store = structure.get("artifactStore") or structure["artifactStores"][region]
        return cls(store["location"], store.get("encryptionKey", {}).get("id", ""), structure["name"])

    def place(self, artifact: str, source: bool) -> dict[str, str]:
        """A new object's place: {"bucket", "key"}."""
        name = "".join(secrets.choice(_ALPHABET) for _ in range(7))
        ending = ".zip" if source else ""
        return {"bucket": self.bucket, "key": f"{self.pipeline[:20]}/{artifact[:10]}/{name}{ending}"}

    def write(self, s3: Any, place: dict[str, str], content: bytes) -> None:
        encryption = {"ServerSideEncryption": "aws:kms"}
        if self.key_id:
            encryption["SSEKMSKeyId"] = self.key_id
        try:
            s3.put_object(Bucket=place["bucket"], Key=place["key"], Body=content, **encryption)
        except ClientError as error:
            raise ActionFailedError.of(
                f"The artifact s3://{place['bucket']}/{place['key']} was not stored", error
            ) from error


def read_artifact(s3: Any, place: dict[str, str]) -> bytes:
    try:
        return bytes(s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read())
    except ClientError as error:
        raise ActionFailedError.of(
            f"The artifact s3://{place['bucket']}/{place['key']} cannot be read", error
        ) from error
