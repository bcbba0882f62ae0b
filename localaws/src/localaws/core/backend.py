"""What stands behind the front door, as the rest of localaws sees it: moto, in ``localaws/moto/backend.py``.

It answers the operations that no service implements, and keeps its state by itself.
"""

from __future__ import annotations

from typing import Any, Protocol

from localaws.core.bodies import Bodies
from localaws.core.caller import Caller
from localaws.core.wire import HttpResponse

# The key of a WSGI environment under which a body comes that was taken out of the request and kept.
BODY_KEY = "localaws.body"


class Backend(Protocol):
    bodies: Bodies  # where the contents of objects are

    def start(self) -> None:
        """Begin to keep the state on disk."""

    def stop(self) -> None:
        """Write what has changed since."""

    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether it has the service that a signed request is meant for."""

    def respond(self, environ: dict[str, Any], caller: Caller | None) -> HttpResponse:
        """The answer to a WSGI request, made in the caller's account."""

    def user_access_keys(self) -> list[tuple[str, str]]:
        """(access key id, user ARN) of every key that IAM's CreateAccessKey made, in every account."""

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""
