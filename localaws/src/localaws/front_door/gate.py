"""Which requests come in at all: those of this machine's own programs, by a name of this machine.

A browser carries any page's requests to loopback. So the Host must be this machine's (a page whose name was rebound
to 127.0.0.1 sends its own), and what a browser says of where a request comes from must not be another origin, unless
the CORS rules of the bucket that is asked for let that origin in. Whether a request is signed is not looked at here.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Headers/Sec-Fetch-Site
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from localaws.core.backend import CorsRule
from localaws.front_door import cors

# Names below localhost are this machine's too (RFC 6761): S3's buckets as hosts. Any port: a proxy may stand before us.
_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)(:\d{1,5})?", re.IGNORECASE)
# Whom an AWS client asks for that was pointed here by other means than an endpoint; nobody else can own such a name.
_AWS_HOST = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|api\.aws|amazonaws\.eu)(:\d{1,5})?", re.IGNORECASE)
_OWN_SITES = ("", "none", "same-origin")


@dataclass(frozen=True)
class Entrance:
    """``refusal`` is why a request stays outside, in words; ``headers`` are for the answer to one of another origin."""

    refusal: str | None = None
    is_from_elsewhere: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def entrance(environ: dict[str, Any], rules: list[CorsRule], is_page: bool) -> Entrance:
    """``rules`` are those of the bucket that the request would be about; ``is_page``: it is for a page of localaws'."""
    host = str(environ.get("HTTP_HOST", ""))
    if not _HOST.fullmatch(host) and (is_page or not _AWS_HOST.fullmatch(host) or not _is_signed(environ)):
        return Entrance(f"its Host {host!r} is not a name of this machine")
    origin, site = str(environ.get("HTTP_ORIGIN", "")), str(environ.get("HTTP_SEC_FETCH_SITE", "")).lower()
    own = not origin or origin.lower() == f"http://{host}".lower()
    if own and site in _OWN_SITES:
        return Entrance()
    rule = None if is_page or not origin else cors.rule_for(rules, origin, str(environ["REQUEST_METHOD"]))
    if rule is None:
        return Entrance(f"it comes from another origin ({origin or site})", is_from_elsewhere=True)
    return Entrance(headers=cors.headers(rule, origin))


def _is_signed(environ: dict[str, Any]) -> bool:
    """Whether it says so; the signature covers the host."""
    return "HTTP_AUTHORIZATION" in environ or "Signature=" in str(environ.get("QUERY_STRING", ""))
