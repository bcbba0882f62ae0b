"""Tells a resource that its own service does not have from a read that failed.

Enforcement reads policies by ordinary calls. If the service refuses the resource as it is named, there is no policy to
ask, and the service's own answer to the caller is the better one. If the read itself failed, nothing is known, and no
request may pass.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

_FIRST_SERVER_ERROR = 500


def require_absence(error: ClientError) -> None:
    """Raise ``error`` again unless it is the service's refusal of what was named (an HTTP status of 4xx)."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _FIRST_SERVER_ERROR)
    if status >= _FIRST_SERVER_ERROR:
        raise error
