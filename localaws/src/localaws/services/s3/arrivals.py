"""The content that comes with PutObject and UploadPart: decoded, verified and kept in a file before moto is asked.

It never has a content in memory, and never answers for moto.
"""

from __future__ import annotations

import io
from typing import Any

from localaws.core.aws_chunked import Unchunked
from localaws.core.bodies import Bodies, NoRoomError
from localaws.core.body import CHUNK, Body, BodyFile
from localaws.core.digests import Digests
from localaws.core.errors import no_room
from localaws.core.wire import OperationRequest
from localaws.services.s3.checksums import (
    checksum_headers,
    refuse_corrupt,
    stated_checksums,
    wanted_digests,
)

OPERATIONS = ("PutObject", "UploadPart")
_STREAMING = "STREAMING-"


def keep(bodies: Bodies, request: OperationRequest) -> tuple[Body, dict[str, str]]:
    """The content, which is on disk when this returns, and the headers that tell moto of it.

    ServiceError where it is not what the client said, or cannot be written.
    """
    file = request.parameters.get("Body") or io.BytesIO()
    try:
        if not _in_chunks(request):
            return _kept(bodies, request.parameters, file, {})
        decoded = Unchunked(file)
        content = bodies.take_in(decoded)
        try:
            body, headers = _kept(bodies, request.parameters, content, decoded.trailers)
        finally:
            bodies.discard(content)
        # moto would look for chunks in what it does not get.
        return body, {**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    except NoRoomError as error:
        raise no_room(error) from error


def _in_chunks(request: OperationRequest) -> bool:
    encoded = "aws-chunked" in str(request.parameters.get("ContentEncoding", ""))
    return encoded or request.payload.startswith(_STREAMING)


def _kept(
    bodies: Bodies, parameters: dict[str, Any], file: Any, trailers: dict[str, str]
) -> tuple[Body, dict[str, str]]:
    stated = stated_checksums(parameters, trailers)
    digests = _digests(file, wanted_digests(parameters, stated))
    refuse_corrupt(parameters, stated, digests)
    return bodies.keep(file, digests), checksum_headers(parameters, stated, digests)


def _digests(file: Any, algorithms: list[str]) -> dict[str, str]:
    if isinstance(file, BodyFile):
        return file.body.know(algorithms)
    digests = Digests(algorithms)
    file.seek(0)
    while chunk := file.read(CHUNK):
        digests.update(chunk)
    return digests.values()
