"""The quotas of SageMaker's jobs: their names, which are AWS's, their codes, and what an account begins with. Pure.

https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final

from moto.core.utils import get_service_model

SERVICE_CODE: Final = "sagemaker"
_TYPES = {"Processing": "ProcessingInstanceType", "Transform": "TransformInstanceType"}
_ORDINARY_FAMILIES = frozenset(
    {
        *("t3", "m4", "m5", "m6i", "m7i", "m7i-flex", "m8i", "m8i-flex"),
        *("c4", "c5", "c6i", "c7i", "c7i-flex", "c8i", "c8i-flex"),
        *("r5", "r6i", "r7i", "r8i", "r8i-flex"),
    }
)
_ORDINARY_SIZES = frozenset({"medium", "large", "xlarge", "2xlarge"})
_USUAL = 20


@dataclass(frozen=True)
class Quota:
    """One quota as AWS ships it to every account."""

    name: str
    default: int

    @property
    def code(self) -> str:
        return f"L-{hashlib.sha256(self.name.encode()).hexdigest()[:8].upper()}"


def usage_quota(instance_type: str, word: str) -> str:
    """The name of the quota of one instance type; ``word`` is Processing or Transform."""
    return f"{instance_type} for {word.lower()} job usage"


def instances_quota(word: str) -> str:
    """The name of the quota of all instances of one kind of job."""
    return f"Number of instances across all {word.lower()} jobs"


@cache
def sagemaker_quotas() -> dict[str, Quota]:
    """Every quota by its name, in the order of names."""
    model = get_service_model("sagemaker")
    found = [Quota(instances_quota(word), _USUAL) for word in _TYPES]
    for word, shape in _TYPES.items():
        types: list[str] = model.shape_for(shape).enum
        found += [Quota(usage_quota(each, word), _default(each)) for each in types]
    return {each.name: each for each in sorted(found, key=lambda one: one.name)}


def _default(instance_type: str) -> int:
    _, family, size = instance_type.split(".")
    return _USUAL if family in _ORDINARY_FAMILIES and size in _ORDINARY_SIZES else 0
