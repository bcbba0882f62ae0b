"""What the CORS rules of a bucket let a page of another origin do. Pure: rules and a request in, headers out.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from __future__ import annotations

import re
from typing import Any

from localaws.core.backend import CorsRule
from localaws.core.errors import ServiceError
from localaws.core.wire import HttpResponse

_REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


def rule_for(
    rules: list[CorsRule], origin: str, method: str, requested_headers: tuple[str, ...] = ()
) -> CorsRule | None:
    """The first rule that lets the origin use the method with these headers."""
    return next(
        (
            rule
            for rule in rules
            if any(_matches(pattern, origin) for pattern in rule.allowed_origins)
            and method in rule.allowed_methods
            and all(
                any(_matches(pattern.lower(), name.lower()) for pattern in rule.allowed_headers)
                for name in requested_headers
            )
        ),
        None,
    )


def headers(rule: CorsRule, origin: str) -> dict[str, str]:
    """What the answer to a request of the origin says, so that its page may read it."""
    everybody = "*" in rule.allowed_origins
    found = {
        "Access-Control-Allow-Origin": "*" if everybody else origin,
        "Access-Control-Allow-Methods": ", ".join(rule.allowed_methods),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    if not everybody:
        found["Access-Control-Allow-Credentials"] = "true"
    if rule.expose_headers:
        found["Access-Control-Expose-Headers"] = ", ".join(rule.expose_headers)
    if rule.max_age_seconds is not None:
        found["Access-Control-Max-Age"] = str(rule.max_age_seconds)
    return found


def preflight(rules: list[CorsRule], environ: dict[str, Any]) -> HttpResponse:
    """The answer to OPTIONS. ServiceError where no rule lets the origin do what it asks for."""
    origin = str(environ.get("HTTP_ORIGIN", ""))
    method = str(environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", ""))
    if not origin or not method:
        raise ServiceError("BadRequest", "Insufficient information. Origin request header needed.", 400)
    asked = str(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""))
    names = tuple(name.strip() for name in asked.split(",") if name.strip())
    if not rules:
        raise ServiceError("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.", 403)
    rule = rule_for(rules, origin, method, names)
    if rule is None:
        raise ServiceError("AccessForbidden", _REFUSED, 403)
    found = headers(rule, origin)
    return HttpResponse(200, {**found, "Access-Control-Allow-Headers": ", ".join(names)} if names else found, b"")


def without_cors(response_headers: dict[str, str]) -> dict[str, str]:
    """moto lets every origin in; nothing of that leaves."""
    return {name: value for name, value in response_headers.items() if not name.lower().startswith("access-control-")}


def _matches(pattern: str, text: str) -> bool:
    """A rule's pattern has at most one ``*``."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text) is not None
