"""The containers of a model package, and the S3 objects they are made of.

A package may have one container or several (an inference pipeline); each brings a tarball (``ModelDataUrl`` or
``ModelDataSource``), an uncompressed prefix (``ModelDataSource``), or nothing but its image. What cannot be carried
into another account is refused here, with the reason.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelPackageContainerDefinition.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from scripts.errors import ModelPackageError

Kind = Literal["object", "prefix", "image-only"]

_REFUSED = {
    "ProductId": "it is an AWS Marketplace product, and each account must subscribe to it separately",
    "AdditionalS3DataSource": "its additional data source cannot be pinned",
    "AdditionalModelDataSources": "its additional model data sources cannot be pinned",
    "BaseModel": "its model comes from a SageMaker hub, not from S3",
}


@dataclass(frozen=True)
class S3Location:
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class ContainerSource:
    """Where one container's image and model data are, by what DescribeModelPackage says."""

    index: int
    image: str
    image_digest: str | None
    kind: Kind
    location: S3Location | None


def s3_location(uri: str) -> S3Location:
    """The bucket and key of an ``s3://`` URI. Raises ModelPackageError for any other."""
    parts = urlsplit(uri, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc or not parts.path.strip("/"):
        raise ModelPackageError(f'"{uri}" is not an S3 URI of an object or a prefix')
    return S3Location(parts.netloc, parts.path.removeprefix("/") + (f"?{parts.query}" if parts.query else ""))


def container_sources(package: dict[str, Any]) -> tuple[ContainerSource, ...]:
    """Every container of a DescribeModelPackage answer. Raises ModelPackageError for what cannot be carried over."""
    arn = package["ModelPackageArn"]
    specification = package.get("InferenceSpecification")
    if not specification or not specification.get("Containers"):
        algorithm = " It names an algorithm package instead." if package.get("SourceAlgorithmSpecification") else ""
        raise ModelPackageError(f"{arn} has no InferenceSpecification with containers.{algorithm}")
    if package.get("AdditionalInferenceSpecifications"):
        raise ModelPackageError(
            f"{arn} has AdditionalInferenceSpecifications, which this deployment would not use and cannot pin",
            next_command="register the version again without them",
        )
    return tuple(_source(arn, index, each) for index, each in enumerate(specification["Containers"]))


def _source(arn: str, index: int, container: dict[str, Any]) -> ContainerSource:
    for member, reason in _REFUSED.items():
        if container.get(member):
            raise ModelPackageError(f"container {index} of {arn} has {member}: {reason}")
    if not container.get("Image"):
        raise ModelPackageError(f"container {index} of {arn} has no image")
    kind, uri = _model_data(arn, index, container)
    return ContainerSource(
        index=index,
        image=container["Image"],
        image_digest=container.get("ImageDigest"),
        kind=kind,
        location=s3_location(uri) if uri else None,
    )


def _model_data(arn: str, index: int, container: dict[str, Any]) -> tuple[Kind, str | None]:
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    if container.get("ModelDataSource") and not source:
        raise ModelPackageError(f"container {index} of {arn} has a ModelDataSource that is not S3")
    if source:
        for member in ("HubAccessConfig", "ManifestS3Uri"):
            if source.get(member):
                raise ModelPackageError(f"container {index} of {arn}: model data with {member} cannot be pinned")
        if source.get("S3DataType") == "S3Prefix" and source.get("CompressionType") != "Gzip":
            return "prefix", source["S3Uri"]
        return "object", source["S3Uri"]
    return ("object", container["ModelDataUrl"]) if container.get("ModelDataUrl") else ("image-only", None)


def with_model_data(container: dict[str, Any], uri: str | None) -> dict[str, Any]:
    """A copy of a container as CreateModelPackage takes it, its model data at ``uri``."""
    moved = {name: value for name, value in container.items() if name not in ("ModelDataETag", "IsCheckpoint")}
    if uri is None:
        return moved
    if moved.get("ModelDataSource"):
        source = {**moved["ModelDataSource"]["S3DataSource"], "S3Uri": uri}
        for member in ("ETag", "ManifestEtag"):
            source.pop(member, None)
        moved["ModelDataSource"] = {"S3DataSource": source}
        moved.pop("ModelDataUrl", None)
    else:
        moved["ModelDataUrl"] = uri
    return moved
