"""The WSGI application: one request in, one operation called, one answer out.

    may it come in · who has signed it · parse by AWS's service model · validate · (may they?)
      ├─ an operation that a localaws service implements -> that method
      └─ everything else -> moto, whose "not implemented" page becomes a clear error at once

It decides nothing about a single service; services decide nothing about HTTP.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from botocore import xform_name

from localaws.core.backend import BODY_KEY, Backend
from localaws.core.bodies import NoRoomError
from localaws.core.body import Body
from localaws.core.caller import CALLER_KEY, Caller
from localaws.core.documents import DocumentLimitError, refuse_deep_parameters
from localaws.core.errors import ServiceError, no_room
from localaws.core.operations import Operations
from localaws.core.turns import Turns
from localaws.core.wire import HttpResponse, OperationRequest, Signature
from localaws.front_door import smithy_rpc
from localaws.front_door.cors import without_cors
from localaws.front_door.guard import Guard, presumed_service
from localaws.front_door.intake import take_in
from localaws.front_door.mistakes import failure, refuse_incomplete, refuse_invalid, refuse_members
from localaws.front_door.post_form import is_form
from localaws.front_door.protocol import (
    parse_request,
    serialise_answer,
    serialise_refusal,
    serialise_unparsed_error,
    wsgi_answer,
)
from localaws.front_door.routing import called_name
from localaws.front_door.signature import read_claim

log = logging.getLogger(__name__)

Authorize = Callable[[Caller, OperationRequest], None]

# Operations that wait for others' requests, for up to 20 seconds.
_WAITING = ("ReceiveMessage",)


class FrontDoor:
    """The application. ``authorize`` is asked before every operation; it raises ServiceError to refuse.

    ``guard`` finds out whether a request may come in at all and who asks; requests of in-process clients bring their
    caller along. ``turns`` bounds how many requests are answered at once; the others wait.
    """

    def __init__(
        self,
        operations: Operations,
        guard: Guard,
        moto: Backend,
        turns: Turns,
        authorize: Authorize | None = None,
    ) -> None:
        self._turns = turns
        self._operations = operations
        self._guard = guard
        self._moto = moto
        self._authorize = authorize

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        mounted = self._operations.mounted_at(path)
        if CALLER_KEY in environ:
            return wsgi_answer(self._taken_in(environ, self._of_client), start_response)
        found = self._guard.entrance(environ, mounted)
        if found.refusal is not None:
            return wsgi_answer(found.refusal, start_response)
        if mounted is not None:
            return mounted.application(environ, start_response)
        if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_AUTHORIZATION" not in environ:
            return wsgi_answer(self._guard.preflight(environ), start_response)  # of a presigned URL, too
        response = self._taken_in(environ, self._of_stranger)
        headers = {**without_cors(response.headers), **found.headers}
        return wsgi_answer(replace(response, headers=headers), start_response)

    def _taken_in(self, environ: dict[str, Any], answer: Callable[[dict[str, Any]], HttpResponse]) -> HttpResponse:
        """What ``answer`` makes of a request whose body can be read as often as it is wanted."""
        try:
            take_in(environ, self._moto.bodies)
        except NoRoomError as error:
            return serialise_unparsed_error(presumed_service(environ), no_room(error))
        except (ValueError, OSError) as error:  # a length that is no number, a broken chunk
            refusal = ServiceError("IncompleteBody", f"The request's body cannot be read: {error}.", 400)
            return serialise_unparsed_error("s3", refusal)
        taken = environ["wsgi.input"]
        try:
            return answer(environ)
        finally:
            self._moto.bodies.discard(taken)

    def _of_client(self, environ: dict[str, Any]) -> HttpResponse:
        """The answer to a client of this very process, whose caller is handed over."""
        claim = read_claim(environ)
        assert claim is not None
        return self._answer(environ, claim.signature, environ[CALLER_KEY])

    def _of_stranger(self, environ: dict[str, Any]) -> HttpResponse:
        """The answer to a request from outside, which must show who it is from."""
        signing_name = presumed_service(environ)
        try:
            claim = read_claim(environ)
            if claim is None:
                return self._unsigned(environ)
            signing_name = claim.signature.signing_name
            caller = self._guard.caller(environ, claim)
        except ServiceError as error:
            return serialise_unparsed_error(signing_name, error)
        return self._answer(environ, claim.signature, caller)

    def _unsigned(self, environ: dict[str, Any]) -> HttpResponse:
        if is_form(environ):
            upload, caller = self._guard.upload(environ)
            return upload.answer(self._answer(upload.environ, upload.signature, caller))
        signature, caller = self._guard.unsigned(environ)
        return self._answer(environ, signature, caller)

    def _answer(self, environ: dict[str, Any], signature: Signature, caller: Caller) -> HttpResponse:
        unspoken = smithy_rpc.refusal(environ, signature.signing_name)
        if unspoken is not None:
            return unspoken
        request: OperationRequest | None = None
        try:
            request = parse_request(signature.signing_name, environ)
            if request is None:
                raise _not_implemented(f"{signature.signing_name}:{called_name(environ)}")
            _refuse_deep_documents(request)
            if self._authorize is not None:
                self._authorize(caller, request)
            with self._turn(environ, request):
                return self._done(environ, caller, request)
        except ServiceError as error:
            return _refused(request, signature, error)
        except Exception as error:  # a defect of localaws: say so in the caller's protocol instead of an HTML page
            name = request.operation.name if request else environ.get("PATH_INFO")
            log.exception("%s failed inside localaws", name)
            failure = ServiceError(
                "InternalFailure", f"localaws failed in {name}: {type(error).__name__}: {error}", 501
            )
            return _refused(request, signature, failure)

    def _turn(self, environ: dict[str, Any], request: OperationRequest) -> AbstractContextManager[None]:
        """What comes from outside takes turns. Who is inside already has one; a long poll only waits."""
        if CALLER_KEY in environ or request.operation.name in _WAITING:
            return nullcontext()
        return self._turns.turn()

    def _done(self, environ: dict[str, Any], caller: Caller, request: OperationRequest) -> HttpResponse:
        method = self._operations.operation(request.service, xform_name(request.operation.name))
        if method is not None:
            refuse_invalid(request)
            refuse_members(request, self._operations.refused_members(request.service, request.operation.name))
            return serialise_answer(request, method(caller, request.parameters) or {})
        called = f"{request.service}:{request.operation.name}"
        if not self._moto.implements(request.service, request.operation):
            raise _not_implemented(called)
        refuse_incomplete(request)
        response = self._moto_response(environ, caller, request)
        if response is None:
            raise _not_implemented(called)
        return response

    def _moto_response(self, environ: dict[str, Any], caller: Caller, request: OperationRequest) -> HttpResponse | None:
        """moto's answer; None where it turns out not to have the operation."""
        companions = self._operations.companions(request.service)
        begun = []
        try:
            for companion in companions:
                for header, value in companion.before(caller, request).items():
                    environ[f"HTTP_{header.upper().replace('-', '_')}"] = value
                _hide(environ, companion.hidden(request))
                begun.append(companion)
            _hand_over_the_body(environ, request)
            response = self._performed(environ, caller, request)
            if _is_unimplemented(response, request.service):
                return None
            for companion in companions:
                response = companion.after(caller, request, response)
            return response
        finally:
            for companion in begun:
                companion.ended(request)

    def _performed(self, environ: dict[str, Any], caller: Caller, request: OperationRequest) -> HttpResponse:
        try:
            return self._moto.respond(environ, caller, request)
        except (ServiceError, NoRoomError, OSError):
            raise
        except Exception as error:  # of moto's code, which takes many a request for a right one
            log.warning("moto failed in %s", request.operation.name, exc_info=True)
            raise failure(request, error) from error


