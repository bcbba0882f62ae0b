"""What SageMaker refuses in a job's request although each setting alone is allowed: the rules that bind two. Pure.

Each rule is one function, with AWS's page. It says which setting, what was found, and the rule; what it cannot know
before a run it passes over. What only may go wrong is told and refuses nothing (``refused`` is False).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from scripts.decisions.data_processing_limits import DATA_PROCESSING_RULES
from scripts.decisions.job_requests import UNKNOWN, JobRequest, job_requests
from scripts.decisions.limit_findings import API, LimitFinding, Rule, member
from scripts.decisions.local_storage import has_local_storage, local_gigabytes

MOST_MEGABYTES: Final = 100
DEFAULT_MEGABYTES: Final = 6
_MOST_INSTANCES = 100
# What the model servers of SageMaker's images (Multi Model Server, TorchServe) take unless told otherwise.
SERVER_BYTES: Final = 6_553_500
_SERVER_LIMITS = ("MMS_MAX_REQUEST_SIZE", "TS_MAX_REQUEST_SIZE")
_SIZES = {"Processing": "processing", "Transform": "inference"}


def definition_limits(
    definition: Mapping[str, Any],
    chosen: Mapping[str, Any] | None = None,
    environments: Iterable[Mapping[str, str]] | None = None,
    told: Mapping[str, bool] | None = None,
) -> list[LimitFinding]:
    """Of every step, as a run with the values ``chosen`` would send it.

    ``environments`` are those of the model's containers, where the model is known; ``told`` is what EC2 says of
    instance types (has local storage) that are not in the table.
    """
    found: list[LimitFinding] = []
    for request in job_requests(definition, chosen):
        rules = _TRANSFORM if request.kind == "Transform" else _PROCESSING
        found += [each for rule in rules if (each := rule(request))]
        found += _volume_key(request, told)
        if environments is not None and request.kind == "Transform":
            found += _server_limit(request, environments)
    return found


def _payload(request: JobRequest) -> LimitFinding | None:
    concurrent, payload = _numbers(request, "MaxConcurrentTransforms", "MaxPayloadInMB")
    if concurrent is None or payload is None or concurrent * payload <= MOST_MEGABYTES:
        return None
    return LimitFinding(
        request.step,
        ("transform.max_concurrent_transforms", "transform.max_payload_in_mb"),
        f"{concurrent} x {payload} MB",
        f"MaxConcurrentTransforms times MaxPayloadInMB may not exceed {MOST_MEGABYTES} MB",
        f"{API}API_CreateTransformJob.html",
    )


def _numbers(request: JobRequest, concurrent: str, payload: str) -> tuple[int | None, int | None]:
    """What the two are in effect: unset or 0 requests at a time are one, an unset payload is 6 MB."""
    one, other = request.arguments.get(concurrent), request.arguments.get(payload, DEFAULT_MEGABYTES)
    return (
        None if one is UNKNOWN else int(one or 1),
        None if other is UNKNOWN else int(other),
    )


def _streamed(request: JobRequest) -> LimitFinding | None:
    if request.arguments.get("MaxPayloadInMB") != 0:
        return None
    return LimitFinding(
        request.step,
        ("transform.max_payload_in_mb",),
        "MaxPayloadInMB 0",
        "a payload of 0 streams the request in chunks, which SageMaker's built-in algorithms do not read",
        f"{API}API_CreateTransformJob.html",
        refused=False,
    )


def _batching(request: JobRequest) -> LimitFinding | None:
    split = member(request, "TransformInput", "SplitType", "None")
    if request.arguments.get("BatchStrategy") != "MultiRecord" or split != "None":
        return None
    return LimitFinding(
        request.step,
        ("transform.batch_strategy", "transform.split_type"),
        f"MultiRecord with SplitType {split}",
        "BatchStrategy MultiRecord needs a SplitType of Line, RecordIO or TFRecord",
        f"{API}API_CreateTransformJob.html",
    )


def _transform_instances(request: JobRequest) -> LimitFinding | None:
    count = request.resources.get("InstanceCount")
    if not isinstance(count, int) or count <= _MOST_INSTANCES:
        return None
    return LimitFinding(
        request.step,
        ("inference.instance_count",),
        f"InstanceCount {count}",
        f"a transform job has at most {_MOST_INSTANCES} instances",
        f"{API}API_TransformResources.html",
    )


def _manifest(request: JobRequest) -> LimitFinding | None:
    source = member(request, "TransformInput", "DataSource", {})
    data = source.get("S3DataSource") if isinstance(source, Mapping) else None
    if not isinstance(data, Mapping) or data.get("S3DataType") != "AugmentedManifestFile":
        return None
    return LimitFinding(
        request.step,
        ("pipeline.py",),
        "S3DataType AugmentedManifestFile",
        "a transform job reads an S3Prefix or a ManifestFile, no AugmentedManifestFile",
        f"{API}API_TransformS3DataSource.html",
    )


def _volume_size(request: JobRequest) -> LimitFinding | None:
    kind, size = request.resources.get("InstanceType"), request.resources.get("VolumeSizeInGB")
    local = local_gigabytes(kind) if isinstance(kind, str) else None
    if local is None or not isinstance(size, int) or size <= local:
        return None
    return LimitFinding(
        request.step,
        ("processing.instance_type", "VolumeSizeInGB in pipeline.py"),
        f"{size} GB on {kind}, whose disks have {local} GB",
        "VolumeSizeInGB may not exceed the local storage of an instance type that has some",
        f"{API}API_ProcessingClusterConfig.html",
    )


def _compression(request: JobRequest) -> LimitFinding | None:
    inputs = request.arguments.get("ProcessingInputs")
    for each in inputs if isinstance(inputs, list) else []:
        s3 = each.get("S3Input") if isinstance(each, Mapping) else None
        if isinstance(s3, Mapping) and s3.get("S3CompressionType") == "Gzip" and s3.get("S3InputMode") == "File":
            return LimitFinding(
                request.step,
                ("pipeline.py",),
                f"input {each.get('InputName')}: Gzip with S3InputMode File",
                "S3CompressionType Gzip needs S3InputMode Pipe",
                f"{API}API_ProcessingS3Input.html",
            )
    return None


def _volume_key(request: JobRequest, told: Mapping[str, bool] | None) -> Iterator[LimitFinding]:
    kind, key = request.resources.get("InstanceType"), request.resources.get("VolumeKmsKeyId")
    if isinstance(kind, str) and key and has_local_storage(kind, told):
        group = "TransformResources" if request.kind == "Transform" else "ProcessingClusterConfig"
        yield LimitFinding(
            request.step,
            (f"{_SIZES[request.kind]}.instance_type",),
            f"VolumeKmsKeyId with {kind}",
            "an instance type with local storage takes no VolumeKmsKeyId: it encrypts its disks by itself",
            f"{API}API_{group}.html",
        )


def _server_limit(request: JobRequest, environments: Iterable[Mapping[str, str]]) -> Iterator[LimitFinding]:
    _, payload = _numbers(request, "MaxConcurrentTransforms", "MaxPayloadInMB")
    wanted = (payload or 0) * 1024 * 1024
    if payload is None or payload <= DEFAULT_MEGABYTES or all(_takes(each, wanted) for each in environments):
        return
    yield LimitFinding(
        request.step,
        ("transform.max_payload_in_mb",),
        f"MaxPayloadInMB {payload}, and the model sets no {' or '.join(_SERVER_LIMITS)} of {wanted}",
        f"the model servers of SageMaker's images refuse requests above {SERVER_BYTES:,} bytes unless told otherwise",
        "https://github.com/awslabs/multi-model-server/blob/master/docs/configuration.md",
        refused=False,
    )


def _takes(environment: Mapping[str, str], wanted: int) -> bool:
    given = [environment[name] for name in _SERVER_LIMITS if name in environment]
    return any(each.isdigit() and int(each) >= wanted for each in given)


_TRANSFORM: Final[tuple[Rule, ...]] = (
    *(_payload, _streamed, _batching, _transform_instances, _manifest),
    *DATA_PROCESSING_RULES,
)
_PROCESSING: Final[tuple[Rule, ...]] = (_volume_size, _compression)
