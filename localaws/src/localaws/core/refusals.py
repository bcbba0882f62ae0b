"""Operations that are refused by name: a table of operations and reasons in, a service whose methods refuse out.

moto would answer many of them as if something had happened. What is in such a table answers ``NotImplemented`` with
HTTP 501 instead, which SDKs do not retry. A room keeps its table in a module named ``refusals.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service


def refusing(service: str, operations: Mapping[str, str]) -> type[Service]:
    """A service that refuses each of ``operations`` (``{"CreateArchive": reason}``); the reason may be empty."""
    methods: dict[str, Any] = {xform_name(name): _refusal(service, name, why) for name, why in operations.items()}
    return type(f"Refusals of {service}", (Service,), {"service": service, **methods})


def operations_outside(service: str, implemented: Iterable[type[Service]]) -> dict[str, str]:
    """Every operation of AWS's that no class of ``implemented`` has, each without a reason."""
    taken = {name for each in implemented for name in dir(each)}
    return {name: "" for name in get_service_model(service).operation_names if xform_name(name) not in taken}


def _refusal(service: str, operation: str, reason: str) -> Callable[[Service, Caller, Request], Response]:
    message = f"localaws does not implement {service}:{operation}{f': {reason}' if reason else ''}."

    def refuse(self: Service, caller: Caller, request: Request) -> Response:
        raise ServiceError("NotImplemented", message, 501)

    return refuse
