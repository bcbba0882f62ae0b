"""Pages of a list: the token of the next one, as every List and Describe operation gives it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from localaws.core.errors import ServiceError

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], token: str | None, size: int = 100) -> tuple[list[_Item], dict[str, Any]]:
    """The items of one page, and ``{"NextToken": ...}`` where there are more."""
    start = 0
    if token:
        try:
            start = int(base64.urlsafe_b64decode(token.encode()).decode())
        except ValueError as error:
            raise ServiceError("ValidationError", "The specified NextToken is invalid.") from error
    end = start + size
    more = {"NextToken": base64.urlsafe_b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return list(items[start:end]), more
