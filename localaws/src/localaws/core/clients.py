"""boto3 clients that call this same embedded AWS without a socket, as any account, region and principal.

Services use them to act as AWS services do on a caller's behalf: CloudFormation creates a bucket by S3's CreateBucket.
A request made by such a client enters the front door like any other; only who is calling is handed over directly.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
import botocore.loaders
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from localaws.core.body import CHUNK
from localaws.core.caller import CALLER_KEY, Caller
from localaws.core.wire import WsgiApplication

# (botocore service name, who calls) -> a boto3 client.
MakeClient = Callable[[str, Caller], Any]

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    s3={"addressing_style": "path", "payload_signing_enabled": False},  # it would read every body once more
    parameter_validation=False,  # the front door validates, with AWS's own wording
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class ClientFactory:
    """Makes clients and keeps them: building one costs tens of milliseconds, using one from several threads is safe."""

    def __init__(self, host: Callable[[], str]) -> None:
        """``host`` tells the server's own host and port, which queue URLs and the like repeat."""
        self._application: WsgiApplication = _no_front_door
        self._host = host
        self._clients: dict[tuple[str, Caller], Any] = {}
        self._lock = threading.Lock()
        # One for all clients: reading the models and endpoints again is most of what building a client costs.
        self._loader = botocore.loaders.create_loader()

    def enter_by(self, application: WsgiApplication) -> None:
        """Send every request to ``application``, which is made later than its clients: it may need some itself."""
        self._application = application

    def client(self, service: str, caller: Caller) -> Any:
        """A boto3 client of ``service`` whose every request is made by ``caller``."""
        with self._lock:
            found = self._clients.get((service, caller))
            if found is None:
                found = self._clients[service, caller] = self._build(service, caller)
            return found

    def _build(self, service: str, caller: Caller) -> Any:
        # A session of its own: boto3's sessions are not safe to share between threads, and nothing of the user's
        # environment (profiles, endpoint URLs) may leak in.
        core = botocore.session.Session()
        core.register_component("data_loader", self._loader)
        session = boto3.session.Session(
            botocore_session=core,
            aws_access_key_id=caller.access_key_id or caller.account,
            aws_secret_access_key="in-process",  # noqa: S106 (signs nothing that leaves this process)
            region_name=caller.region,
        )
        client = session.client(service, endpoint_url="http://localhost", config=_CONFIG)
        client.meta.events.register("before-send", lambda request, **_: self._send(request, caller))
        return client

    def _send(self, request: AWSPreparedRequest, caller: Caller) -> AWSResponse:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [int(status.split(maxsplit=1)[0]), headers]

        environ = _environ(request)
        environ[CALLER_KEY] = caller
        environ["HTTP_HOST"] = self._host()
        answer = self._application(environ, start_response)
        raw = _RawBody(b"".join(answer)) if isinstance(answer, list) else _RawStream(answer)
        return AWSResponse(str(request.url), started[0], dict(started[1]), raw)


def _no_front_door(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise RuntimeError("no front door was given to these clients: see localaws/assembly.py")


class _RawBody(io.BytesIO):
    """What botocore expects of a urllib3 response: a stream it may read whole."""

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        yield self.getvalue()


class _RawStream(io.RawIOBase):
    """The same, for an answer that is read while it is wanted: the content of a large object."""

    def __init__(self, answer: Iterable[bytes]) -> None:
        self._answer = answer
        self._chunks = iter(answer)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            rest, self._rest = self._rest, b""
            return rest + b"".join(self._chunks)
        while len(self._rest) < size and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        while chunk := self.read(CHUNK):
            yield chunk

    def close(self) -> None:
        if not self.closed and hasattr(self._answer, "close"):
            self._answer.close()
        super().close()


def _length_to_read(body: Any) -> int:
    start = body.tell()
    end = body.seek(0, io.SEEK_END)
    body.seek(start)
    return int(end - start)


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    """The WSGI environment of a request that botocore was about to send.

    https://peps.python.org/pep-3333/
    """
    url = urlsplit(str(request.url))
    body: Any = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    if not hasattr(body, "seek"):
        body = io.BytesIO(body.read() if hasattr(body, "read") else body)
    length = str(_length_to_read(body))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "RAW_URI": (url.path or "/") + (f"?{url.query}" if url.query else ""),
        "REQUEST_URI": (url.path or "/") + (f"?{url.query}" if url.query else ""),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": length,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": body,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = length
    return environ
