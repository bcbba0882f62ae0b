"""The regions AWS has, by botocore's list of partitions: read from the installed package, no call to AWS."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import botocore.loaders

from scripts.decisions.partitions import find_partition


def dns_suffix(region: str) -> str:
    """What ends the names of AWS's servers for a region, e.g. amazonaws.com. A region that is not known has it too."""
    for partition in _partitions():
        if region in partition["regions"] or re.match(partition["regionRegex"], region):
            return str(partition["outputs"]["dnsSuffix"])
    return "amazonaws.com"


def aws_domains() -> frozenset[str]:
    """The domains of AWS's own servers in all partitions."""
    names = ("dnsSuffix", "dualStackDnsSuffix")
    return frozenset(each["outputs"][name] for each in _partitions() for name in names if each["outputs"].get(name))


@cache
def _partitions() -> list[dict[str, Any]]:
    return list(botocore.loaders.create_loader().load_data("partitions")["partitions"])


@cache
def known_regions() -> frozenset[str]:
    """Without the places of global services, such as aws-global, where no stage can be."""
    regions = (region for partition in _partitions() for region in partition["regions"])
    return frozenset(region for region in regions if find_partition(region))
