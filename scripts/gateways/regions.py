"""The regions AWS has, by botocore's list of partitions: read from the installed package, no call to AWS."""

from __future__ import annotations

from functools import cache

import botocore.loaders


@cache
def known_regions() -> frozenset[str]:
    partitions = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])
