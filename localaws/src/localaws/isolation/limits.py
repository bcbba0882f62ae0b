"""How much a run may use: what an instance type or a compute type of AWS has. A table and the types' names, no call.

Where a type is not known there is no limit: unknown is never a guess. A limit above what this machine has is none.
https://aws.amazon.com/ec2/instance-types/ · https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_GIB: Final = 1024**3
# GiB for each vCPU, by family; families whose sizes do not follow a rule are left out.
_GIB_PER_CPU: Final = {"c": 2, "m": 4, "r": 8}
_BURSTABLE: Final = {"medium": (2, 4), "large": (2, 8), "xlarge": (4, 16), "2xlarge": (8, 32)}
_COMPUTE_TYPES: Final = {
    "BUILD_GENERAL1_SMALL": (2, 4),
    "BUILD_GENERAL1_MEDIUM": (4, 8),
    "BUILD_GENERAL1_LARGE": (8, 16),
    "BUILD_GENERAL1_XLARGE": (36, 72),
    "BUILD_GENERAL1_2XLARGE": (72, 144),
}
_OLD_FAMILIES: Final = ("c4", "m4", "r4")  # with other memory
MOST_PROCESSES: Final = 4096


@dataclass(frozen=True)
class Limits:
    """None where nothing is known."""

    cpus: int | None = None
    memory_bytes: int | None = None
    processes: int = MOST_PROCESSES


NO_LIMITS: Final = Limits()


def of_instance_type(name: str | None) -> Limits:
    """Of ``ml.m5.xlarge``, with or without the ``ml.``."""
    found = re.fullmatch(r"(?:ml\.)?([a-z]+)(\d+)([a-z]*)\.(\d*x?large|medium)", name or "")
    if not found:
        return NO_LIMITS
    family, generation, _, size = found.groups()
    if family == "t" and size in _BURSTABLE:
        return _limits(*_BURSTABLE[size])
    ratio = _GIB_PER_CPU.get(family)
    if ratio is None or f"{family}{generation}" in _OLD_FAMILIES or size == "medium":
        return NO_LIMITS
    cpus = 2 if size == "large" else 4 * int(size.removesuffix("xlarge") or 1)
    return _limits(cpus, cpus * ratio)


def of_compute_type(name: str) -> Limits:
    """Of a CodeBuild project."""
    return _limits(*_COMPUTE_TYPES[name]) if name in _COMPUTE_TYPES else NO_LIMITS


def _limits(cpus: int, gib: int) -> Limits:
    return Limits(cpus, gib * _GIB)
