"""A few model servers and the threads that use them: a request goes to whichever is free."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from localaws.services.sagemaker.jobs.inference import (
    InvocationError,
    ModelNotServedError,
    ModelServer,
    ServedContainer,
)
from localaws.services.sagemaker.jobs.metrics import Usage

T = TypeVar("T")


class ServerPool:
    """At most ``size`` servers of one model; a further one starts only when a request finds all others busy."""

    def __init__(self, containers: Sequence[ServedContainer], size: int) -> None:
        self._containers = containers
        self._servers: list[ModelServer] = []
        self._ended = False
        self._lock = threading.Lock()
        self._own = threading.local()
        # A worker process ends with the thread that started it: each thread keeps its server to itself.
        self._threads = ThreadPoolExecutor(size, "model-server", self._make_server)

    def start_one(self) -> Future[None]:
        """Load the model in the first server; the future fails where it cannot be served."""
        return self.submit(ModelServer.start)

    def submit(self, work: Callable[[ModelServer], T]) -> Future[T]:
        """Have ``work`` done with a server."""
        return self._threads.submit(lambda: work(self._own.server))

    @property
    def usage(self) -> Usage:
        parts = [server.usage for server in list(self._servers)]
        return Usage(sum(part.cpu_seconds for part in parts), sum(part.resident_bytes for part in parts))

    def end(self) -> None:
        """Kill all servers; what was submitted and not done is cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._ended = True
            servers = list(self._servers)
        for server in servers:
            server.end()
        self._threads.shutdown(wait=True)

    def _make_server(self) -> None:
        """Load the model before the thread takes its first request: those that are ready go on meanwhile."""
        server = self._own.server = ModelServer(self._containers)
        with self._lock:
            if self._ended:
                server.end()
            self._servers.append(server)
        with contextlib.suppress(ModelNotServedError, InvocationError):  # the first request raises it again
            server.start()
