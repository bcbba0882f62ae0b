"""What may answer an operation, and where the front door finds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.identities import Identities
from localaws.core.operations import Companion, Mounted, Operations, Request, Response
from localaws.core.wire import Signature

CALLER = Caller.root("111111111111", "eu-west-1")


class Queues:
    def list_queues(self, caller: Caller, request: Request) -> Response:
        return {"QueueUrls": [caller.account]}

    def _page(self) -> None:
        """Not an operation: its name begins with an underscore."""


class Wrong:
    def list_lists(self, caller: Caller, request: Request) -> Response:
        return {}


def page(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return [b"page"]


def inner(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return [b"inner"]


def test_a_public_method_answers_its_operation_and_everything_else_is_motos() -> None:
    operations = Operations()
    operations.register("sqs", Queues())
    method = operations.operation("sqs", "list_queues")
    assert method is not None
    assert method(CALLER, {}) == {"QueueUrls": ["111111111111"]}
    assert operations.operation("sqs", "create_queue") is None
    assert operations.operation("sns", "list_topics") is None


def test_a_public_method_that_is_no_operation_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong.list_lists is not an operation of sqs"):
        Operations().register("sqs", Wrong())


def test_an_operation_has_one_implementation() -> None:
    operations = Operations()
    operations.register("sqs", Queues())
    with pytest.raises(TypeError, match=r"sqs.list_queues is implemented twice"):
        operations.register("sqs", Queues())


def test_companions_stand_beside_their_own_service_in_the_order_in_which_they_came() -> None:
    operations, first, second = Operations(), Companion(), Companion()
    operations.accompany("s3", first)
    operations.accompany("s3", second)
    assert operations.companions("s3") == [first, second]
    assert operations.companions("sqs") == []


def test_the_longest_prefix_of_a_path_serves_it() -> None:
    operations = Operations()
    operations.mount("/_localaws/", page)
    operations.mount("/_localaws/mail/", inner)
    assert operations.mounted_at("/_localaws/clock") == Mounted(page)
    assert operations.mounted_at("/_localaws/mail/1") == Mounted(inner)
    assert operations.mounted_at("/bucket/_localaws/") is None


def test_nobody_is_known_and_nothing_is_issued_before_sts_is_there() -> None:
    identities = Identities()
    with pytest.raises(ServiceError) as unknown:
        identities.identify(Signature("111111111111", "eu-west-1", "s3", None))
    with pytest.raises(ServiceError) as unissued:
        identities.issue("arn:aws:iam::111111111111:role/r", "session")
    assert {unknown.value.code, unissued.value.code} == {"InvalidClientTokenId"}
