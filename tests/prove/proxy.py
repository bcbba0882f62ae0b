"""A loopback proxy between a command and an AWS: it counts calls, and lets a chosen one come to harm.

Requests go on byte for byte, Host and signature as the client made them. What happens to a call is decided by a
function of that call, so a proof is one such function. Real sockets are dropped and real processes killed here;
nothing of the command is replaced.
"""

from __future__ import annotations

import http.client
import os
import re
import select
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.prove.made_up import without_made_up
from tests.prove.wire import Refusal, Wire, refused

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_ATTEMPT = re.compile(r"attempt=(\d+)")
_READS = ("Describe", "List", "Get", "BatchGet", "BatchDescribe", "Lookup", "Filter", "Simulate", "Validate", "Assume")


class Fate(Enum):
    """What becomes of a call. After KILLED_AFTER and LOST, AWS has done what was asked, and nobody was told."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    THROTTLED = "throttled"
    FAILED = "500"
    DROPPED = "connection dropped"
    HUNG = "hang"
    DENIED = "AccessDenied"
    LOST = "answer lost"


_REFUSALS = {Fate.THROTTLED: Refusal.THROTTLING, Fate.FAILED: Refusal.FAILURE, Fate.DENIED: Refusal.DENIAL}


@dataclass(frozen=True)
class Call:
    """One request. ``attempt`` counts the client's tries of the same call from 1, as its own header says."""

    number: int
    service: str
    operation: str
    resource: str
    attempt: int
    wire: Wire

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}{' ' + self.resource if self.resource else ''}"

    @property
    def changes(self) -> bool:
        """Whether AWS may be another afterwards."""
        if self.wire is Wire.S3:
            return self.operation not in ("GET", "HEAD")
        return not self.operation.startswith(_READS)

    @property
    def kind(self) -> tuple[str, str, str]:
        """The same for calls that ask the same, in other runs too."""
        return (self.service, self.operation, without_made_up(self.resource))


Decide = Callable[[Call], Fate | None]


def unharmed(call: Call) -> Fate | None:
    return None


class Proxy:
    """``calls`` are those that came, ``struck`` those that came to harm."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self.calls: list[Call] = []
        self.struck: list[Call] = []
        self._decide: Decide = unharmed
        self._victim: int | None = None
        self._victim_known = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def _handle(self) -> None:
                proxy._handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _handle  # noqa: N815 (the library's names)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                pass  # clients that are killed break their connections

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def begin(self, decide: Decide) -> None:
        """From now on calls are counted anew, and come to what ``decide`` says."""
        with self._lock:
            self.calls, self.struck, self._decide = [], [], decide
            self._victim_known.clear()

    def may_kill(self, process: int) -> None:
        self._victim = process
        self._victim_known.set()

    def stop(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = _body(handler)
        with self._lock:
            call = _call(handler, body, len(self.calls) + 1)
            self.calls.append(call)
            fate = self._decide(call)
            if fate is not None:
                self.struck.append(call)
        if fate in _REFUSALS:
            answer = refused(_REFUSALS[fate], call.wire, with_body=handler.command != "HEAD")
            _send(handler, answer.status, list(answer.headers.items()), answer.body)
        elif fate is Fate.KILLED_BEFORE:
            self._kill(handler)
        elif fate is Fate.DROPPED:
            _drop(handler)
        elif fate is Fate.HUNG:
            self._wait_until_given_up(handler)
        else:
            status, headers, content = self._forward(handler, body)
            if fate is Fate.KILLED_AFTER:
                self._kill(handler)
            elif fate is Fate.LOST:
                _drop(handler)
            else:
                _send(handler, status, headers, content)

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=300)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() not in ("connection", "expect"):
                    connection.putheader(name, value)
            connection.endheaders()
            if body:
                connection.send(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _kill(self, handler: BaseHTTPRequestHandler) -> None:
        self._victim_known.wait(30)
        assert self._victim is not None
        os.kill(self._victim, signal.SIGKILL)
        handler.close_connection = True

    def _wait_until_given_up(self, handler: BaseHTTPRequestHandler) -> None:
        """Say nothing until the client closes the connection."""
        while not self._ended.is_set() and not select.select([handler.connection], [], [], 0.1)[0]:
            pass
        handler.close_connection = True


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    """As it came: a chunked one with its chunks' lengths."""
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    raw = b""
    while True:
        line = handler.rfile.readline()
        size = int(line.split(b";")[0], 16)
        raw += line + handler.rfile.read(size + 2)
        if size == 0:
            return raw


def _call(handler: BaseHTTPRequestHandler, body: bytes, number: int) -> Call:
    scope = _SCOPE.search(handler.headers.get("Authorization", ""))
    service = scope[1] if scope else "unsigned"
    attempt = _ATTEMPT.search(handler.headers.get("amz-sdk-request", ""))
    target, action = handler.headers.get("X-Amz-Target"), _ACTION.search(body)
    path, resource = handler.path.partition("?")[0], ""
    if target:
        operation, wire = target.rpartition(".")[2], Wire.JSON
    elif service == "s3":
        operation, wire, resource = handler.command, Wire.S3, path
    elif action:
        operation, wire = action[1].decode(), Wire.EC2 if service == "ec2" else Wire.QUERY
    else:
        operation, wire = f"{handler.command} {path}", Wire.REST_JSON
    return Call(number, service, operation, resource, int(attempt[1]) if attempt else 1, wire)


def _send(handler: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
    handler.send_response_only(status)
    length = str(len(content))
    for name, value in headers:
        if name.lower() == "content-length" and handler.command == "HEAD":
            length = value  # of what GET would bring
        elif name.lower() not in ("connection", "transfer-encoding", "content-length"):
            handler.send_header(name, value)
    if status not in (204, 304):
        handler.send_header("Content-Length", length)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.close()
