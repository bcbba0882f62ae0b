"""How a release's model package is carried into a stage's account: what is copied where, what is registered.

Everything the source version has is kept: metrics, drift baselines, metadata. What lies in S3 is copied and
re-pointed; two entries of metadata say where the version came from. Pure: it takes DescribeModelPackage's answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import s3_location, with_model_data
from scripts.decisions.model_packages import APPROVED
from scripts.decisions.names import StageNames
from scripts.decisions.release import Container, Release, S3Object
from scripts.errors import ModelPackageError

SOURCE_ARN_KEY = "source_model_package_arn"
RELEASE_ID_KEY = "release_id"
MOST_METADATA = 50
LONGEST_METADATA_VALUE = 256
_KEPT = (
    "ModelPackageDescription",
    "Domain",
    "Task",
    "SkipModelValidation",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
)
_NOT_AN_INPUT = {"ApprovalDescription"}  # set by UpdateModelPackage only


@dataclass(frozen=True)
class Copy:
    """One object to copy. ``source`` is pinned; None where it is a metrics file, which is pinned by nothing."""

    source_bucket: str
    source_key: str
    target_key: str
    pinned: S3Object | None


@dataclass(frozen=True)
class Promotion:
    """What promoting a release means: the copies, and CreateModelPackage's request."""

    bucket: str
    kms_key_arn: str
    group: str
    source_arn: str
    source_created: datetime
    release_id: str
    copies: tuple[Copy, ...]
    request: dict[str, Any]

    @property
    def model_data_uris(self) -> tuple[str | None, ...]:
        return model_data_uris(self.request)

    def client_token(self, newest_arn: str | None) -> str:
        """The same for the same request, so that a repeated one registers nothing twice.

        ``newest_arn`` is the group's newest version: after a registration that failed, the token is another one.
        """
        return sha256_of([self.source_arn, self.bucket, self.request, newest_arn])[:36]


def plan_promotion(
    release: Release, package: dict[str, Any], names: StageNames, bucket: str, kms_key_arn: str
) -> Promotion:
    """The promotion of ``release``; ``package`` is what DescribeModelPackage says of its source version now.

    Raises ModelPackageError where the version is no longer Approved, or has metadata that leaves no room.
    """
    pinned = release.model_package
    _require_still_approved(release, package)
    digest = pinned.artifact_digest
    metrics = _Repointing(bucket, names.metrics_prefix(pinned.version, digest))
    copies, containers = _moved_containers(release, package, bucket, names.artifact_prefix(pinned.version, digest))
    request: dict[str, Any] = {
        "ModelPackageGroupName": names.target_group,
        "ModelApprovalStatus": APPROVED,
        "InferenceSpecification": {**package["InferenceSpecification"], "Containers": containers},
        "CustomerMetadataProperties": _metadata(package, release.release_id),
        **{name: package[name] for name in _KEPT if package.get(name) and name not in _NOT_AN_INPUT},
        **_without_authors(package),
    }
    for name in ("ModelMetrics", "DriftCheckBaselines"):
        if package.get(name):
            request[name] = metrics.repointed(package[name], name)
    if package.get("SamplePayloadUrl"):
        request["SamplePayloadUrl"] = metrics.moved(package["SamplePayloadUrl"], "SamplePayloadUrl")
    return Promotion(
        bucket=bucket,
        kms_key_arn=kms_key_arn,
        group=names.target_group,
        source_arn=pinned.arn,
        source_created=package["CreationTime"],
        release_id=release.release_id,
        copies=(*copies, *metrics.copies.values()),
        request=request,
    )


def _require_still_approved(release: Release, package: dict[str, Any]) -> None:
    arn = release.model_package.arn
    if package["ModelApprovalStatus"] != APPROVED:
        raise ModelPackageError(
            f"{arn} is no longer Approved: its approval status is {package['ModelApprovalStatus']}",
            found=[f"release {release.release_id} was made from it"],
            next_command="approve it again, or make a release of another version: make release",
        )


