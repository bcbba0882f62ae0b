"""Issues temporary keys and keeps whose they are, in the table ``sts.session``; whether somebody may have them is
decided by who calls it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

TABLE = "sts.session"


def issue(
    cloud: Cloud, arn: str, account: str, user_id: str, duration: int, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """STS's ``Credentials`` for ``duration`` seconds. ``kept`` is what else the session is."""
    key = f"ASIA{secrets.token_hex(8).upper()}"
    now = cloud.clock.now()
    expires = now + timedelta(seconds=duration)
    document = {"Arn": arn, "Account": account, "UserId": user_id, "Expiration": expires, "Issued": now}
    issued = {"SecretAccessKey": secrets.token_urlsafe(30), "SessionToken": secrets.token_urlsafe(96)}
    cloud.store.table(TABLE).put(key, {**document, **(kept or {}), **issued})
    return {"AccessKeyId": key, **issued, "Expiration": expires}
