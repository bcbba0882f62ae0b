"""Whether what a model package names is there: its model data in S3, and the digests that AWS fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_PRIVATE_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[\w.-]+)|@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class Artifacts:
    """Looks at S3 and ECR as the caller who registers the package."""

    def __init__(self, cloud: Cloud, caller: Caller) -> None:
        self._cloud = cloud
        self._s3 = cloud.client("s3", caller)

    def completed(self, specification: dict[str, Any]) -> dict[str, Any]:
        """The inference specification with ImageDigest and ModelDataETag where they can be told."""
        return {**specification, "Containers": [self._container(one) for one in specification["Containers"]]}

    def problems(self, specification: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """(container name, why its model data cannot be used) for each container that has a problem."""
        for number, container in enumerate(specification["Containers"], 1):
            problem = self._problem(container)
            if problem:
                yield container.get("ContainerHostname") or f"container-{number}", problem

    def _problem(self, container: dict[str, Any]) -> str | None:
        source = container.get("ModelDataSource", {}).get("S3DataSource", {})
        url = container.get("ModelDataUrl") or source.get("S3Uri")
        if url is None:  # an image may bring its model along
            return None
        bucket, key = _bucket_and_key(url)
        try:
            if source.get("S3DataType") == "S3Prefix":
                found = self._s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["KeyCount"]
                return None if found else f"ClientError: Could not find model data at {url}."
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return f"ClientError: Could not find model data at {url}."
            return f"ClientError: Could not access model data at {url}: {error.response['Error']['Message']}"
        return None

    def _container(self, container: dict[str, Any]) -> dict[str, Any]:
        found = dict(container)
        etag, digest = self._etag(container.get("ModelDataUrl")), self._digest(container.get("Image", ""))
        if etag:
            found["ModelDataETag"] = etag
        if digest:
            found.setdefault("ImageDigest", digest)
        return found

    def _etag(self, url: str | None) -> str | None:
        if url is None:
            return None
        bucket, key = _bucket_and_key(url)
        try:
            return str(self._s3.head_object(Bucket=bucket, Key=key)["ETag"]).strip('"')
        except ClientError:  # ``problems`` says what is wrong with it
            return None

    def _digest(self, image: str) -> str | None:
        parts = _PRIVATE_IMAGE.fullmatch(image)
        if not parts:
            return None
        if parts["digest"]:
            return parts["digest"]
        ecr = self._cloud.client("ecr", Caller.root(parts["account"], parts["region"]))
        try:
            images = ecr.describe_images(
                repositoryName=parts["repository"], imageIds=[{"imageTag": parts["tag"] or "latest"}]
            )["imageDetails"]
        except ClientError:  # a registry that is not kept here, AWS's own for instance, tells nothing
            return None
        return str(images[0]["imageDigest"]) if images else None


def _bucket_and_key(url: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key`` or of an https URL in S3's path or host style."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return parts.netloc, parts.path.lstrip("/")
    if parts.netloc.startswith("s3"):
        bucket, _, key = parts.path.lstrip("/").partition("/")
        return bucket, key
    return parts.netloc.split(".s3", 1)[0], parts.path.lstrip("/")
