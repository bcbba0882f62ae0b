"""The actions that S3 asks for because a copy takes its source's tags along.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clients import MakeClient
from localaws.iam.absence import require_absence
from localaws.iam.requirements import Parameters, Place, Requirement
from localaws.iam.requirements.s3 import copy_source


class CopiedTags:
    def __init__(self, client: MakeClient, moto: Backend) -> None:
        self._client = client
        self._moto = moto

    def requirements(self, operation: str, parameters: Parameters, place: Place) -> list[Requirement]:
        """Reading the tags of the source, by its version where one is named, and writing them; nothing without tags."""
        if operation != "CopyObject" or parameters.get("TaggingDirective") == "REPLACE":
            return []
        bucket, key, version = copy_source(parameters["CopySource"])
        if not self._has_tags(bucket, key, version):
            return []
        reading = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        return [
            Requirement(reading, (place.bucket_arn(bucket, key),)),
            Requirement("s3:PutObjectTagging", (place.bucket_arn(str(parameters["Bucket"]), parameters.get("Key")),)),
        ]

    def _has_tags(self, bucket: str, key: str, version: str | None) -> bool:
        owner = self._moto.bucket_owner(bucket)
        if owner is None:
            return False
        named = {"VersionId": version} if version else {}
        s3 = self._client("s3", Caller.root(owner, "us-east-1"))
        try:
            return bool(s3.get_object_tagging(Bucket=bucket, Key=key, **named)["TagSet"])
        except ClientError as error:  # no such object: S3's own answer is the better one
            require_absence(error)
            return False
