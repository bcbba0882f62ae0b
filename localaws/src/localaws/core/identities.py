"""Who is calling, and credentials of a role's session: two questions that everybody may ask and STS answers.

Nobody is known and nothing is issued until STS is there; that is an error, never an empty identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.wire import Signature

Identify = Callable[[Signature], Caller]
Issue = Callable[[str, str], dict[str, Any]]


class Identities:
    def __init__(self) -> None:
        self._identify: Identify = _nobody_is_known
        self._issue: Issue = _no_credentials

    def answered_by(self, identify: Identify, issue: Issue) -> None:
        self._identify, self._issue = identify, issue

    def identify(self, signature: Signature) -> Caller:
        """The principal that a request's key belongs to. Raises ServiceError for a key that nobody was given."""
        return self._identify(signature)

    def issue(self, role_arn: str, session_name: str) -> dict[str, Any]:
        """AssumeRole's answer for a role's session: ``{"Credentials": {...}, "AssumedRoleUser": {...}, ...}``."""
        return self._issue(role_arn, session_name)


def _nobody_is_known(signature: Signature) -> Caller:
    raise ServiceError("InvalidClientTokenId", "No identity service is registered.", 403)


def _no_credentials(role_arn: str, session_name: str) -> dict[str, Any]:
    raise ServiceError("InvalidClientTokenId", "No identity service is registered.", 403)
