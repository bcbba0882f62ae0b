"""What moto's buckets say of everybody: ACLs that let all users read, public access blocks, CORS rules. Reads alone."""

from __future__ import annotations

from typing import Any

from moto.s3.models import s3_backends

from localaws.core.backend import CorsRule


def bucket_named(bucket: str) -> Any:
    """moto's bucket, whoever owns it, or None."""
    place = s3_backends.bucket_accounts.get(bucket)
    if place is None:
        return None
    partition, account = place
    return s3_backends[account][partition].buckets.get(bucket)


def cors_rules(bucket: Any) -> list[CorsRule]:
    return [
        CorsRule(
            _names(rule.allowed_origins),
            _names(rule.allowed_methods),
            _names(rule.allowed_headers),
            _names(rule.exposed_headers),
            int(rule.max_age_seconds) if rule.max_age_seconds is not None else None,
        )
        for rule in bucket.cors
    ]


def is_readable(bucket: str, key: str | None, version_id: str | None) -> bool:
    found = bucket_named(bucket)
    if found is None or blocks(bucket, "ignore_public_acls") or _owner_enforced(found):
        return False
    if key is None:
        return found.acl is not None and bool(found.acl.public_read)
    partition, account = s3_backends.bucket_accounts[bucket]
    held = s3_backends[account][partition].get_object(bucket, key, version_id=version_id)
    acl = getattr(held, "acl", None)
    return acl is not None and bool(acl.public_read)


def blocks(bucket: str, setting: str) -> bool:
    found = bucket_named(bucket)
    block = found.public_access_block if found is not None else None
    return block is not None and bool(getattr(block, setting))


def _owner_enforced(bucket: Any) -> bool:
    """With this setting ACLs mean nothing."""
    return "BucketOwnerEnforced" in str(bucket.ownership_rule or "")


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value or ())
