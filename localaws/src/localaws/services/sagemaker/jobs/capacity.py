"""Instance types that AWS has too few of just now, as a test or a rehearsal says by a page: their jobs fail as on AWS.

GET  /_localaws/capacity   {"short": ["ml.m5.large"]}
POST /_localaws/capacity   {"instance_type": "ml.m5.large", "short": true}
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request, Response

from localaws.services.sagemaker.jobs.outcome import JobFailedError

if TYPE_CHECKING:
    from localaws.core.store import Store

PAGE = "/_localaws/capacity"
SHORT = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)


class Capacity:
    def __init__(self, store: Store) -> None:
        self._short = store.table("sagemaker.capacity")

    def require(self, instance_type: str | None) -> None:
        """JobFailedError, in AWS's words, where there is no instance of this type to be had."""
        if instance_type is not None and self._short.get(instance_type) is not None:
            raise JobFailedError(SHORT)

    def short(self) -> list[str]:
        return sorted(name for name, _ in self._short.items())

    def say(self, instance_type: str, short: bool) -> None:
        if short:
            self._short.put(instance_type, {})
        else:
            self._short.delete(instance_type)


class CapacityPage:
    def __init__(self, store: Store) -> None:
        self._capacity = Capacity(store)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            if request.method == "POST":
                self._say(request.get_json(force=True))
            text = json.dumps({"short": self._capacity.short()})
            response = Response(f"{text}\n", content_type="application/json")
        except HTTPException as error:
            response = Response(f"{error.description}\n", error.code, content_type="text/plain")
        return response(environ, start_response)

    def _say(self, body: Any) -> None:
        kind = body.get("instance_type") if isinstance(body, dict) else None
        short = body.get("short") if isinstance(body, dict) else None
        if not isinstance(kind, str) or not isinstance(short, bool):
            raise BadRequest('send {"instance_type": "ml.m5.large", "short": true}, or false once there are some again')
        self._capacity.say(kind, short)
