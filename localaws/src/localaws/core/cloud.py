"""The embedded AWS as one object: its services, and what they share.

A service reaches everything through here: ``client`` to call AWS as some principal, ``store`` to remember, ``clock``
for the time, ``workers`` for what goes on after the answer, ``emit`` for events. Nothing here is about one service but
the question of who is calling, which STS answers.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from localaws.core.caller import Caller
from localaws.core.clients import ClientFactory, WsgiApplication
from localaws.core.clock import Clock
from localaws.core.container_credentials import PREFIX as CREDENTIALS_PREFIX
from localaws.core.container_credentials import ContainerCredentials
from localaws.core.errors import ServiceError
from localaws.core.events import Event, Listener
from localaws.core.service import Companion, Request, Response, Service
from localaws.core.store import Store
from localaws.core.workers import Workers
from localaws.front_door.application import FrontDoor
from localaws.front_door.protocol import OperationRequest
from localaws.front_door.signature import Signature
from localaws.moto.backend import MotoBackend

Operation = Callable[[Caller, Request], Response]


class Cloud:
    """Everything of one embedded AWS.

    ``state_directory`` None keeps nothing on disk (tests). ``endpoint_url`` is where child processes reach it; it is
    set once the server listens. ``work_directory`` holds the files of jobs and builds while they run. With
    ``enforce_iam`` every request needs the policies that it would need on AWS.
    """

    def __init__(
        self, state_directory: Path | None, work_directory: Path, accounts: Iterable[str], enforce_iam: bool = False
    ) -> None:
        self.accounts = tuple(accounts)
        self.work_directory = work_directory
        self._state_directory = state_directory
        self.endpoint_url = ""
        self.clock = Clock()
        self.workers = Workers()
        self.store = Store(state_directory / "localaws.sqlite" if state_directory else None)
        self.moto = MotoBackend(state_directory / "moto.pickle" if state_directory else None)
        self.enforces_iam = enforce_iam
        self.front_door = FrontDoor(self, _authorizer(self) if enforce_iam else None)
        self._clients = ClientFactory(self.front_door, lambda: self.endpoint_url.removeprefix("http://") or "localhost")
        self._operations: dict[str, dict[str, Operation]] = {}
        self._services: dict[type[Service], Service] = {}
        self._companions: dict[str, list[Companion]] = {}
        self._mounts: dict[str, WsgiApplication] = {}
        self._listeners: list[Listener] = []
        self._on_start: list[Callable[[], None]] = []
        self._emitting = threading.RLock()
        # STS answers these two once it is registered: whose key is it, and credentials of a role's session
        # (role ARN, session name) -> {"Credentials": {...}, "AssumedRoleUser": {...}}.
        self.identify: Callable[[Signature], Caller] = _nobody_is_known
        self.issue_credentials: Callable[..., dict[str, Any]] = _no_credentials
        # How jobs and builds in child processes act as their role.
        self.container_credentials = ContainerCredentials(self)
        self.mount(CREDENTIALS_PREFIX, self.container_credentials)

    def kept_directory(self, name: str) -> Path:
        """A directory that outlives the server (where it keeps anything), made if absent: a service's own files."""
        directory = (self._state_directory or self.work_directory) / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def register(self, service: Service) -> None:
        """Put a service in front of moto: each public method becomes an operation."""
        model = get_service_model(service.service)
        known = {xform_name(name) for name in model.operation_names}
        operations = self._operations.setdefault(service.service, {})
        for name, method in inspect.getmembers(service, inspect.ismethod):
            if name.startswith("_"):
                continue
            if name not in known:
                raise TypeError(f"{type(service).__name__}.{name} is no operation of {service.service}")
            if name in operations:
                raise TypeError(f"{service.service}.{name} is implemented twice")
            operations[name] = method
        self._services[type(service)] = service

    def operation(self, service: str, name: str) -> Operation | None:
        """The method that implements an operation (snake case), or None where it is moto's."""
        return self._operations.get(service, {}).get(name)

    def accompany(self, service: str, companion: Companion) -> None:
        """Let ``companion`` see every operation of ``service`` that moto answers."""
        self._companions.setdefault(service, []).append(companion)

    def companions(self, service: str) -> list[Companion]:
        return self._companions.get(service, [])

    def client(self, service: str, caller: Caller) -> Any:
        """A boto3 client of this same cloud, acting as ``caller``."""
        return self._clients.client(service, caller)

    def mount(self, prefix: str, application: WsgiApplication) -> None:
        """Serve paths below ``prefix`` (which begins with ``/_localaws/``) by a WSGI application of their own."""
        self._mounts[prefix] = application

    def mounted_at(self, path: str) -> WsgiApplication | None:
        matching = (prefix for prefix in self._mounts if path.startswith(prefix))
        longest = max(matching, key=len, default=None)
        return None if longest is None else self._mounts[longest]

    def emit(
        self,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        resources: list[str] | None = None,
    ) -> None:
        """Announce an event; EventBridge listens. Returns once every listener has taken it (not delivered it)."""
        event = Event(account, region, source, detail_type, detail, self.clock.now(), resources or [])
        with self._emitting:
            for listener in self._listeners:
                listener(event)

    def on_event(self, listener: Listener) -> None:
        """Call ``listener`` for each event; it must return at once and do its work in a worker."""
        self._listeners.append(listener)

    def on_start(self, action: Callable[[], None]) -> None:
        """Run ``action`` once the server listens: resume or fail what a former server left running."""
        self._on_start.append(action)

    def start(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.moto.start()
        for action in self._on_start:
            action()

    def stop(self) -> None:
        self.workers.stop()
        self.moto.stop()
        self.store.close()


def _authorizer(cloud: Cloud) -> Callable[[Caller, OperationRequest], None]:
    from localaws.iam.enforcement import Enforcement  # reads moto's IAM, whose import takes half a second

    return Enforcement(cloud).authorize


def _nobody_is_known(signature: Signature) -> Caller:
    raise ServiceError("InvalidClientTokenId", "No identity service is registered.", 403)


def _no_credentials(role_arn: str, session_name: str, duration: int = 3600) -> dict[str, Any]:
    raise ServiceError("InvalidClientTokenId", "No identity service is registered.", 403)
