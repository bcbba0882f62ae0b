"""Finds the server that runs on a state directory, and asks its control pages. It never starts or changes one.

The server notes its address in ``server.json`` once it listens. The note outlives a killed server, so it counts only
where the process behind the address says that it is the one which wrote it.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NOTE = "server.json"
_SECONDS = 10


class ServerNotRunningError(Exception):
    """No server answers for this state directory."""


class RequestRefusedError(Exception):
    """The server answered a control page with an error; the message is its own."""


@dataclass(frozen=True)
class RunningServer:
    endpoint_url: str
    process: int
    accounts: tuple[str, ...]

    def page(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A control page's JSON; with ``body`` by POST. Raises RequestRefusedError."""
        return _ask(f"{self.endpoint_url}{path}", body)


def note_address(state: Path, endpoint_url: str, process: int) -> None:
    unfinished = state / f"{_NOTE}.unfinished"
    unfinished.write_text(json.dumps({"endpoint_url": endpoint_url, "process": process}))
    unfinished.replace(state / _NOTE)


def running_server(state: Path) -> RunningServer:
    """The server of ``state``. Raises ServerNotRunningError where none answers."""
    lacking = ServerNotRunningError(f"no server is running on the state directory {state}")
    try:
        noted = json.loads((state / _NOTE).read_text())
        health = _ask(f"{noted['endpoint_url']}/_localaws/health")
    except (OSError, ValueError, RequestRefusedError) as error:
        raise lacking from error
    if health.get("process") != noted["process"]:
        raise lacking  # its port now belongs to somebody else
    return RunningServer(noted["endpoint_url"], noted["process"], tuple(health["accounts"]))


def _ask(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"{url} is not an address of this machine's loopback interface")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers)  # noqa: S310 (loopback, checked above)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise RequestRefusedError(error.read().decode(errors="replace").strip()) from error
    return found
