"""Turns a WSGI request into an operation with a dict, and a dict or an error into a WSGI response.

All of it is driven by botocore's service models through moto's routers, parsers and serialisers, so every AWS
protocol but Smithy's RPC is spoken (``smithy_rpc.py``).
"""

from __future__ import annotations

import http
import json
import warnings
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from localaws.core.documents import refuse_deep_json, refuse_hostile_xml
from localaws.core.errors import ServiceError
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.front_door.routing import find_route
from localaws.front_door.signing_names import candidate_services

# Error codes whose status AWS fixes for every service, whether or not a service model names it.
_COMMON_STATUS = {
    "AccessDenied": 403,
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InvalidClientTokenId": 403,
    "UnrecognizedClientException": 403,
    "NotImplemented": 501,
}


def parse_request(signing_name: str, environ: dict[str, Any]) -> OperationRequest | None:
    """The operation a request calls, or None where no service model knows it.

    Raises ServiceError for a body that cannot be read.
    """
    route = find_route(signing_name, environ)
    if route is None:
        return None
    payload = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""))
    parameters = _parameters(route.request, route.operation, route.protocol, route.uri_parameters)
    return OperationRequest(route.service, route.operation, route.protocol, parameters, payload)


def _parameters(
    request: Any, operation: OperationModel, protocol: str, uri_parameters: dict[str, Any]
) -> dict[str, Any]:
    parser = PROTOCOL_PARSERS[protocol](operation)
    payload = operation.get_streaming_input()
    streamed = payload is not None and payload.serialization.get("streaming", False)
    try:
        content = b"" if streamed or _takes_no_body(operation, protocol) else request.data
        if not streamed:
            _refuse_hostile(content, operation, protocol)
        if protocol == "json" and not streamed and request.data:
            json.loads(request.data)  # the parser takes what is no JSON for an empty request
        parsed = parser.parse(
            {
                "method": request.method,
                "values": request.args if streamed else request.values,
                "headers": request.headers,
                "body": content,
                "url_path": request.path,
                "url_params": uri_parameters,
            }
        )
    except HTTPException as error:
        raise ServiceError("SerializationException", str(error.description)) from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        code = "MalformedXML" if protocol == "rest-xml" else "SerializationException"
        raise ServiceError(code, f"the request could not be read: {error}") from error
    if streamed:
        parsed[str(operation.input_shape.serialization["payload"])] = request.environ["wsgi.input"]
    return {name: value for name, value in parsed.items() if value is not None}


def _takes_no_body(operation: OperationModel, protocol: str) -> bool:
    """S3 leaves aside what comes as the body of a request that only asks."""
    return protocol == "rest-xml" and operation.http["method"] in ("GET", "HEAD")


def _refuse_hostile(content: bytes, operation: OperationModel, protocol: str) -> None:
    """ValueError for a document that is made to exhaust whoever reads it."""
    if protocol in ("json", "rest-json"):
        refuse_deep_json(content)
    if protocol == "rest-xml" and content and _is_sent_as_xml(operation):
        refuse_hostile_xml(content)


def _is_sent_as_xml(operation: OperationModel) -> bool:
    """Whether a body is a structure in XML, and no text or bytes of the user's."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is None or shape.members[payload].type_name == "structure"


def serialise_answer(request: OperationRequest, result: dict[str, Any]) -> HttpResponse:
    return _serialise(request.operation, request.protocol, result)


def serialise_refusal(request: OperationRequest, error: ServiceError) -> HttpResponse:
    return _serialise_error(request.operation, request.protocol, error)


def _serialise(operation: OperationModel, protocol: str, result: Any) -> HttpResponse:
    serialiser = get_serializer_class(str(operation.service_model.service_name), protocol)(operation_model=operation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto warns for codes that a model omits, as most models do
        response = serialiser.serialize(result)
    body = response["body"]
    encoded = body if isinstance(body, bytes) else str(body).encode()
    return HttpResponse(int(response["status_code"]), {k: str(v) for k, v in response["headers"].items()}, encoded)


def _serialise_error(operation: OperationModel, protocol: str, error: ServiceError) -> HttpResponse:
    response = _serialise(operation, protocol, error)
    status = _COMMON_STATUS.get(error.code, error.status if error.status != 400 else response.status)
    return HttpResponse(status, response.headers, response.body)


def serialise_unparsed_error(signing_name: str, error: ServiceError) -> HttpResponse:
    """An error for a request whose operation could not be told, in the protocol of the service it was signed for."""
    for service in candidate_services(signing_name):
        try:
            model: ServiceModel = get_service_model(service)
        except UnknownServiceError:  # the JSON answer below is what every SDK reads
            continue
        protocol = model.protocol if model.protocol in PROTOCOL_PARSERS else "json"
        return _serialise_error(OperationModel({}, model), protocol, error)
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return HttpResponse(
        _COMMON_STATUS.get(error.code, error.status),
        {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": error.code},
        body,
    )


def wsgi_answer(response: HttpResponse, start_response: Any) -> Iterable[bytes]:
    try:
        phrase = http.HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    told = {name.lower(): value for name, value in response.headers.items()}.get("content-length", "0")
    headers = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
    # The answer to HEAD has no body, and the length of what GET would bring.
    headers.append(("Content-Length", str(len(response.body)) if response.body else told))
    start_response(f"{response.status} {phrase}", headers)
    return response.stream if response.stream is not None else [response.body]
