"""Pages of a list: how many, from where, and the token of the next. Pure."""

from __future__ import annotations

from typing import Any

from localaws.core.errors import ServiceError


def page(items: list[Any], size: int, token: str | None) -> tuple[list[Any], str | None]:
    """The items from where ``token`` says, at most ``size``, and the token for the rest or None."""
    if token is not None and not token.isdigit():
        raise ServiceError("ValidationException", "NextToken is not valid.")
    start = int(token or 0)
    following = start + size
    return items[start:following], str(following) if following < len(items) else None
