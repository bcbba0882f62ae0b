"""The one exception by which a service refuses a request; the front door serialises it in the caller's protocol."""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """An AWS error response.

    ``code`` is AWS's own error code (``ResourceNotFound``, ``ValidationException`` ...), ``message`` what a person
    reads. ``status`` is the HTTP status where the service model does not name one for this code. Further members of
    the modelled error shape may be given as keyword arguments.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        for name, value in members.items():
            setattr(self, name, value)


def no_room(error: OSError) -> ServiceError:
    """The refusal of content that cannot be written to the disk; no SDK repeats such a request."""
    return ServiceError(
        "InternalFailure",
        f"localaws could not write the request's body ({error.strerror or error}); nothing was stored. "
        "Free disk space and send the request again.",
        501,
    )