def _refused(request: OperationRequest | None, signature: Signature, error: ServiceError) -> HttpResponse:
    if request is None:
        return serialise_unparsed_error(signature.signing_name, error)
    return serialise_refusal(request, error)


def _not_implemented(called: str) -> ServiceError:
    return ServiceError("NotImplemented", f"localaws does not implement {called}.", 501)


def _refuse_deep_documents(request: OperationRequest) -> None:
    """No document in a request may nest so deep that whoever reads it, moto included, runs out of stack."""
    try:
        refuse_deep_parameters(request.parameters)
    except DocumentLimitError as error:
        code = "ValidationError" if request.protocol in ("query", "ec2") else "ValidationException"
        raise ServiceError(code, f"1 validation error detected: {error}") from error


def _hand_over_the_body(environ: dict[str, Any], request: OperationRequest | None) -> None:
    """A body that a companion took out of the request and kept reaches moto beside the request, not in it."""
    body = request.parameters.get("Body") if request is not None else None
    if isinstance(body, Body):
        environ.update({BODY_KEY: body, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"})


def _hide(environ: dict[str, Any], names: frozenset[str]) -> None:
    if names:
        pairs = str(environ.get("QUERY_STRING", "")).split("&")
        environ["QUERY_STRING"] = "&".join(pair for pair in pairs if unquote(pair.partition("=")[0]) not in names)


def _is_unimplemented(response: HttpResponse, service: str) -> bool:
    """Whether moto answered with its own page instead of an AWS response."""
    if service == "s3":
        return response.status == 501
    content_type = response.headers.get("Content-Type", "")
    return response.status in (404, 405, 500, 501) and "text/html" in content_type
