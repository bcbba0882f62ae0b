"""Every operation of every service that AWS's SDK knows: localaws has it, or moto, or it is refused by its name."""

from __future__ import annotations

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
from localaws.front_door.signing_names import SERVICES, candidate_services
from localaws.moto.implemented import implements
from tests.unit.front_door.model_requests import CALLER, answer_of, environ_of, every_service, least, signing_name_of
from tests.unit.front_door.test_application import FakeMoto, nobody_may

SHARES = 12  # of all services, so that processes of tests can do them side by side

# Operations that only the host of AWS's endpoint, or their age, tells from another with the same method and path.
SAME_PATHS = {
    "s3": {
        "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
        "GetBucketNotification": "GetBucketNotificationConfiguration",
        "ListDirectoryBuckets": "ListBuckets",
        "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
        "PutBucketNotification": "PutBucketNotificationConfiguration",
    },
}


# Services whose requests, or some of them, only the host of AWS's endpoint tells from those of another service with the
# same signing name: on the one endpoint of localaws they are the other's.
SAME_REQUESTS = {
    "bedrock-agent-runtime": "bedrock-agent",
    "bedrock-data-automation": "bedrock",
    "docdb": "rds",
    "lambda-microvms": "lambda",
    "lex-models": "lexv2-models",
    "neptune": "rds",
    "timestream-write": "timestream-query",
}


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

    def has(self, service: str, name: str) -> bool:
        return self._real.operation(service, name) is not None

    def operation(self, service: str, name: str) -> Operation | None:
        if self._real.operation(service, name) is None:
            return None
        self.called.append(f"{service}:{name}")
        return lambda caller, request: {}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Operations:
    return assemble(None, tmp_path_factory.mktemp("work"), [CALLER.account]).cloud.operations


@pytest.mark.parametrize("share", range(SHARES))
def test_each_operation_of_each_service_is_implemented_or_refused_by_its_name(real: Operations, share: int) -> None:
    operations, moto = NotedOperations(real), ListeningMoto()
    guard = Guard(None, moto, nobody_may, "token")  # type: ignore[arg-type]  # nobody is asked for a key
    door = FrontDoor(operations, guard, moto, Turns(1))
    wrong: list[str] = []
    for service in every_service()[share::SHARES]:
        model = get_service_model(service)
        assert service in candidate_services(signing_name_of(model).lower())
        for name in model.operation_names:
            operation = model.operation_model(name)
            moto.called.clear()
            operations.called.clear()
            status, body = answer_of(door, environ_of(operation, least(operation.input_shape)))
            reached = [*moto.called, *operations.called]
            if not _is_right(operation, operations, reached, status, body):
                wrong.append(f"{service}:{name} reached {reached}, answered {status} {body[:120]}")
        get_service_model.cache_clear()
        get_service_router.cache_clear()
    assert not wrong, "\n".join(wrong)


def test_the_table_of_signing_names_has_services_alone() -> None:
    assert {service for services in SERVICES.values() for service in services} <= set(every_service())


def _is_right(
    operation: OperationModel, operations: NotedOperations, reached: list[str], status: int, body: str
) -> bool:
    """What one request became: it reached the operation that it is for, or nothing and was refused by name."""
    service, name = str(operation.service_model.service_name), operation.name
    name = SAME_PATHS.get(service, {}).get(name, name)
    other = SAME_REQUESTS.get(service, "nobody")
    if all(each.startswith(f"{other}:") for each in reached) and (reached or _is_told(other, status, body)):
        return True
    method = xform_name(name)
    if operations.has(service, method):
        return reached == [f"{service}:{method}"] or _is_mistake(reached, status)
    if implements(service, operation.service_model.operation_model(name)):
        return reached == [f"{service}:{name}"] or _is_mistake(reached, status)
    return not reached and status == 501 and name in body


def _is_told(other: str, status: int, body: str) -> bool:
    return other != "nobody" and (status == 400 or f"implement {other}:" in body)


def _is_mistake(reached: list[str], status: int) -> bool:
    """The least of a request is not always a valid one; then nothing was reached."""
    return not reached and status == 400
