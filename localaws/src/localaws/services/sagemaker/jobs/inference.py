"""Worker processes that serve a model, seen from localaws: start them, send requests, find the record they refuse.

A ``ModelServer`` is one worker for each container of the model, the output of one being the input of the next; it
answers one request at a time. It knows nothing of S3 or of jobs.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.isolation.enclosure import Enclosure
from localaws.services.sagemaker.jobs.metrics import Usage
from localaws.services.sagemaker.jobs.sandbox import Command, ContainerDirectory, ContainerProcess, search_path
from localaws.services.sagemaker.jobs.serving_images import ServingImage

_WORKER = Path(__file__).with_name("inference_worker.py")
_TOOLKITS = Path(__file__).with_name("toolkits")
_LENGTHS = struct.Struct(">IQ")
# SageMaker gives a container this long until it answers /ping.
_START_SECONDS = 600
_numbers = itertools.count()


class ModelNotServedError(Exception):
    """The model cannot be loaded, or its container cannot be made."""


class InvocationError(Exception):
    """The model did not answer a request. ``by_code`` where its code raised; else it took too long or ended."""

    def __init__(self, reason: str, by_code: bool = False) -> None:
        super().__init__(reason)
        self.by_code = by_code


@dataclass(frozen=True)
class ServedContainer:
    """One container of the model, made ready: its files, the code that serves it and its environment.

    ``program`` is the script's path inside the container, ``toolkit`` the module of ``toolkits/`` that
    knows its image; one of them may be empty.
    """

    enclosure: Enclosure
    directory: ContainerDirectory
    python: str
    program: str
    toolkit: str
    environment: dict[str, str]
    isolate_network: bool
    instance_type: str
    on_output: Callable[[bytes], None]


def toolkit_of(image: ServingImage) -> str:
    """The module that serves what the image itself would serve; empty where localaws has none for it."""
    module = _TOOLKITS / f"{image.kind}_image.py"
    return str(module) if module.is_file() else ""


class _Worker:
    def __init__(self, container: ServedContainer) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs:
            descriptor = theirs.fileno()
            command = Command(
                # -P: the script's own folder, which is localaws', must not be where the user's imports are looked up
                [container.python, "-P", str(_WORKER), str(descriptor), container.program, container.toolkit],
                {"PATH": search_path(container.python), **container.environment},
                container.isolate_network,
                (descriptor,),
                reads=(Path(container.python).parents[1],),
                instance_type=container.instance_type,
            )
            files = container.directory
            own = ContainerDirectory(files.root / f"worker-{next(_numbers)}", files.ml)
            self._process = ContainerProcess(container.enclosure, own, command, container.on_output)
        self._reader = self._connection.makefile("rb")

    def wait_until_ready(self) -> None:
        self._connection.settimeout(_START_SECONDS)
        try:
            head, _ = self._receive()
        except InvocationError as error:
            problem = self._process.problem
            raise ModelNotServedError(
                f"localaws cannot give the model its own /opt/ml here: {problem}" if problem else str(error)
            ) from error
        if "error" in head:
            raise ModelNotServedError(head["error"])

    def invoke(self, body: bytes, content_type: str, accept: str, timeout: float, quiet: bool) -> tuple[bytes, str]:
        head = json.dumps({"content_type": content_type, "accept": accept, "quiet": quiet}).encode()
        self._connection.settimeout(timeout)
        try:
            self._connection.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)
            answer, content = self._receive()
        except (TimeoutError, BrokenPipeError, ConnectionResetError) as error:
            raise InvocationError(
                f"no response within InvocationsTimeoutInSeconds ({timeout:g} s)"
                if isinstance(error, TimeoutError)
                else "the model's process ended"
            ) from error
        if "error" in answer:
            raise InvocationError(answer["error"], by_code=True)
        return content, answer["content_type"]

    @property
    def usage(self) -> Usage:
        return self._process.usage

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.close()
        self._connection.close()

    def _receive(self) -> tuple[dict[str, Any], bytes]:
        lengths = self._reader.read(_LENGTHS.size)
        if not lengths or len(lengths) < _LENGTHS.size:
            code = self._process.wait()
            raise InvocationError(f"the model's process ended with exit code {code}")
        head_length, body_length = _LENGTHS.unpack(lengths)
        return json.loads(self._reader.read(head_length)), self._reader.read(body_length)


class ModelServer:
    """The model, ready to answer. Make and use it in one thread, which must live as long; end it from any."""

    def __init__(self, containers: Sequence[ServedContainer]) -> None:
        self._containers = containers
        self._workers: list[_Worker] = []
        self._used = Usage(0.0, 0)
        self._closed = False
        self._failure: ModelNotServedError | None = None
        self._lock = threading.Lock()

    def invoke(self, body: bytes, content_type: str, accept: str, timeout: float, quiet: bool = False) -> bytes:
        """The response to one request. InvocationError where there is none; ModelNotServedError where none can be.

        A worker that timed out or ended is started anew for the next request. ``quiet`` keeps tracebacks out of the
        logs.
        """
        self.start()
        last = len(self._containers) - 1
        try:
            for number, worker in enumerate(list(self._workers)):
                body, content_type = worker.invoke(body, content_type, accept if number == last else "", timeout, quiet)
        except InvocationError as error:
            if not error.by_code:
                self._end_workers()
            raise
        return body

    def start(self) -> None:
        """Start the workers, where they do not run, all at once, and wait until each has loaded its model.

        A model that could not be loaded once is not tried again.
        """
        if self._failure is not None:
            raise self._failure
        with self._lock:
            if self._closed:
                raise InvocationError("the job is ending")
            if self._workers:
                return
            self._workers = [_Worker(container) for container in self._containers]
        for worker in list(self._workers):
            try:
                worker.wait_until_ready()
            except ModelNotServedError as failure:
                self._failure = failure
                raise

    @property
    def usage(self) -> Usage:
        """What the workers used so far; of memory what they use now, and once they ended what the largest used."""
        with self._lock:
            parts = [worker.usage for worker in self._workers]
        cpu_seconds = self._used.cpu_seconds + sum(part.cpu_seconds for part in parts)
        return Usage(cpu_seconds, sum(part.resident_bytes for part in parts) or self._used.resident_bytes)

    def end(self) -> None:
        """Kill the workers; no request is answered from now on."""
        with self._lock:
            self._closed = True
        self._end_workers()

    def _end_workers(self) -> None:
        with self._lock:
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()
            used = worker.usage
            largest = max(self._used.resident_bytes, used.resident_bytes)
            self._used = Usage(self._used.cpu_seconds + used.cpu_seconds, largest)
