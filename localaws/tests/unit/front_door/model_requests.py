"""Requests as SDKs send them, made from the service models: the least that an operation takes."""

from __future__ import annotations

import functools
import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.serialize import create_serializer

from localaws.core.caller import CALLER_KEY, Caller

REGION = "ap-southeast-2"
CALLER = Caller.root("012345670123", REGION)
_DEEPEST = 6


def every_service() -> list[str]:
    return list(botocore.session.get_session().get_available_services())


def signing_name_of(model: ServiceModel) -> str:
    return str(model.metadata.get("signingName", model.metadata["endpointPrefix"]))


def least(shape: Shape | None, depth: int = 0) -> Any:
    """A value of a shape with nothing in it that is not required; it need not mean anything."""
    if shape is None:
        return {}
    kind = shape.type_name
    if kind == "structure":
        assert hasattr(shape, "required_members")
        names = shape.required_members if depth < _DEEPEST else []
        return {name: least(shape.members[name], depth + 1) for name in names}
    if kind == "list":
        return [least(shape.member, depth + 1)] if depth < _DEEPEST else []
    if kind == "map":
        return {}
    if kind == "string":
        return _text(shape)
    values: dict[str, Any] = {"boolean": True, "blob": b"x", "timestamp": datetime(2026, 1, 1, tzinfo=UTC)}
    return values.get(kind, max(int(shape.metadata.get("min") or 1), 1))


def environ_of(operation: OperationModel, parameters: dict[str, Any], **headers: str) -> dict[str, Any]:
    """A WSGI request of a client in this process, so that nobody asks for a signature."""
    model = operation.service_model
    request = _serialiser(str(model.resolved_protocol)).serialize_to_request(parameters, operation)
    prepare_request_dict(request, "http://localhost")
    prepared = create_request_object(request).prepare()
    url = urlsplit(str(prepared.url))
    body = prepared.body or b""
    content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    sent = {**{name: _plain(value) for name, value in prepared.headers.items()}, **headers}
    return environ(str(prepared.method), url.path, url.query, sent, content, signing_name_of(model))


def environ(
    method: str, path: str, query: str, headers: dict[str, str], content: bytes, signing_name: str
) -> dict[str, Any]:
    """A WSGI request in parts, signed by nobody for a service."""
    scope = f"{CALLER.account}/20260101/{REGION}/{signing_name}/aws4_request"
    names = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    kind = names.pop("CONTENT_TYPE", "")
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "RAW_URI": path + (f"?{query}" if query else ""),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "CONTENT_TYPE": kind,
        "HTTP_HOST": "localhost",
        "HTTP_X_AMZ_DATE": "20260101T000000Z",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=x",
        CALLER_KEY: CALLER,
        **{f"HTTP_{name}": value for name, value in names.items()},
        "CONTENT_LENGTH": str(len(content)),
    }


def answer_of(application: Any, request: dict[str, Any]) -> tuple[int, str]:
    """Status and body of the answer."""
    started: list[int] = []
    body = application(request, lambda status, headers, exc_info=None: started.append(int(status.split()[0])))
    return started[0], b"".join(body).decode("utf-8", "replace")


@functools.cache
def _serialiser(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)


def _text(shape: Shape) -> str:
    allowed = shape.metadata.get("enum")
    return str(allowed[0]) if allowed else "x" * max(int(shape.metadata.get("min") or 1), 1)


def _plain(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
