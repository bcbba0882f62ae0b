"""The WSGI application: one request in, one operation called, one answer out.

    parse by AWS's service model · who is calling · validate · (may they?)
      ├─ an operation that a localaws service implements -> that method
      └─ everything else -> moto, whose "not implemented" page becomes a clear error at once

It decides nothing about a single service; services decide nothing about HTTP.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name

from localaws.core.backend import Backend
from localaws.core.caller import CALLER_KEY, Caller
from localaws.core.errors import ServiceError
from localaws.core.identities import Identities
from localaws.core.operations import Operations
from localaws.core.validation import validation_problems
from localaws.core.wire import HttpResponse, OperationRequest, Signature
from localaws.front_door.protocol import (
    candidate_services,
    parse_request,
    serialise_answer,
    serialise_refusal,
    serialise_unparsed_error,
    wsgi_answer,
)
from localaws.front_door.regions import refuse_unknown_region
from localaws.front_door.signature import read_signature

log = logging.getLogger(__name__)

Authorize = Callable[[Caller, OperationRequest], None]


class FrontDoor:
    """The application. ``authorize`` is asked before every operation; it raises ServiceError to refuse."""

    def __init__(
        self,
        operations: Operations,
        identities: Identities,
        moto: Backend,
        authorize: Authorize | None = None,
    ) -> None:
        self._operations = operations
        self._identities = identities
        self._moto = moto
        self._authorize = authorize

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        mounted = self._operations.mounted_at(path)
        if mounted is not None:
            return mounted(environ, start_response)
        try:
            _make_body_readable_twice(environ)
        except (ValueError, OSError) as error:  # a length that is no number, a broken chunk
            refusal = ServiceError("IncompleteBody", f"The request's body cannot be read: {error}.", 400)
            return wsgi_answer(serialise_unparsed_error("s3", refusal), start_response)
        signature = read_signature(environ)
        if signature is None and self._authorize is not None:
            refusal = ServiceError(
                "AccessDenied", "Access Denied: localaws enforces IAM, so requests must be signed.", 403
            )
            return wsgi_answer(serialise_unparsed_error("s3", refusal), start_response)
        if signature is None:
            # Unsigned: a public object, a queue URL, a page of moto's. moto decides what it is.
            return self._ask_moto(environ, None, start_response)
        return wsgi_answer(self._answer(environ, signature), start_response)

    def _answer(self, environ: dict[str, Any], signature: Signature) -> HttpResponse:
        request: OperationRequest | None = None
        try:
            request = parse_request(signature.signing_name, environ)
            # Whoever presigns does so by the wall clock, however far this cloud's own was moved.
            if signature.expires is not None and signature.expires < datetime.now(UTC):
                raise ServiceError("AccessDenied", "Request has expired", 403)
            caller = environ.get(CALLER_KEY)
            if caller is None:
                refuse_unknown_region(signature.region)
                caller = self._identities.identify(signature)
            if request is None:
                return self._moto_response(environ, caller, signature.signing_name)
            if self._authorize is not None:
                self._authorize(caller, request)
            method = self._operations.operation(request.service, xform_name(request.operation.name))
            if method is None:
                return self._moto_response(environ, caller, signature.signing_name, request)
            _refuse_invalid(request)
            return serialise_answer(request, method(caller, request.parameters) or {})
        except ServiceError as error:
            return _refused(request, signature, error)
        except Exception as error:  # a defect of localaws: say so in the caller's protocol instead of an HTML page
            name = request.operation.name if request else environ.get("PATH_INFO")
            log.exception("%s failed inside localaws", name)
            failure = ServiceError(
                "InternalFailure", f"localaws failed in {name}: {type(error).__name__}: {error}", 501
            )
            return _refused(request, signature, failure)

    def _moto_response(
        self, environ: dict[str, Any], caller: Caller, signing_name: str, request: OperationRequest | None = None
    ) -> HttpResponse:
        companions = self._operations.companions(request.service) if request is not None else []
        begun = []
        try:
            for companion in companions:
                assert request is not None
                for header, value in companion.before(caller, request).items():
                    environ[f"HTTP_{header.upper().replace('-', '_')}"] = value
                begun.append(companion)
            if not self._moto.knows(environ):
                raise _not_implemented(environ, signing_name, request)
            response = self._moto.respond(environ, caller, request)
            if _is_unimplemented(response, candidate_services(signing_name)):
                raise _not_implemented(environ, signing_name, request)
            for companion in companions:
                assert request is not None
                response = companion.after(caller, request, response)
            return response
        finally:
            for companion in begun:
                assert request is not None
                companion.ended(request)

    def _ask_moto(self, environ: dict[str, Any], caller: Caller | None, start_response: Any) -> Iterable[bytes]:
        return wsgi_answer(self._moto.respond(environ, caller), start_response)


def _refused(request: OperationRequest | None, signature: Signature, error: ServiceError) -> HttpResponse:
    if request is None:
        return serialise_unparsed_error(signature.signing_name, error)
    return serialise_refusal(request, error)


def _not_implemented(environ: dict[str, Any], signing_name: str, request: OperationRequest | None) -> ServiceError:
    target = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    named = target or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    name = request.operation.name if request else named
    return ServiceError("NotImplemented", f"localaws does not implement {signing_name}:{name}.", 501)


def _refuse_invalid(request: OperationRequest) -> None:
    problems = validation_problems(request.parameters, request.operation.input_shape)
    if problems:
        errors = "error" if len(problems) == 1 else "errors"
        code = "ValidationError" if request.protocol in ("query", "ec2") else "ValidationException"
        raise ServiceError(code, f"{len(problems)} validation {errors} detected: {'; '.join(problems)}")


def _is_unimplemented(response: HttpResponse, services: tuple[str, ...]) -> bool:
    """Whether moto answered with its own page instead of an AWS response."""
    content_type = response.headers.get("Content-Type", "")
    if services == ("s3", "s3control"):
        return response.status == 501
    return response.status in (404, 405, 500, 501) and "text/html" in content_type


def _make_body_readable_twice(environ: dict[str, Any]) -> None:
    """The front door parses the body and moto reads it again: keep it in memory (chunked bodies get a length)."""
    if environ.get("wsgi.input_terminated") and "CONTENT_LENGTH" not in environ:
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
