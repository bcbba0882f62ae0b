"""What AWS answers when it refuses or fails, in the wire format of the service that was asked.

SDKs choose by the error's code and status whether they try again, so both are what that kind of service sends. Of
botocore this reads nothing: the format is told by the request. microburst renders more, but strikes by service and
operation, and the n-th call of a command is what is wanted here.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import escape


class Wire(Enum):
    """How a service speaks."""

    JSON = "json"
    REST_JSON = "rest-json"
    QUERY = "query"
    EC2 = "ec2"
    S3 = "s3"


class Refusal(Enum):
    """What is answered instead of an answer."""

    THROTTLING = "throttling"
    FAILURE = "500"
    DENIAL = "AccessDenied"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


# (code, status)
_CODES = {
    (Refusal.THROTTLING, Wire.JSON): ("ThrottlingException", 400),
    (Refusal.THROTTLING, Wire.REST_JSON): ("ThrottlingException", 429),
    (Refusal.THROTTLING, Wire.QUERY): ("Throttling", 400),
    (Refusal.THROTTLING, Wire.EC2): ("RequestLimitExceeded", 503),
    (Refusal.THROTTLING, Wire.S3): ("SlowDown", 503),
    (Refusal.FAILURE, Wire.JSON): ("InternalFailure", 500),
    (Refusal.FAILURE, Wire.REST_JSON): ("InternalServerException", 500),
    (Refusal.FAILURE, Wire.QUERY): ("InternalFailure", 500),
    (Refusal.FAILURE, Wire.EC2): ("InternalError", 500),
    (Refusal.FAILURE, Wire.S3): ("InternalError", 500),
    (Refusal.DENIAL, Wire.JSON): ("AccessDeniedException", 400),
    (Refusal.DENIAL, Wire.REST_JSON): ("AccessDeniedException", 403),
    (Refusal.DENIAL, Wire.QUERY): ("AccessDenied", 403),
    (Refusal.DENIAL, Wire.EC2): ("UnauthorizedOperation", 403),
    (Refusal.DENIAL, Wire.S3): ("AccessDenied", 403),
}
_WORDS = {
    Refusal.THROTTLING: "Rate exceeded",
    Refusal.FAILURE: "We encountered an internal error. Please try again.",
    Refusal.DENIAL: "User: arn:aws:sts::012345670123:assumed-role/struck/proof is not authorized to perform it",
}


def refused(refusal: Refusal, wire: Wire, with_body: bool = True) -> Answer:
    """``with_body`` is false for HEAD, whose error is its status alone."""
    code, status = _CODES[refusal, wire]
    words = escape(_WORDS[refusal])
    error = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": "struck"}
    if wire is Wire.S3:
        body = error.replace("</Error>", "<RequestId>struck</RequestId><HostId>struck</HostId></Error>")
    elif wire is Wire.QUERY:
        typed = error.replace("<Error>", "<Error><Type>Sender</Type>")
        body = f"<ErrorResponse>{typed}<RequestId>struck</RequestId></ErrorResponse>"
    elif wire is Wire.EC2:
        body = f"<Response><Errors>{error}</Errors><RequestID>struck</RequestID></Response>"
    else:
        body = json.dumps({"__type": code, "message": _WORDS[refusal]})
        headers |= {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return Answer(status, headers, body.encode() if with_body else b"")
