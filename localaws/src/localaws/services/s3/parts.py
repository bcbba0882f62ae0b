"""GetObject and HeadObject with ``partNumber``: one part of what was uploaded in parts, or all of what was not.

moto would give the whole object, and for HeadObject the metadata of the part alone. So it is asked for the part's range
of the object and does not hear of the part; what belongs to the part is put into its answer here.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from localaws.core.errors import ServiceError
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.services.s3 import moto_objects
from localaws.services.s3.moto_objects import StoredPart

OPERATIONS = ("GetObject", "HeadObject")
PARAMETER = "partNumber"
_LARGEST = 10_000


@dataclass(frozen=True)
class _Place:
    """Where the part begins in the object, and how many parts that has; None where it was not uploaded in parts."""

    part: StoredPart
    offset: int
    count: int | None


def is_wanted(request: OperationRequest) -> bool:
    return request.operation.name in OPERATIONS and request.parameters.get("PartNumber") is not None


def range_headers(request: OperationRequest) -> dict[str, str]:
    """The range of the part, for moto. ServiceError where there is no such part."""
    given = request.parameters
    if given.get("Range"):
        raise ServiceError("InvalidRequest", "Cannot specify both Range header and partNumber query parameter", 400)
    if not 1 <= int(given["PartNumber"]) <= _LARGEST:
        raise ServiceError(
            "InvalidArgument", f"Part number must be an integer between 1 and {_LARGEST}, inclusive", 400
        )
    place = _place(given)
    if place is None or not place.part.size:
        return {}  # moto says what is missing; of nothing there is no range
    return {"range": f"bytes={place.offset}-{place.offset + place.part.size - 1}"}


def with_part(request: OperationRequest, response: HttpResponse) -> HttpResponse:
    """The answer with the number of the object's parts, and the part's own checksum where one is asked for."""
    place = _place(request.parameters)
    if place is None or place.count is None:
        return response
    headers = {**response.headers, "x-amz-mp-parts-count": str(place.count)}
    if request.parameters.get("ChecksumMode") == "ENABLED" and place.part.checksum:
        algorithm, value = place.part.checksum
        headers = {name: old for name, old in headers.items() if not name.lower().startswith("x-amz-checksum")}
        headers[f"x-amz-checksum-{algorithm.lower()}"] = value
    return replace(response, headers=headers)


def _place(given: dict[str, Any]) -> _Place | None:
    wanted, number = (given["Bucket"], given["Key"], given.get("VersionId")), int(given["PartNumber"])
    parts = moto_objects.parts_of(*wanted)
    whole = moto_objects.size_of(*wanted)
    if whole is None:
        return None
    if parts is None and number == 1:
        return _Place(StoredPart(1, whole, None), 0, None)
    offset = 0
    for part in parts or ():
        if part.number == number:
            return _Place(part, offset, len(parts or ()))
        offset += part.size
    raise ServiceError("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
