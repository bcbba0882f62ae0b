"""GetSessionToken and GetFederationToken: temporary keys of a user itself, or of somebody whom it vouches for.

What such keys may not do is refused here and in IAM, whether policies are enforced or not, as it is no policy's matter.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.operations import Companion
from localaws.core.service import Request, Response, Service
from localaws.core.wire import OperationRequest
from localaws.iam.principals import FEDERATOR, identity_of
from localaws.services.sts.credentials import TABLE, issue
from localaws.services.sts.sessions import inherited, session_policies

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_USERS_LONGEST, _ROOTS_LONGEST = 12 * 3600, 3600


class StsTokens(Service):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html"""

    service = "sts"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._sessions = cloud.store.table(TABLE)
        cloud.operations.accompany("iam", _NoIam(cloud))

    def get_session_token(self, caller: Caller, request: Request) -> Response:
        self._refuse_sessions(caller, "GetSessionToken")  # else it would shake off what limits the session
        _refuse_device(request)
        user_id = identity_of(caller).user_id or caller.account
        duration = _duration(caller, request)
        return {"Credentials": issue(self._cloud, caller.arn, caller.account, user_id, duration, {"IsToken": True})}

    def get_federation_token(self, caller: Caller, request: Request) -> Response:
        self._refuse_sessions(caller, "GetFederationToken")
        arn = f"arn:{caller.partition}:sts::{caller.account}:federated-user/{request['Name']}"
        user_id = f"{caller.account}:{request['Name']}"
        kept = {
            **inherited(request, {}).kept,
            "Policies": session_policies(request, arn),
            FEDERATOR: caller.arn,
        }
        return {
            "Credentials": issue(self._cloud, arn, caller.account, user_id, _duration(caller, request), kept),
            "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
            "PackedPolicySize": 0,
        }

    def _refuse_sessions(self, caller: Caller, operation: str) -> None:
        if self._sessions.get(caller.access_key_id):
            raise ServiceError("AccessDenied", f"Cannot call {operation} with session credentials", 403)


class _NoIam(Companion):
    """IAM knows no temporary keys but those of roles' sessions."""

    def __init__(self, cloud: Cloud) -> None:
        self._sessions = cloud.store.table(TABLE)

    def before(self, caller: Caller, request: OperationRequest) -> dict[str, str]:
        session = self._sessions.get(caller.access_key_id) or {}
        if session.get("IsToken") or session.get(FEDERATOR):
            raise ServiceError("InvalidClientTokenId", "The security token included in the request is invalid", 403)
        return {}


def _duration(caller: Caller, request: Request) -> int:
    """In seconds. A root's keys are shortened to an hour where they are a session's, and refused for a federation."""
    longest = _ROOTS_LONGEST if caller.is_root else _USERS_LONGEST
    asked = int(request.get("DurationSeconds", longest))
    if asked > longest and "Name" in request:
        raise ServiceError(
            "ValidationError", f"The requested DurationSeconds exceeds the maximum of {longest} seconds for a root."
        )
    return min(asked, longest)


def _refuse_device(request: Request) -> None:
    if request.get("SerialNumber") or request.get("TokenCode"):
        raise ServiceError("NotImplemented", "localaws does not implement MFA devices: sts:GetSessionToken.", 501)
