"""Lets a run that has a network of its own reach this server, and nothing else of this machine.

The container's first process opens 127.0.0.1 with the server's port in its own network and hands that socket over
before the program starts; the server accepts on it. A socket stays in the network that it was made in, so no traffic
is copied and no program stands between. What is accepted goes the way of every other request.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any


class Doorway:
    """Accepts for one run until it is closed."""

    def __init__(self, control: socket.socket, answer: Callable[[socket.socket, Any], None]) -> None:
        self._control = control
        self._answer = answer
        self._listener: socket.socket | None = None
        self._closed = False
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, name="run-doorway", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            listener, self._listener = self._listener, None
        if listener is not None:
            try:
                listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
            except OSError:
                pass
            listener.close()

    def _serve(self) -> None:
        listener = self._receive()
        while listener is not None:
            try:
                connection, address = listener.accept()
            except OSError:  # closed
                return
            self._answer(connection, address)

    def _receive(self) -> socket.socket | None:
        """None where the run ended before it had a network."""
        try:
            _, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
        except OSError:
            return None
        if not descriptors:
            return None
        listener = socket.socket(fileno=descriptors[0])
        with self._lock:
            if not self._closed:
                self._listener = listener
                return listener
        listener.close()
        return None
