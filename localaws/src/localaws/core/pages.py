"""Pages of a list, the same for every service: which items a request shows, and the token of the next page. Pure.

A token names the last item shown, so that what is created or deleted meanwhile neither repeats nor hides an item, and
its position, for when that item is gone. A token that was not given here is refused by the service's own error.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from localaws.core.errors import ServiceError

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Pages:
    """How the List operations of one service page.

    ``code`` and ``message`` are its error for a wrong token. ``continuation`` and ``size`` are the members of its
    requests that hold the token and the wanted number of items; ``usual`` is how many are shown where none is wanted,
    ``most`` how many at most.
    """

    code: str
    message: str = "The specified NextToken is invalid."
    continuation: str = "NextToken"
    size: str = "MaxResults"
    usual: int = 100
    most: int | None = None

    def of(
        self,
        items: Sequence[_Item],
        request: Mapping[str, Any],
        key: Callable[[_Item], str] | None = None,
        usual: int | None = None,
    ) -> tuple[list[_Item], dict[str, str]]:
        """The items of one page, and ``{continuation: token}`` where there are more.

        ``items`` are in order; ``key`` gives what no two of them share. Without it a page begins at its position.
        """
        start = self._start(items, request.get(self.continuation), key)
        wanted = request.get(self.size) or usual or self.usual
        end = start + (wanted if self.most is None else min(wanted, self.most))
        if end >= len(items):
            return list(items[start:]), {}
        after = key(items[end - 1]) if key else None
        return list(items[start:end]), {self.continuation: _written(after, end)}

    def _start(self, items: Sequence[_Item], token: str | None, key: Callable[[_Item], str] | None) -> int:
        if not token:
            return 0
        try:
            after, position = _read(token)
        except ValueError as error:
            raise ServiceError(self.code, self.message) from error
        if key is None or after is None:
            return position
        return next((number for number, item in enumerate(items, 1) if key(item) == after), position)


def _written(after: str | None, position: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([after, position]).encode()).decode()


def _read(token: str) -> tuple[str | None, int]:
    """The last item shown and the position after it. ValueError where ``_written`` did not write the token."""
    read = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    if not isinstance(read, list) or len(read) != 2:
        raise ValueError(token)
    after, position = read
    if not (after is None or isinstance(after, str)) or type(position) is not int or position < 1:
        raise ValueError(token)
    return after, position
