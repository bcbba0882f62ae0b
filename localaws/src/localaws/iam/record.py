"""Which actions IAM was asked for, by whom, on what, and how often; a control page tells it. It decides nothing.

By it a role is narrowed to what it does, and a list of what a program does is held against what it really did. Kept in
memory since the server started; not the root's own requests, which need no policy.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

PREFIX = "/_localaws/iam"
_MOST = 100_000  # different ones; enough for days of work, and no server grows without end
_Asked = tuple[str, str, str, bool]


class AccessRecord:
    """A WSGI application too, mounted where IAM is enforced."""

    def __init__(self) -> None:
        self._counts: Counter[_Asked] = Counter()
        self._full = False
        self._lock = threading.Lock()

    def add(self, principal: str, action: str, resource: str, allowed: bool) -> None:
        """``principal``: a user's ARN, or behind a session its role's."""
        asked = (principal, action, resource, allowed)
        with self._lock:
            if asked not in self._counts and len(self._counts) >= _MOST:
                self._full = True
                return
            self._counts[asked] += 1

    def told(self) -> dict[str, Any]:
        with self._lock:
            counts, full = sorted(self._counts.items()), self._full
        names = ("principal", "action", "resource", "allowed")
        return {
            "asked": [{**dict(zip(names, asked, strict=True)), "count": count} for asked, count in counts],
            "full": full,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if Request(environ).method != "GET":
            return Response("only GET\n", 405, content_type="text/plain")(environ, start_response)
        return Response(json.dumps(self.told()) + "\n", content_type="application/json")(environ, start_response)
