"""AWS's partitions, by the SDK's own list: which one a region is in, and how its ARNs and domains are written.

Which partition is meant, the region of a request tells; an account number has identities of its own in each, as on
AWS. Reading the list takes no network.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

import botocore.loaders

# moto, which stands behind the front door, takes their regions for those of ``aws``: ARNs would be wrong.
UNPLAYED = frozenset({"aws-iso-e", "aws-iso-f"})


@dataclass(frozen=True)
class Partition:
    """``home`` is the region that answers for its global services; ``suffix`` what AWS::URLSuffix gives."""

    name: str
    suffix: str
    home: str
    regions: str


def partition_named(name: str) -> Partition:
    """The partition that an ARN names; one that AWS has not is like ``aws`` in all but its name."""
    found = _partitions().get(name)
    return found or Partition(name, "amazonaws.com", "us-east-1", "")


@functools.cache
def partition_at(region: str) -> Partition:
    """The partition of a region, by the form of its name where it is not in the list; ``aws`` where none fits."""
    fitting = (each for each in _partitions().values() if re.match(each.regions, region))
    return next(fitting, _partitions()["aws"])


def partition_of(region: str) -> str:
    """The partition as ARNs name it."""
    return partition_at(region).name


def object_url(region: str, bucket: str, key: str) -> str:
    """The https address of an object in S3, path style."""
    return f"https://s3.{region}.{partition_at(region).suffix}/{bucket}/{key}"


def suffixes() -> tuple[str, ...]:
    """Under which domains AWS answers, over all partitions."""
    return tuple(sorted({each.suffix for each in _partitions().values()}))


@functools.cache
def _partitions() -> dict[str, Partition]:
    listed = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    return {
        each["id"]: Partition(
            each["id"], each["outputs"]["dnsSuffix"], each["outputs"]["implicitGlobalRegion"], each["regionRegex"]
        )
        for each in listed
    }
