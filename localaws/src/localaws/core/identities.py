"""Who is calling, and credentials of a role's session: two questions that everybody may ask and STS answers.

Nobody is known and nothing is issued until STS is there; that is an error, never an empty identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.wire import Signature


@dataclass(frozen=True)
class IssuedKey:
    """What belongs to an access key id: its secret, and for temporary keys the session token. Neither is ever shown."""

    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


Identify = Callable[[Signature], Caller]
Issue = Callable[[str, str], dict[str, Any]]
FindKey = Callable[[str], IssuedKey | None]


class Identities:
    def __init__(self) -> None:
        self._identify: Identify = _nobody_is_known
        self._issue: Issue = _no_credentials
        self._find_key: FindKey = _no_key

    def answered_by(self, identify: Identify, issue: Issue, find_key: FindKey) -> None:
        self._identify, self._issue, self._find_key = identify, issue, find_key

    def key(self, access_key_id: str) -> IssuedKey | None:
        """What was issued under this id, expired or not; None where nothing was."""
        return self._find_key(access_key_id)

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


def _no_key(access_key_id: str) -> IssuedKey | None:
    return None
