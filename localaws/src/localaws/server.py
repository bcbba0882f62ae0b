"""The process: listens on loopback, keeps its state in one directory, stops cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from localaws.assembly import assemble
from localaws.control import HEALTH_PAGE, PREFIX, ControlPages, HealthPage
from localaws.core.caller import MANAGEMENT_ACCOUNT
from localaws.core.wire import WsgiApplication

HOST = "127.0.0.1"


class _QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is untyped
    """HTTP/1.1, so that clients keep their connections; one line a request would drown what matters."""

    protocol_version = "HTTP/1.1"

    def make_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().make_environ()
        # As it was sent and signed: http.server takes slashes away that a path begins with.
        words = self.requestline.split()
        environ["RAW_URI"] = environ["REQUEST_URI"] = words[1] if len(words) > 1 else "/"
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class AddressError(Exception):
    """It cannot listen there; the text says why."""


def _listening(port: int, application: WsgiApplication) -> BaseWSGIServer:
    try:
        return make_server(HOST, port, application, threaded=True, request_handler=_QuietHandler)
    except (OSError, SystemExit) as error:  # werkzeug prints its own sentence and exits where the address is in use
        raise AddressError(f"cannot listen on {HOST}:{port}: {error}") from error


class Server:
    """One embedded AWS, listening. ``port`` 0 takes a free one; ``state_directory`` None keeps nothing on disk."""

    def __init__(
        self,
        port: int,
        state_directory: Path | None,
        work_directory: Path,
        accounts: list[str],
        enforce_iam: bool = False,
        management_account: str = MANAGEMENT_ACCOUNT,
        any_secret: bool = False,
    ) -> None:
        aws = assemble(state_directory, work_directory, accounts, enforce_iam, management_account, any_secret)
        self.cloud = aws.cloud
        self.cloud.operations.mount(PREFIX, ControlPages(self.cloud))
        self.cloud.operations.mount(HEALTH_PAGE, HealthPage(self.cloud), asks_itself=True)
        self._http = _listening(port, aws.front_door)
        self.endpoint_url = f"http://{HOST}:{self._http.port}"
        self.cloud.enclosure.endpoint_port = self._http.port
        self.cloud.enclosure.answer = self._http.process_request

    def run(self) -> None:
        """Serve until ``stop``."""
        self.cloud.start(self.endpoint_url)
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self._http.server_close()
            self.cloud.stop()

    def run_in_thread(self) -> None:
        threading.Thread(target=self.run, name="localaws", daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()

    def stop_on_signals(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            # shutdown() waits for serve_forever, which this very thread runs.
            threading.Thread(target=self.stop, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
