"""Finds the server that runs on a state directory, and asks its control pages. It never starts or changes one.

The server notes its address in ``server.json`` once it listens. The note outlives a killed server, so it counts only
where the process behind the address says that it is the one which wrote it.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localaws.core.account_keys import TOKEN_HEADER, read_control_token, read_keys

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
    token: str = field(repr=False)

    def page(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A control page's JSON; with ``body`` by POST. Raises RequestRefusedError."""
        return _ask(f"{self.endpoint_url}{path}", self.token, body)


def note_address(state: Path, endpoint_url: str, process: int) -> None:
    unfinished = state / f"{_NOTE}.unfinished"
    unfinished.write_text(json.dumps({"endpoint_url": endpoint_url, "process": process}))
    unfinished.replace(state / _NOTE)


def running_server(state: Path) -> RunningServer:
    """The server of ``state``. Raises ServerNotRunningError where none answers."""
    lacking = ServerNotRunningError(f"no server is running on the state directory {state}")
    try:
        noted = json.loads((state / _NOTE).read_text())
        token = read_control_token(state) or ""
        health = _ask(f"{noted['endpoint_url']}/_localaws/health", token)
    except (OSError, ValueError, RequestRefusedError) as error:
        raise lacking from error
    if health.get("process") != noted["process"] or "accounts" not in health:
        raise lacking  # its port now belongs to somebody else
    return RunningServer(noted["endpoint_url"], noted["process"], tuple(health["accounts"]), token)


def secret_of(state: Path, account: str) -> str:
    """The secret access key of an account, as the server's directory holds it. Raises RequestRefusedError."""
    try:
        found = read_keys(state).get(account)
    except ValueError as error:
        raise RequestRefusedError(str(error)) from error
    if found is None:
        raise RequestRefusedError(f"{state} holds no key of account {account}")
    return found


def _ask(url: str, token: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"{url} is not an address of this machine's loopback interface")
    headers = {"Content-Type": "application/json", TOKEN_HEADER: token}
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers)  # noqa: S310 (loopback, checked above)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise RequestRefusedError(error.read().decode(errors="replace").strip()) from error
    return found
