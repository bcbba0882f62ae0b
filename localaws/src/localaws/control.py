"""localaws' own pages, below ``/_localaws/``: is it there, and the clock that tests move. No AWS API is among them.

GET  /_localaws/health   {"service": "localaws", "process": 4711}, and with the token also
                         {"accounts": [...], "unusable": null, "at_work": [],
                          "limits": {"jobs": {"at_once": 4, "running": 4, "waiting": 496}, "builds": ..., ...}}
GET  /_localaws/clock    {"now": "2030-01-01T00:00:00+00:00"}
POST /_localaws/clock    {"advance_seconds": 3600}  moves the clock forward
"""

from __future__ import annotations

import hmac
import json
import os
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.wrappers import Request, Response

from localaws.core.account_keys import TOKEN_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from localaws.core.cloud import Cloud

PREFIX = "/_localaws/"
HEALTH_PAGE = "/_localaws/health"
_FURTHEST = 10 * 365 * 24 * 3600  # seconds of one move: ten years


class ControlPages:
    """A WSGI application, mounted by the server."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._respond(request)
        except HTTPException as error:
            response = Response(f"{error.description}\n", error.code, content_type="text/plain")
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        page = request.path.removeprefix(PREFIX)
        if page == "clock":
            if request.method == "POST":
                self._advance(request)
            return _json(f'{{"now": "{self._cloud.clock.now().isoformat()}"}}')
        raise NotFound(f"localaws has no page {request.path}")

    def _advance(self, request: Request) -> None:
        body = request.get_json(force=True)
        seconds = body.get("advance_seconds") if isinstance(body, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _FURTHEST:
            raise BadRequest(
                f'send {{"advance_seconds": N}}, a number from 0 to {_FURTHEST}: the clock only moves forward'
            )
        try:
            self._cloud.clock.advance(seconds)
        except ValueError as error:
            raise BadRequest(f"{error}") from error


class HealthPage:
    """Whoever starts a server, or has lost its directory, learns without the token whether it is there."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        health: dict[str, Any] = {"service": "localaws", "process": os.getpid()}
        given = request.headers.get(TOKEN_HEADER, "")
        if hmac.compare_digest(given.encode(), self._cloud.control_token.encode()):
            health |= {
                "accounts": list(self._cloud.accounts),
                "unusable": self._cloud.generations.failure,
                "at_work": self._cloud.workers.at_work(),
                "limits": self._cloud.limits.counts(),
            }
        return _json(json.dumps(health))(environ, start_response)


def _json(text: str) -> Response:
    return Response(text + "\n", content_type="application/json")
