"""What stands behind the front door, as the rest of localaws sees it: moto, in ``localaws/moto/backend.py``.

It answers the operations that no service implements. What it holds is kept by ``core/generations.py``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.model import OperationModel

from localaws.core.bodies import Bodies
from localaws.core.caller import Caller
from localaws.core.generations import Kept
from localaws.core.wire import HttpResponse, OperationRequest

# The key of a WSGI environment under which a body comes that was taken out of the request and kept.
BODY_KEY = "localaws.body"


@dataclass(frozen=True)
class CorsRule:
    """A rule of a bucket's CORS configuration, in the members of S3's API."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int | None = None


class Backend(Kept, Protocol):
    bodies: Bodies  # where the contents of objects are

    def implements(self, service: str, operation: OperationModel) -> bool:
        """Whether it has an operation of a botocore service; it is asked for no other."""

    def respond(self, environ: dict[str, Any], caller: Caller, request: OperationRequest | None = None) -> HttpResponse:
        """The answer to a WSGI request, made in the caller's account; ``request`` where it could be parsed."""

    def changing(self, *packages: str, bucket: str | None = None) -> AbstractContextManager[None]:
        """For whoever changes moto's objects (of ``moto.<package>``, of one of S3's buckets) without a request."""

    def user_access_keys(self) -> list[tuple[str, str, str]]:
        """(access key id, user ARN, secret) of every active key that CreateAccessKey made, in every account."""

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""

    def bucket_region(self, bucket: str) -> str:
        """The region of a bucket that exists."""

    def bucket_cors(self, bucket: str) -> list[CorsRule]:
        """The rules by which pages of other origins may reach the bucket, in their order; empty without a bucket."""

    def is_publicly_readable(self, bucket: str, key: str | None, version_id: str | None) -> bool:
        """Whether an ACL lets everybody read an object (``key`` None: list the bucket), and nothing forbids it."""

    def restricts_public_access(self, bucket: str) -> bool:
        """Whether the bucket's public access block keeps everybody out whom a public policy would let in."""
