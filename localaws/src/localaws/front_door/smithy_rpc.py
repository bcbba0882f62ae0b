"""Refuses Smithy's RPC protocols, which are not spoken here, in words that their clients can read.

Every service that has them has a JSON protocol too, which boto3 and the AWS CLI prefer.
https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import json
from typing import Any

from localaws.core.wire import HttpResponse
from localaws.front_door.routing import called_name

_TEXT, _MAP = 0x60, 0xA0  # major types of CBOR (RFC 8949)


def refusal(environ: dict[str, Any], signing_name: str) -> HttpResponse | None:
    """The answer to a request of such a protocol, None for any other request."""
    protocol = str(environ.get("HTTP_SMITHY_PROTOCOL", ""))
    if not protocol:
        return None
    called = f"{signing_name}:{called_name(environ)}"
    error = {"__type": "NotImplemented", "message": f"localaws does not speak {protocol}: call {called} as JSON."}
    headers = {"smithy-protocol": protocol, "x-amzn-errortype": "NotImplemented"}
    if protocol.endswith("cbor"):
        return HttpResponse(501, {**headers, "Content-Type": "application/cbor"}, _as_cbor(error))
    return HttpResponse(501, {**headers, "Content-Type": "application/json"}, json.dumps(error).encode())


def _as_cbor(texts: dict[str, str]) -> bytes:
    """A map of fewer than 24 short texts."""
    return bytes([_MAP | len(texts)]) + b"".join(_text(each) for pair in texts.items() for each in pair)


def _text(value: str) -> bytes:
    content = value.encode()
    return bytes([_TEXT | 25]) + len(content).to_bytes(2, "big") + content
