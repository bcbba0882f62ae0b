"""What answers an operation: a service's method, or moto with the companions that stand beside it.

Services put themselves in here and the front door looks them up; neither knows the other. It calls nothing itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from localaws.core.caller import Caller
from localaws.core.wire import HttpResponse, OperationRequest, WsgiApplication

Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Caller, Request], Response]


class Companion:
    """Stands beside moto for one service: sees each operation that moto answers, before and after it does.

    For what a service adds to moto without replacing it: a check that moto lacks, an event that AWS would emit.
    """

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        """Headers to add to the request that moto reads. Raise ServiceError to refuse it; moto is then not asked."""
        return {}

    def hidden(self, request: OperationRequest) -> frozenset[str]:
        """Parameters of the query that moto must not see, since it would do something else than AWS."""
        return frozenset()

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        """What the client receives: ``response`` itself, or another one."""
        return response

    def ended(self, request: OperationRequest) -> None:
        """Whatever became of it: moto has answered or failed. Not called for what ``before`` refused."""


@dataclass(frozen=True)
class Mounted:
    """A page that is no AWS API. ``asks_itself``: whether its client may ask is its own matter."""

    application: WsgiApplication
    asks_itself: bool = False


class Operations:
    """The operations that localaws implements, the companions of moto's, and the pages that are no AWS API."""

    def __init__(self) -> None:
        self._methods: dict[str, dict[str, Operation]] = {}
        self._companions: dict[str, list[Companion]] = {}
        self._mounts: dict[str, Mounted] = {}
        self._refused_members: Mapping[str, Mapping[str, Mapping[str, str]]] = {}

    def register(self, service: str, implementation: object) -> None:
        """Put an object in front of moto: each of its public methods becomes an operation of ``service``."""
        known = {xform_name(name) for name in get_service_model(service).operation_names}
        methods = self._methods.setdefault(service, {})
        for name, method in inspect.getmembers(implementation, inspect.ismethod):
            if name.startswith("_"):
                continue
            if name not in known:
                raise TypeError(f"{type(implementation).__name__}.{name} is not an operation of {service}")
            if name in methods:
                raise TypeError(f"{service}.{name} is implemented twice")
            methods[name] = method

    def operation(self, service: str, name: str) -> Operation | None:
        """The method that implements an operation (snake case), or None where it is moto's."""
        return self._methods.get(service, {}).get(name)

    def refuse_members(self, table: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        """``{"codebuild": {"StartBuild": {"imageOverride": why}}}``: what no method reads, and may not be given."""
        self._refused_members = table

    def refused_members(self, service: str, operation: str) -> Mapping[str, str]:
        return self._refused_members.get(service, {}).get(operation, {})

    def accompany(self, service: str, companion: Companion) -> None:
        """Let ``companion`` see every operation of ``service`` that moto answers."""
        self._companions.setdefault(service, []).append(companion)

    def companions(self, service: str) -> list[Companion]:
        return self._companions.get(service, [])

    def mount(self, prefix: str, application: WsgiApplication, asks_itself: bool = False) -> None:
        """Serve paths below ``prefix`` (which begins with ``/_localaws/``) by a WSGI application of their own.

        ``asks_itself``: it finds out itself whether its client may ask; else the front door asks for the token.
        """
        self._mounts[prefix] = Mounted(application, asks_itself)

    def mounted_at(self, path: str) -> Mounted | None:
        matching = (prefix for prefix in self._mounts if path.startswith(prefix))
        longest = max(matching, key=len, default=None)
        return None if longest is None else self._mounts[longest]
