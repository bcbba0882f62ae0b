"""Leaves the volume's key out of the jobs that SageMaker would refuse with one, and says so. Pure.

Which instance type a step has is known once a stage's values are bound: its own literal, or its parameter's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.decisions.job_requests import JobRequest, job_requests, resources_of
from scripts.decisions.local_storage import has_local_storage

KEY = "VolumeKmsKeyId"


def without_refused_keys(
    definition: Mapping[str, Any], told: Mapping[str, bool] | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The definition that can be sent, and a sentence for each key that it leaves out.

    ``told`` is what EC2 says of instance types (has local storage) that are not in the table.
    """
    refused = {each.step for each in _with_disks(definition, told) if KEY in each.resources}
    notes = tuple(f"step {each.step}: {_why(each)}" for each in _with_disks(definition, told) if each.step in refused)
    left: dict[str, Any] = _without(dict(definition), refused)
    return left, notes


def keyless_steps(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """The same sentences of a definition that is deployed: its steps on local disks that name no key."""
    return tuple(
        f"step {each.step}: {_why(each)}" for each in _with_disks(definition, None) if KEY not in each.resources
    )


def unknown_types(definition: Mapping[str, Any]) -> list[str]:
    """Instance types of steps with a key of which the table does not say whether they have local storage; sorted."""
    types = [each.resources.get("InstanceType") for each in job_requests(definition) if KEY in each.resources]
    return sorted({each for each in types if isinstance(each, str) and has_local_storage(each) is None})


def _with_disks(definition: Mapping[str, Any], told: Mapping[str, bool] | None) -> Iterator[JobRequest]:
    for each in job_requests(definition):
        kind = each.resources.get("InstanceType")
        if isinstance(kind, str) and has_local_storage(kind, told):
            yield each


def _why(request: JobRequest) -> str:
    return (
        f"no key for its volume: {request.resources['InstanceType']} has local storage, which it encrypts by itself "
        f"and for which SageMaker takes no {KEY}"
    )


def _without(value: Any, refused: set[str]) -> Any:
    """A copy in which no step of these names has a key, wherever in a condition's branches it stands."""
    if isinstance(value, list):
        return [_without(item, refused) for item in value]
    if not isinstance(value, Mapping):
        return value
    copied = {key: _without(item, refused) for key, item in value.items()}
    if copied.get("Name") in refused and isinstance(copied.get("Arguments"), dict):
        resources = resources_of(str(copied.get("Type")), copied["Arguments"])
        if isinstance(resources, dict):
            resources.pop(KEY, None)
    return copied
