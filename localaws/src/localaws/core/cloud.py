"""The embedded AWS as one object: what its services share.

A service reaches everything through here: ``client`` to call AWS as some principal, ``store`` to remember, ``clock``
for the time, ``workers`` for what goes on after the answer, ``emit`` for events. Nothing here is about one service,
and nothing here knows the front door, IAM or moto: ``localaws/assembly.py`` joins them to it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from localaws.core.account_keys import AccountKeys, control_token
from localaws.core.backend import Backend
from localaws.core.caller import MANAGEMENT_ACCOUNT, Caller
from localaws.core.clients import ClientFactory
from localaws.core.clock import Clock
from localaws.core.container_credentials import PREFIX as CREDENTIALS_PREFIX
from localaws.core.container_credentials import ContainerCredentials
from localaws.core.events import Event, Listener
from localaws.core.generations import Generations
from localaws.core.identities import Identities
from localaws.core.operations import Operations
from localaws.core.state_file import StateFile
from localaws.core.store import Store
from localaws.core.turns import Limits
from localaws.core.workers import Workers
from localaws.isolation.enclosure import Enclosure


class ResourcePolicies(Protocol):
    """What resources say themselves about who may reach them; ``localaws/iam/resource_policies.py`` reads it."""

    def policy_for_services(self, owner: Caller, action: str, arn: str) -> Mapping[str, Any] | str | None:
        """The policy (text or parsed) that decides whether an AWS service may do ``action`` to a resource; None where
        there is none."""

    def is_absent(self, arn: str) -> bool:
        """Whether a topic or queue does not exist, so that its own service has the better answer."""

    def encryption_key(self, arn: str) -> str | None:
        """The ARN of the KMS key that encrypts a topic or queue, or the alias of AWS's own key; None without one."""

    def key_state(self, key_arn: str) -> str:
        """``Enabled``, ``Disabled``, ``PendingDeletion`` ... or ``NotFound``."""


# Raises ServiceError where IAM is enforced and a principal may not do an action to a resource.
RequireAction = Callable[[Caller, str, str], None]


class Cloud:
    """Everything of one embedded AWS.

    ``state_directory`` None keeps nothing on disk (tests); ``file`` None nothing of what services and moto hold.
    ``work_directory`` holds the files of jobs and builds while they run. ``endpoint_url`` is where child processes
    reach it; it is set once the server listens.
    ``resource_policies`` is set by the assembly, whether IAM is enforced or not.
    ``any_secret``: nobody's secret is asked for, of git neither.
    ``management_account`` is the organization's, which may enter the other accounts.
    """

    def __init__(
        self,
        state_directory: Path | None,
        work_directory: Path,
        accounts: Iterable[str],
        moto: Backend,
        management_account: str = MANAGEMENT_ACCOUNT,
        any_secret: bool = False,
        file: StateFile | None = None,
    ) -> None:
        self.accounts = tuple(accounts)
        self.management_account = management_account
        self.any_secret = any_secret
        self.account_keys = AccountKeys(state_directory, [*self.accounts, management_account])
        self.control_token = control_token(state_directory)
        self.work_directory = work_directory
        self._state_directory = state_directory
        self.endpoint_url = ""
        # How child processes are closed in; none sees the files of the server.
        self.enclosure = Enclosure(each for each in (state_directory, work_directory) if each is not None)
        self.workers = Workers()
        self.limits = Limits()
        self.store = Store(file.documents() if file else None)
        self.clock = _clock_of(self.store)
        self.moto = moto
        self.generations = Generations(file, self.store, moto)
        self.operations = Operations()
        self.identities = Identities()
        self.clients = ClientFactory(lambda: self.endpoint_url.removeprefix("http://") or "localhost")
        self.resource_policies: ResourcePolicies
        # For what is asked for by other means than an operation, as git does; the assembly sets it.
        self.require_action: RequireAction = _anybody_may
        self._listeners: list[Listener] = []
        self._on_start: list[Callable[[], None]] = []
        self._emitting = threading.RLock()
        # How jobs and builds in child processes act as their role.
        self.container_credentials = ContainerCredentials(self.identities, lambda: self.endpoint_url)
        self.operations.mount(CREDENTIALS_PREFIX, self.container_credentials, asks_itself=True)

    def kept_directory(self, name: str) -> Path:
        """A directory that outlives the server (where it keeps anything), made if absent: a service's own files."""
        directory = (self._state_directory or self.work_directory) / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def client(self, service: str, caller: Caller) -> Any:
        """A boto3 client of this same cloud, acting as ``caller``."""
        return self.clients.client(service, caller)

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
        self.generations.start()
        for action in self._on_start:
            action()

    def stop(self) -> None:
        self.workers.stop()
        self.generations.stop()


def _clock_of(store: Store) -> Clock:
    """The clock as the former server left it: what was due in its future must not come a second time."""
    table = store.table("clock")
    kept = table.get("offset")
    return Clock(kept["seconds"] if kept else 0, lambda seconds: table.put("offset", {"seconds": seconds}))


def _anybody_may(caller: Caller, action: str, resource: str) -> None:
    return None
