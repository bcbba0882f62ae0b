"""Nobody outside is answered before all that the answer can have seen or done is kept.

Stands before the front door, for requests that come in by the network; clients inside the process do not wait. While
nothing can be kept, nothing is done: each request first tries again, and is refused by a sentence about the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from localaws.core.errors import ServiceError
from localaws.core.generations import Generations, StateNotKeptError
from localaws.core.wire import WsgiApplication
from localaws.front_door.guard import presumed_service
from localaws.front_door.protocol import serialise_unparsed_error, wsgi_answer

_CHUNK = 1024 * 1024
_HEALTH = "/_localaws/health"  # tells why nothing can be kept


class KeptAnswers:
    """A WSGI application around another one."""

    def __init__(self, application: WsgiApplication, generations: Generations) -> None:
        self._application = application
        self._generations = generations

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == _HEALTH:
            return self._application(environ, start_response)
        if self._generations.failure:
            try:
                self._generations.settle()
            except StateNotKeptError as error:
                _discard_body(environ)  # or the connection could not serve its next request
                return _refused(environ, start_response, error)
        started: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [status, headers]

        body = self._application(environ, note)
        try:
            self._generations.settle()
        except StateNotKeptError as error:
            getattr(body, "close", lambda: None)()
            return _refused(environ, start_response, error)
        start_response(*started)
        return body


def _refused(environ: dict[str, Any], start_response: Any, error: StateNotKeptError) -> Iterable[bytes]:
    refusal = ServiceError(
        "InternalFailure",
        f"localaws could not write its state ({error}), so this is refused. Free disk space and try again.",
        501,
    )
    return wsgi_answer(serialise_unparsed_error(presumed_service(environ), refusal), start_response)


def _discard_body(environ: dict[str, Any]) -> None:
    ends_by_itself = environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH")
    left = _CHUNK if ends_by_itself else int(environ.get("CONTENT_LENGTH") or 0)
    while left > 0 and (chunk := environ["wsgi.input"].read(min(left, _CHUNK))):
        left -= 0 if ends_by_itself else len(chunk)
