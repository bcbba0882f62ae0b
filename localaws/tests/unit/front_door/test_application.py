"""The front door alone: what it asks of whom, with nothing of moto's, STS's or IAM's behind it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from localaws.core.backend import CorsRule
from localaws.core.bodies import Bodies
from localaws.core.caller import Caller
from localaws.core.clients import ClientFactory
from localaws.core.errors import ServiceError
from localaws.core.identities import Identities
from localaws.core.operations import Companion, Operations, Request, Response
from localaws.core.state_file import Changes
from localaws.core.store import Store
from localaws.core.turns import Turns
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.front_door.application import Authorize, FrontDoor
from localaws.front_door.guard import Guard

CALLER = Caller.root("111111111111", "eu-west-1")
QUEUE = {"QueueUrl": "http://localhost/111111111111/q"}


class FakeMoto:
    """Answers every request with an empty JSON document, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Caller, str]] = []
        self.bodies = Bodies(None)

    def implements(self, service: str, operation: OperationModel) -> bool:
        return True

    changed = False

    def take_changes(self, documents: Store) -> Changes:
        return Changes(documents=documents.take_changes())

    def changes_kept(self) -> None: ...

    def in_one_moment(self) -> AbstractContextManager[None]:
        return nullcontext()

    def look_around(self) -> None: ...

    def changing(self, *packages: str, bucket: str | None = None) -> AbstractContextManager[None]:
        return nullcontext()

    def respond(self, environ: dict[str, Any], caller: Caller, request: OperationRequest | None = None) -> HttpResponse:
        self.asked.append((caller, environ.get("HTTP_X_ADDED", "")))
        return HttpResponse(200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}")

    def user_access_keys(self) -> list[tuple[str, str, str]]:
        return []

    def bucket_owner(self, bucket: str) -> str | None:
        return None

    def bucket_region(self, bucket: str) -> str:
        raise KeyError(bucket)

    def bucket_cors(self, bucket: str) -> list[CorsRule]:
        return []

    def is_publicly_readable(self, bucket: str, key: str | None, version_id: str | None) -> bool:
        return False

    def restricts_public_access(self, bucket: str) -> bool:
        return False


class Queues:
    def get_queue_url(self, caller: Caller, request: Request) -> Response:
        return {"QueueUrl": f"{caller.account}/{request['QueueName']}"}


class Marking(Companion):
    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        return {"x-added": str(request.operation.name)}

    def after(self, caller: Caller, request: OperationRequest, response: HttpResponse) -> HttpResponse:
        return HttpResponse(200, response.headers, b'{"QueueUrls": ["of the companion"]}')


def nobody_may(request: OperationRequest) -> Caller:
    raise ServiceError("AccessDenied", "Access Denied", 403)


class Door:
    """A front door with its parts, and a client that enters by it."""

    def __init__(self, authorize: Authorize | None = None) -> None:
        self.moto, self.operations = FakeMoto(), Operations()
        clients = ClientFactory(lambda: "localhost")
        guard = Guard(Identities(), self.moto, nobody_may, "token")
        clients.enter_by(FrontDoor(self.operations, guard, self.moto, Turns(4), authorize))
        self.sqs = clients.client("sqs", CALLER)


def test_an_operation_that_a_service_has_is_called_and_moto_is_not_asked() -> None:
    door = Door()
    door.operations.register("sqs", Queues())
    assert door.sqs.get_queue_url(QueueName="q")["QueueUrl"] == "111111111111/q"
    assert door.moto.asked == []


def test_what_no_service_has_is_motos_in_the_callers_account() -> None:
    door = Door()
    door.sqs.purge_queue(**QUEUE)
    assert door.moto.asked == [(CALLER, "")]


def test_a_companion_sees_what_moto_answers_before_and_after() -> None:
    door = Door()
    door.operations.accompany("sqs", Marking())
    assert door.sqs.list_queues()["QueueUrls"] == ["of the companion"]
    assert door.moto.asked == [(CALLER, "ListQueues")]


def test_what_may_not_be_done_reaches_neither_service_nor_moto() -> None:
    def authorize(caller: Caller, request: OperationRequest) -> None:
        raise ServiceError("AccessDenied", f"{caller.account} may not {request.operation.name}", 403)

    door = Door(authorize)
    with pytest.raises(ClientError, match="111111111111 may not PurgeQueue") as refused:
        door.sqs.purge_queue(**QUEUE)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert door.moto.asked == []


def test_a_client_without_a_front_door_says_so() -> None:
    with pytest.raises(RuntimeError, match="no front door"):
        ClientFactory(lambda: "localhost").client("sqs", CALLER).list_queues()
