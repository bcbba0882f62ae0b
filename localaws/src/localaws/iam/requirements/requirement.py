"""What one operation needs: an action on a resource. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.core.partitions import partition_of

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Requirement:
    """An action and the ARNs of the resource it is done to.

    More than one ARN: the resource has several forms in policies (a log group with and without ``:*``), and being
    allowed on one of them is enough. ``context`` has the condition keys that belong to this action alone.
    """

    action: str
    resources: tuple[str, ...] = ("*",)
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Account and region in which a name without an ARN is meant."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{partition_of(self.region)}:{service}:{self.region}:{self.account}:{resource}"

    def bucket_arn(self, bucket: str, key: Any = None) -> str:
        """The ARN of a bucket, or of an object in it."""
        return f"arn:{partition_of(self.region)}:s3:::{bucket}" + (f"/{key}" if key else "")

    def global_arn(self, service: str, resource: str) -> str:
        return f"arn:{partition_of(self.region)}:{service}::{self.account}:{resource}"