def _moved_containers(
    release: Release, package: dict[str, Any], bucket: str, prefix: str
) -> tuple[list[Copy], list[dict[str, Any]]]:
    """What is copied below ``prefix``, and the containers that name the copies, their images by digest."""
    copies: list[Copy] = []
    containers = []
    for index, (container, described) in enumerate(
        zip(release.model_package.containers, package["InferenceSpecification"]["Containers"], strict=True)
    ):
        key = _target_key(prefix, index, container.kind)
        copies += [
            Copy(each.bucket, each.key, artifact_key(prefix, index, container, each), each)
            for each in container.objects
        ]
        moved = with_model_data(described, None if container.kind == "image-only" else f"s3://{bucket}/{key}")
        containers.append({**moved, **({"ImageDigest": container.image_digest} if container.image_digest else {})})
    return copies, containers


def model_data_uris(package: dict[str, Any]) -> tuple[str | None, ...]:
    """Where each container's model data is, of a DescribeModelPackage answer or a CreateModelPackage request."""
    return tuple(
        each.get("ModelDataUrl") or (each.get("ModelDataSource") or {}).get("S3DataSource", {}).get("S3Uri")
        for each in package.get("InferenceSpecification", {}).get("Containers", [])
    )


def is_promotion_of(package: dict[str, Any], source_arn: str, uris: Sequence[str | None]) -> bool:
    """Whether a registered package is what a promotion would register: the same source, the same model data."""
    metadata = package.get("CustomerMetadataProperties") or {}
    return metadata.get(SOURCE_ARN_KEY) == source_arn and model_data_uris(package) == tuple(uris)


def artifact_key(prefix: str, index: int, container: Container, item: S3Object) -> str:
    """Where a stage's bucket has one object of a container's model data."""
    return _target_key(prefix, index, container.kind) + (item.path if container.kind == "prefix" else "")


def _target_key(prefix: str, index: int, kind: str) -> str:
    return f"{prefix}model_{index}/" if kind == "prefix" else f"{prefix}model_{index}.tar.gz"


def _metadata(package: dict[str, Any], release_id: str) -> dict[str, str]:
    metadata = {**(package.get("CustomerMetadataProperties") or {})}
    metadata |= {SOURCE_ARN_KEY: package["ModelPackageArn"], RELEASE_ID_KEY: release_id}
    if len(metadata) > MOST_METADATA:
        raise ModelPackageError(
            f"{package['ModelPackageArn']} has too many metadata entries: with the two that a promotion adds "
            f"there are {len(metadata)}; SageMaker allows {MOST_METADATA}",
            next_command=f"aws sagemaker update-model-package --model-package-arn {package['ModelPackageArn']} "
            f"--customer-metadata-properties-to-remove NAME   # until {MOST_METADATA - 2} are left",
        )
    if len(metadata[SOURCE_ARN_KEY]) > LONGEST_METADATA_VALUE:
        raise ModelPackageError(f"the ARN {metadata[SOURCE_ARN_KEY]} is too long for a metadata value")
    return metadata


def _without_authors(package: dict[str, Any]) -> dict[str, Any]:
    """MetadataProperties, ModelCard and SourceUri, as far as CreateModelPackage takes them from another account."""
    kept: dict[str, Any] = {}
    properties = {
        name: value
        for name, value in (package.get("MetadataProperties") or {}).items()
        if name in ("CommitId", "Repository", "GeneratedBy", "ProjectId") and value
    }
    if properties:
        kept["MetadataProperties"] = properties
    card = package.get("ModelCard") or {}
    if card.get("ModelCardContent"):
        kept["ModelCard"] = {name: card[name] for name in ("ModelCardContent", "ModelCardStatus") if card.get(name)}
    if package.get("SourceUri") and not package["SourceUri"].startswith("arn:"):
        # An ARN there would ask SageMaker to clone the version of another account, next to the containers given here.
        kept["SourceUri"] = package["SourceUri"]
    return kept


class _Repointing:
    """Rewrites S3 addresses to copies below one prefix, and remembers the copies."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self.copies: dict[str, Copy] = {}

    def repointed(self, value: Any, path: str) -> Any:
        """``value`` with every S3Uri in it moved; ``path`` says where in the package it stands."""
        if isinstance(value, dict):
            return {
                name: self.moved(item, path) if name == "S3Uri" else self.repointed(item, f"{path}/{name}")
                for name, item in value.items()
            }
        return value

    def moved(self, uri: str, path: str) -> str:
        location = s3_location(uri)
        key = f"{self._prefix}{path}/{location.key.rsplit('/', 1)[-1]}"
        self.copies[key] = Copy(location.bucket, location.key, key, None)
        return f"s3://{self._bucket}/{key}"
