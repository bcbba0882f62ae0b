"""The regions that AWS has, by the SDK's own table; reading it takes no network."""

from __future__ import annotations

import functools

import botocore.session

from localaws.core.errors import ServiceError
from localaws.core.partitions import UNPLAYED, partition_of


def refuse_unknown_region(name: str) -> None:
    """Raise what AWS answers to a request that is signed for no region of its own; and for one that is not played."""
    if partition_of(name) in UNPLAYED:
        raise ServiceError(
            "NotImplemented", f"localaws does not play {partition_of(name)}, the partition of region {name}.", 501
        )
    if name not in _regions():
        raise ServiceError(
            "SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{name}'.", 403
        )


@functools.cache
def _regions() -> frozenset[str]:
    session = botocore.session.get_session()
    return frozenset(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    )
