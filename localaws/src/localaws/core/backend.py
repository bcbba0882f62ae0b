"""What stands behind the front door, as the rest of localaws sees it: moto, in ``localaws/moto/backend.py``.

It answers the operations that no service implements. What it holds is kept by ``core/generations.py``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from localaws.core.caller import Caller
from localaws.core.generations import Kept
from localaws.core.wire import HttpResponse, OperationRequest


class Backend(Kept, Protocol):
    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether it has the service that a signed request is meant for."""

    def respond(
        self, environ: dict[str, Any], caller: Caller | None, request: OperationRequest | None = None
    ) -> HttpResponse:
        """The answer to a WSGI request, made in the caller's account; ``request`` where it could be parsed."""

    def changing(self, *packages: str) -> AbstractContextManager[None]:
        """For whoever changes moto's objects (of ``moto.<package>``) without a request."""

    def user_access_keys(self) -> list[tuple[str, str]]:
        """(access key id, user ARN) of every key that IAM's CreateAccessKey made, in every account."""

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""
