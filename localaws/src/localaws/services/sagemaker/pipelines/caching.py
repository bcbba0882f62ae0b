"""Whether an earlier run of a step may stand for this one. Pure: arguments in, a key or a duration out.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

# A step of another type is never taken from the cache.
_KEY_MEMBERS = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
}
_ISO_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)
_SHORT_DURATION = re.compile(r"(\d+)\s*([smhdw])", re.IGNORECASE)
_SHORT_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class CacheConfigError(ValueError):
    """A CacheConfig that SageMaker would refuse."""


@dataclass(frozen=True)
class CacheConfig:
    """``expire_after`` None means that a cached run never grows too old."""

    expire_after: timedelta | None


def parse_cache_config(document: Any) -> CacheConfig | None:
    """The ``CacheConfig`` of a step, or None where caching is off."""
    if document is None:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("Enabled"), bool):
        raise CacheConfigError("CacheConfig needs Enabled, true or false")
    unknown = document.keys() - {"Enabled", "ExpireAfter"}
    if unknown:
        raise CacheConfigError(f"CacheConfig has no member {', '.join(sorted(unknown))}")
    expire_after = document.get("ExpireAfter")
    duration = None if expire_after is None else parse_duration(expire_after)
    return CacheConfig(duration) if document["Enabled"] else None


def parse_duration(text: Any) -> timedelta:
    """An ISO 8601 duration (``P30D``, ``PT1H``) or the short form that the SDK's examples use (``30d``, ``1h``)."""
    short = _SHORT_DURATION.fullmatch(str(text))
    if short:
        return timedelta(**{_SHORT_UNITS[short[2].lower()]: int(short[1])})
    found = _ISO_DURATION.fullmatch(str(text))
    if not found or not any(found.groupdict().values()):
        raise CacheConfigError(f"ExpireAfter '{text}' is not an ISO 8601 duration such as P30D or PT1H")
    parts = {name: int(value or 0) for name, value in found.groupdict().items()}
    days = parts.pop("years") * 365 + parts.pop("months") * 30 + parts.pop("days")
    return timedelta(days=days, **parts)


def cache_key(step_type: str, arguments: dict[str, Any]) -> str | None:
    """A digest of the resolved arguments that decide the outcome, or None where this type is never cached."""
    members = _KEY_MEMBERS.get(step_type)
    if members is None:
        return None
    deciding = {member: arguments.get(member) for member in members}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
