"""An ARN as a value: read once, its parts by name, written back as it was.

The resource keeps whatever stands after the fifth colon, colons and slashes too; what it means is its service's
affair. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from dataclasses import dataclass


class ArnError(ValueError):
    """The text is not an ARN; the message says why."""


@dataclass(frozen=True)
class Arn:
    """``region`` and ``account`` are empty where a service's ARNs have none (IAM, S3)."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """ArnError where ``text`` lacks a part that every ARN has: partition, service, resource."""
        head, *parts = text.split(":", 5)
        if head != "arn" or len(parts) != 5:
            raise ArnError(f"{text} is not an ARN: it must have the form arn:partition:service:region:account:resource")
        arn = cls(*parts)
        for name in ("partition", "service", "resource"):
            if not getattr(arn, name):
                raise ArnError(f"{text} is not an ARN: its {name} is empty")
        return arn

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def name(self) -> str:
        """The resource without its kind: what stands after the last colon or slash."""
        return self.resource.replace(":", "/").rpartition("/")[2]


def without_arn(place: str) -> str:
    """``bucket/key`` of a place in S3 that may be given as an ARN, of whichever partition."""
    return Arn.parse(place).resource if place.startswith("arn:") else place
