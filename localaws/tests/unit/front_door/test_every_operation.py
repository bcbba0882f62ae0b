"""Every operation of every service that AWS's SDK knows: localaws has it, or moto, or it is refused by its name."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import OperationModel
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

from localaws.assembly import assemble
from localaws.core.caller import Caller
from localaws.core.operations import Operation, Operations
from localaws.core.turns import Turns
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.front_door.application import FrontDoor
from localaws.front_door.guard import Guard
from localaws.front_door.signing_names import SERVICES
from localaws.moto.implemented import implements
from tests.unit.front_door.model_requests import CALLER, answer_of, environ_of, every_service, least, signing_name_of
from tests.unit.front_door.test_application import FakeMoto, nobody_may


class ListeningMoto(FakeMoto):
    """Has what moto has, and notes what it is asked instead of doing it."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[str] = []

    def implements(self, service: str, operation: OperationModel) -> bool:
        return implements(service, operation)

    def respond(self, environ: dict[str, Any], caller: Caller, request: OperationRequest | None = None) -> HttpResponse:
        assert request is not None
        self.called.append(f"{request.service}:{request.operation.name}")
        return HttpResponse(200, {}, b"")


class NotedOperations(Operations):
    """Those of localaws, by name; a call of one is noted and does nothing."""

    def __init__(self, real: Operations) -> None:
        super().__init__()
        self._real = real
        self.called: list[str] = []

    def operation(self, service: str, name: str) -> Operation | None:
        if self._real.operation(service, name) is None:
            return None
        self.called.append(f"{service}:{name}")
        return lambda caller, request: {}


def test_each_operation_of_each_service_is_implemented_or_refused_by_its_name(tmp_path: Path) -> None:
    operations = NotedOperations(assemble(None, tmp_path, [CALLER.account]).cloud.operations)
    moto = ListeningMoto()
    guard = Guard(None, moto, nobody_may, "token")  # type: ignore[arg-type]  # nobody is asked for a key
    door = FrontDoor(operations, guard, moto, Turns(1))
    wrong: list[str] = []
    for service in every_service():
        model = get_service_model(service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            moto.called.clear()
            operations.called.clear()
            status, body = answer_of(door, environ_of(operation, least(operation.input_shape)))
            reached = [*moto.called, *operations.called]
            if operations.operation(service, xform_name(name)) is not None:
                expected = [f"{service}:{xform_name(name)}"]
            elif implements(service, operation):
                expected = [f"{service}:{name}"]
            else:
                expected = []
            if reached != expected or (not expected and (status != 501 or name not in body)):
                wrong.append(f"{service}:{name} reached {reached}, answered {status} {body[:120]}")
        get_service_model.cache_clear()
        get_service_router.cache_clear()
    assert "\n".join(wrong) == ""
