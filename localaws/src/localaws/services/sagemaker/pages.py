"""Pages of SageMaker's List operations: sorted items in, one page and the token of the next out. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from localaws.core.errors import ServiceError

_DEFAULT_PAGE = 10


def page(items: Sequence[tuple[str, Any]], request: dict[str, Any], name: str) -> dict[str, Any]:
    """The response ``{name: [...], "NextToken": ...}`` for (key, item) pairs, which are already in order.

    The token names the last item shown, so that what is created meanwhile neither repeats nor hides an item.
    """
    start = _start(items, request.get("NextToken"))
    end = start + request.get("MaxResults", _DEFAULT_PAGE)
    response: dict[str, Any] = {name: [item for _, item in items[start:end]]}
    if end < len(items):
        token = json.dumps({"after": items[end - 1][0], "position": end})
        response["NextToken"] = base64.urlsafe_b64encode(token.encode()).decode()
    return response


def _start(items: Sequence[tuple[str, Any]], token: str | None) -> int:
    if not token:
        return 0
    try:
        mark = json.loads(base64.urlsafe_b64decode(token))
        after, position = str(mark["after"]), int(mark["position"])
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("ValidationException", "Invalid NextToken: it was not given by this operation.") from error
    found = next((number for number, (key, _) in enumerate(items) if key == after), None)
    # The item may be gone since; its place is then the best that is known.
    return position if found is None else found + 1
