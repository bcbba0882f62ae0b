"""CloudFormation operations that localaws does not have: each is refused by name and none reaches another emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from moto.core.utils import get_service_model

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service


def refusals(implemented: tuple[type[Service], ...]) -> type[Service]:
    """A service whose methods are all operations that no class of ``implemented`` has."""
    taken = {name for service in implemented for name in dir(service)}
    names = {operation: xform_name(operation) for operation in get_service_model("cloudformation").operation_names}
    methods: dict[str, Any] = {
        method: _refusal(operation) for operation, method in names.items() if method not in taken
    }
    return type("CloudFormationRefusals", (Service,), {"service": "cloudformation", **methods})


def _refusal(operation: str) -> Callable[[Service, Caller, Request], Response]:
    def refuse(self: Service, caller: Caller, request: Request) -> Response:
        raise ServiceError("NotImplemented", f"localaws does not implement cloudformation:{operation}.", 501)

    return refuse
