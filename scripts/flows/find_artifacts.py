"""Finds where the newest approved model packages of all pipelines lie: buckets, who owns them, and their KMS keys.

It only reads, with the credentials that bootstrap has in dev. What they may not read is told as not read; it never
counts as a bucket of dev's, or as one without a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scripts.decisions.artifact_places import ArtifactPlace, artifact_locations
from scripts.decisions.containers import S3Location
from scripts.decisions.model_packages import choose_package
from scripts.decisions.release import Release
from scripts.errors import AccessDeniedError, ServiceResponseError
from scripts.flows.stage_context import StageContext
from scripts.gateways.buckets import bucket_key, bucket_region, object_key, own_buckets


def find_artifacts(pipelines: Iterable[StageContext]) -> list[ArtifactPlace]:
    """One place for each bucket; none for a group without an approved version, which has nothing to read yet."""
    by_bucket: dict[str, tuple[StageContext, list[str], list[S3Location]]] = {}
    for context in pipelines:
        for location, package in _locations(context):
            _, packages, locations = by_bucket.setdefault(location.bucket, (context, [], []))
            packages += [package] if package not in packages else []
            locations.append(location)
    return [
        _place(context, bucket, tuple(packages), locations)
        for bucket, (context, packages, locations) in by_bucket.items()
    ]


def far_artifacts(context: StageContext, release: Release) -> list[str]:
    """A sentence for each bucket in another region that a promotion copies out of, where S3 tells of it."""
    buckets = {each.bucket for container in release.model_package.containers for each in container.objects}
    region = context.settings.region
    places = {each: bucket_region(context.dev, each) for each in sorted(buckets - {context.names.dev_bucket})}
    return [
        f"the model data in s3://{bucket} is in {there}: SageMaker reads models of its own region alone, so jobs use "
        f"the copy that promoting makes in {region}; S3 bills the transfer between regions"
        for bucket, there in places.items()
        if there is not None and there != region
    ]


def _locations(context: StageContext) -> list[tuple[S3Location, str]]:
    chosen = choose_package(context.dev_registry.newest_approved(context.settings.model_package_group))
    package: dict[str, Any] = (context.dev_registry.describe(chosen.arn) if chosen else None) or {}
    return [(each, f"{chosen.group}/{chosen.version}") for each in artifact_locations(package) if chosen]


def _place(context: StageContext, bucket: str, packages: tuple[str, ...], locations: list[S3Location]) -> ArtifactPlace:
    unread: list[str] = []
    keys: list[str] = []
    own: bool | None = None
    try:
        own = bucket in own_buckets(context.dev)
    except AccessDeniedError as error:
        unread.append(f"whose bucket it is: {error.problem}")
    try:
        keys += [key for key in [bucket_key(context.dev, bucket)] if key]
    except (AccessDeniedError, ServiceResponseError) as error:
        unread.append(f"the bucket's own key: {error.problem}")
    for each in locations:
        try:
            keys += [key for key in [object_key(context.dev, bucket, each.key)] if key]
        except (AccessDeniedError, ServiceResponseError) as error:
            unread.append(f"the key of {each.uri}: {error.problem}")
    return ArtifactPlace(bucket, packages, own, tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(unread)))
