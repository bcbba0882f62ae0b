"""Finds the operation that a request calls, by the service models of the name that it is signed for.

SDKs write one operation in several ways: with or without the dots of its target's head, with a charset behind the
content type. What is found is written into the request again as the models have it, so that whoever reads it next finds
the same. It parses no body beyond the name of the operation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel, ServiceModel
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.utilities.constants import JSON_TYPES
from werkzeug.exceptions import NotFound

from localaws.front_door.signing_names import candidate_services

S3_CONTROL_PATH = "/v20180820/"
# https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#requests
_RPC_PATH = re.compile(r"/service/(?P<service>[^/]+)/operation/(?P<operation>[^/]+)$")


@dataclass(frozen=True)
class Route:
    """``uri_parameters`` are what the path and the host say."""

    service: str
    operation: OperationModel
    protocol: str
    uri_parameters: dict[str, Any]
    request: Request


def find_route(signing_name: str, environ: dict[str, Any]) -> Route | None:
    """The operation that a request calls, or None where no service model knows it."""
    _write_content_type(environ)
    request = Request(environ)  # one for all candidates: it reads a form's body, which can be read once
    found = [route for service in _candidates(signing_name, environ) if (route := _route(service, request))]
    return next((route for route in found if _is_exact(route)), found[0] if found else None)


def called_name(environ: dict[str, Any]) -> str:
    """What a request calls its operation, whether that is known or not; its method and path where it names none."""
    rpc = rpc_operation(environ)
    target = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
    return rpc or target or _action(environ) or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def rpc_operation(environ: dict[str, Any]) -> str | None:
    """The operation that the path of Smithy's RPC protocols names."""
    found = _RPC_PATH.search(str(environ.get("PATH_INFO", "")))
    return found["operation"] if found and environ.get("HTTP_SMITHY_PROTOCOL") else None


def _action(environ: dict[str, Any]) -> str:
    environ["wsgi.input"].seek(0)
    return str(Request(environ).values.get("Action", ""))


def _candidates(signing_name: str, environ: dict[str, Any]) -> tuple[str, ...]:
    services = candidate_services(signing_name)
    if signing_name == "s3":
        # The paths of s3control are paths of s3, too.
        return services[1:] if str(environ.get("PATH_INFO", "")).startswith(S3_CONTROL_PATH) else services[:1]
    return services


def _route(service: str, request: Request) -> Route | None:
    try:
        model: ServiceModel = get_service_model(service)
        _write_target(model, request.environ)
        operation, uri_parameters = get_service_router(service).match(request)
        protocol = determine_request_protocol(model, request.content_type)
    except (NotFound, NotImplementedError, UnknownServiceError):  # not an operation of this one
        return None
    return Route(service, operation, protocol, uri_parameters, request)


def _is_exact(route: Route) -> bool:
    """Whether nothing speaks for another service: the version of the API is its own (services of the query protocol
    share names), and no label of its path had to take several segments to match."""
    if route.protocol in ("query", "ec2"):
        return route.request.values.get("Version") in (None, route.operation.service_model.api_version)
    template = route.operation.http_trait.path.rstrip("/")
    return "+}" in template or template.count("/") == route.request.raw_path.rstrip("/").count("/")


def _write_content_type(environ: dict[str, Any]) -> None:
    kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if kind in JSON_TYPES:
        environ["CONTENT_TYPE"] = kind


def _write_target(model: ServiceModel, environ: dict[str, Any]) -> None:
    """The head of a target is a shape's name with its namespace, or without."""
    head, _, name = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")
    prefix = str(model.metadata.get("targetPrefix", ""))
    if name and head and head.rpartition(".")[2] == prefix.rpartition(".")[2]:
        environ["HTTP_X_AMZ_TARGET"] = f"{prefix}.{name}"
