"""What AWS answers to a request whose signature it does not accept: each family of services has codes of its own.

Pure: a reason and the signing name in, a ServiceError out; nothing is decided here.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import Literal

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model

from localaws.core.errors import ServiceError
from localaws.front_door.signing_names import S3_NAMES, candidate_services

Reason = Literal[
    "no signature",
    "several mechanisms",
    "unknown mechanism",
    "incomplete",
    "incomplete query",
    "unknown key",
    "wrong token",
    "expired token",
    "wrong signature",
    "unsigned header",
    "skewed",
    "expired",
    "other body",
]
_Answer = tuple[str, int, str]

_UNKNOWN = "The security token included in the request is invalid."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. localaws issues the secrets of its accounts itself: `localaws env` prints them."
)
_COMMON = {
    "no signature": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    "several mechanisms": ("InvalidArgument", 400, "Only one auth mechanism allowed"),
    "unknown mechanism": ("IncompleteSignature", 400, "The authorization mechanism is not supported"),
    "incomplete": ("IncompleteSignature", 400, "The request signature does not conform to AWS standards"),
    "incomplete query": ("IncompleteSignature", 400, "The request signature does not conform to AWS standards"),
    "unknown key": ("InvalidClientTokenId", 403, _UNKNOWN),
    "wrong token": ("InvalidClientTokenId", 403, _UNKNOWN),
    "expired token": ("ExpiredToken", 403, "The security token included in the request is expired"),
    "wrong signature": ("SignatureDoesNotMatch", 403, _MISMATCH),
    "unsigned header": (
        "SignatureDoesNotMatch",
        403,
        "There were headers present in the request which were not signed",
    ),
    "skewed": ("SignatureDoesNotMatch", 403, "Signature expired"),
    "expired": ("SignatureDoesNotMatch", 403, "Signature expired"),
    "other body": ("SignatureDoesNotMatch", 403, _MISMATCH),
}
_FAMILIES: dict[str, dict[str, _Answer]] = {
    "json": {
        "no signature": ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
        "incomplete": ("IncompleteSignatureException", 403, "The request signature does not conform to AWS standards"),
        "unknown mechanism": ("IncompleteSignatureException", 403, "The authorization mechanism is not supported"),
        "unknown key": ("UnrecognizedClientException", 403, _UNKNOWN),
        "wrong token": ("UnrecognizedClientException", 403, _UNKNOWN),
        "expired token": ("ExpiredTokenException", 403, "The security token included in the request is expired"),
        "wrong signature": ("InvalidSignatureException", 403, _MISMATCH),
        "unsigned header": ("InvalidSignatureException", 403, "There were headers present which were not signed"),
        "skewed": ("InvalidSignatureException", 403, "Signature expired"),
        "expired": ("InvalidSignatureException", 403, "Signature expired"),
        "other body": ("InvalidSignatureException", 403, _MISMATCH),
    },
    "ec2": {
        "no signature": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "unknown key": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "wrong token": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "expired token": ("RequestExpired", 400, "Request has expired."),
        "skewed": ("RequestExpired", 400, "Request has expired."),
        "expired": ("RequestExpired", 400, "Request has expired."),
    },
    "s3": {
        "no signature": ("AccessDenied", 403, "Access Denied"),
        "unknown mechanism": (
            "InvalidRequest",
            400,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
        ),
        "incomplete": ("AuthorizationHeaderMalformed", 400, "The authorization header that you provided is not valid"),
        "incomplete query": (
            "AuthorizationQueryParametersError",
            400,
            "Query-string authentication requires valid parameters",
        ),
        "unknown key": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "wrong token": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        "expired token": ("ExpiredToken", 400, "The provided token has expired."),
        "wrong signature": (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        ),
        "unsigned header": ("AccessDenied", 403, "There were headers present in the request which were not signed"),
        "skewed": (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        "expired": ("AccessDenied", 403, "Request has expired"),
        "other body": (
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
    },
}


def refused(reason: Reason, signing_name: str, more: str = "") -> ServiceError:
    """The error of the service that the request is signed for; ``more`` is said after AWS's own sentence."""
    code, status, text = _FAMILIES.get(_family(signing_name), {}).get(reason) or _COMMON[reason]
    return ServiceError(code, f"{text}: {more}" if more else text, status)


def _family(signing_name: str) -> str:
    if signing_name in S3_NAMES:
        return "s3"
    for service in candidate_services(signing_name):
        try:
            protocol = str(get_service_model(service).protocol)
        except UnknownServiceError:
            continue
        return {"ec2": "ec2", "query": "query", "rest-xml": "query"}.get(protocol, "json")
    return "json"
