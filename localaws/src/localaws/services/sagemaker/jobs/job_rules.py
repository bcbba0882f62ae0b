"""What SageMaker refuses in a job's request although each member alone is allowed: the rules that bind two. Pure.

A request has passed the service model before it comes here. Each rule is one function that gives the sentence of the
refusal, or None; where AWS's own words are not known they are those of the page that states the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localaws.core.errors import ServiceError
from localaws.services.sagemaker.jobs.instance_storage import local_gigabytes
from localaws.services.sagemaker.jobs.transform_objects import DEFAULT_PAYLOAD_MB, TransformSettings

_MOST_MEGABYTES = 100
_MOST_TRANSFORM_INSTANCES = 100


def refuse_wrong_transform(request: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html"""
    _refuse(_transform_problems(request))


def refuse_wrong_processing(request: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html"""
    _refuse(_processing_problems(request))


def _refuse(problems: Iterator[str | None]) -> None:
    for problem in problems:
        if problem is not None:
            raise ServiceError("ValidationException", problem)


def _transform_problems(request: dict[str, Any]) -> Iterator[str | None]:
    resources = request["TransformResources"]
    yield _too_many_megabytes(request)
    yield _unsplit_batch(request)
    yield _wrong_data_processing(request)
    yield _volume_key(resources)
    if resources["InstanceCount"] > _MOST_TRANSFORM_INSTANCES:
        yield f"InstanceCount {resources['InstanceCount']} is greater than {_MOST_TRANSFORM_INSTANCES}."


def _processing_problems(request: dict[str, Any]) -> Iterator[str | None]:
    cluster = request["ProcessingResources"]["ClusterConfig"]
    yield _volume_key(cluster)
    yield _volume_larger_than_disks(cluster)


def _too_many_megabytes(request: dict[str, Any]) -> str | None:
    concurrent = request.get("MaxConcurrentTransforms") or 1
    payload = request.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB)
    if payload <= _MOST_MEGABYTES and concurrent * payload <= _MOST_MEGABYTES:
        return None
    return f"MaxConcurrentTransforms ({concurrent}) * MaxPayloadInMB ({payload}) must not exceed {_MOST_MEGABYTES} MB."


def _unsplit_batch(request: dict[str, Any]) -> str | None:
    split = request["TransformInput"].get("SplitType", "None")
    if request.get("BatchStrategy") != "MultiRecord" or split != "None":
        return None
    return "BatchStrategy MultiRecord needs a SplitType of Line, RecordIO or TFRecord; it is None."


def _wrong_data_processing(request: dict[str, Any]) -> str | None:
    try:
        TransformSettings.from_job(request)
    except ValueError as error:
        return f"DataProcessing: {error}"
    return None


def _volume_key(resources: dict[str, Any]) -> str | None:
    """You can't request a VolumeKmsKeyId when using an instance type with local storage."""
    kind = resources["InstanceType"]
    if not resources.get("VolumeKmsKeyId") or local_gigabytes(kind) is None:
        return None
    return (
        f"VolumeKmsKeyId is not supported for instance type {kind}: it has local instance storage, which is encrypted "
        "by a hardware module on the instance."
    )


def _volume_larger_than_disks(cluster: dict[str, Any]) -> str | None:
    """You can't request a VolumeSizeInGB greater than the total size of the local instance storage."""
    local = local_gigabytes(cluster["InstanceType"])
    if local is None or cluster["VolumeSizeInGB"] <= local:
        return None
    return (
        f"VolumeSizeInGB {cluster['VolumeSizeInGB']} is greater than the local instance storage of "
        f"{cluster['InstanceType']}, which is {local} GB."
    )
