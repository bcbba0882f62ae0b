"""What travels between a client and an operation, as plain values: who signed, what is called, what goes back.

The front door reads the first two from HTTP and writes the last to it; nothing here knows how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.model import OperationModel

# https://peps.python.org/pep-3333/
WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class Signature:
    """Whose key a request is signed with, and the region and service that it is signed for."""

    access_key_id: str
    region: str
    signing_name: str
    expires: datetime | None = None  # of a presigned URL


@dataclass(frozen=True)
class OperationRequest:
    """One parsed request: which operation of which service, and its parameters in the model's own names.

    A streaming payload (the ``Body`` of PutObject) is a seekable binary file.
    """

    service: str
    operation: OperationModel
    protocol: str
    parameters: dict[str, Any]
    payload: str = ""  # what x-amz-content-sha256 says of the body: a digest, or that it is signed otherwise


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: dict[str, str]
    body: bytes
    stream: Iterable[bytes] | None = None  # the body, where it is too large to be held; its length is in the headers
