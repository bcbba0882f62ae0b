"""STS in front of moto: keys belong to known principals, roles must exist and must trust their caller.

An access key that is a 12-digit account number is that account's own key (the root principal); every other key was
issued by AssumeRole here or by IAM's CreateAccessKey. The front door asks for their secrets and verifies signatures.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.identities import IssuedKey
from localaws.core.service import Request, Response, Service
from localaws.core.wire import Signature
from localaws.iam.callers import context_of, principal_of
from localaws.iam.principals import FEDERATOR, identity_of
from localaws.policies.document import Document
from localaws.policies.trust import assume_role_context, needed_actions, trusts
from localaws.services.sts.credentials import TABLE, issue
from localaws.services.sts.sessions import inherited, session_policies

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

# AWS Organizations makes this role in each member account and lets the management account, no other, assume it.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
_LONGEST_CHAINED = 3600  # seconds
_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+)")


class Sts(Service):
    """AssumeRole, GetCallerIdentity and GetAccessKeyInfo.

    https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
    """

    service = "sts"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._sessions = cloud.store.table(TABLE)
        cloud.identities.answered_by(self._identify, self._issue, self._issued_key)

    def assume_role(self, caller: Caller, request: Request) -> Response:
        arn = request["RoleArn"]
        former = self._sessions.get(caller.access_key_id) or {}
        role = self._role(arn, caller) if not former.get(FEDERATOR) else None
        if role is None:
            raise _denied(caller, "sts:AssumeRole", arn)
        session = inherited(request, former)
        self._refuse_distrust(caller, role["AssumeRolePolicyDocument"], arn, {**request, **session.given})
        duration = request.get("DurationSeconds", 3600)
        _refuse_duration(duration, role["MaxSessionDuration"], is_chained=":assumed-role/" in former.get("Arn", ""))
        kept = {**session.kept, "Policies": session_policies(request, arn)}
        answer = self._issue(arn, request["RoleSessionName"], duration, role.get("RoleId"), kept)
        given = session.kept.get("SourceIdentity")
        return {**answer, "SourceIdentity": given} if given else answer

    def _refuse_distrust(self, caller: Caller, trust: Document, arn: str, request: Request) -> None:
        """Raise AccessDenied unless the trust policy allows all that the request asks for."""
        principal = principal_of(caller)
        context = {**context_of(self._cloud, caller), **assume_role_context(request)}
        context["aws:resourceaccount"] = (Arn.parse(arn).account,)
        for action in needed_actions(request):
            if not trusts(trust, arn, principal, context, action).allowed:
                raise _denied(caller, action, arn)

    def get_caller_identity(self, caller: Caller, request: Request) -> Response:
        session = self._sessions.get(caller.access_key_id)
        return {
            "UserId": session["UserId"] if session else identity_of(caller).user_id or caller.account,
            "Account": caller.account,
            "Arn": caller.arn,
        }

    def get_access_key_info(self, caller: Caller, request: Request) -> Response:
        key = request["AccessKeyId"]
        session, user = self._sessions.get(key), self._user_of_key(key)
        account = session["Account"] if session else Arn.parse(user[0]).account if user else _account_of_key(key)
        if account is None:
            raise ServiceError("ValidationError", f"localaws issued no access key {key}.")
        return {"Account": account}

    def _role(self, arn: str, caller: Caller) -> dict[str, Any] | None:
        found = _ROLE_ARN.fullmatch(arn)
        if not found:
            return None
        account, name = found["account"], found["name"]
        iam = self._cloud.client("iam", Caller.root(account, caller.region))
        try:
            role: dict[str, Any] = iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            management = self._cloud.management_account
            if name == ORGANIZATION_ROLE and account in self._cloud.accounts and account != management:
                return _organization_role(management, caller.partition)
            return None
        return role if role["Arn"] == arn else None

    def _issue(
        self,
        role_arn: str,
        session_name: str,
        duration: int = 3600,
        role_id: str | None = None,
        kept: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Credentials of a role's session, whoever asked: AssumeRole's answer, and what services give their jobs.
        ``kept`` is what the session was given along: tags, its source identity, policies that limit it."""
        found = _ROLE_ARN.fullmatch(role_arn)
        if not found:
            raise ServiceError("ValidationError", f"{role_arn} is invalid")
        user_id = f"{role_id or f'AROA{secrets.token_hex(8).upper()}'}:{session_name}"
        arn = f"arn:{found['partition']}:sts::{found['account']}:assumed-role/{found['name']}/{session_name}"
        credentials = issue(self._cloud, arn, found["account"], user_id, duration, kept)
        return {
            "Credentials": credentials,
            "AssumedRoleUser": {"AssumedRoleId": user_id, "Arn": arn},
            "PackedPolicySize": 0,
        }

    def _issued_key(self, key: str) -> IssuedKey | None:
        secret = self._cloud.account_keys.secret(key)
        if secret is not None:
            return IssuedKey(secret)
        session = self._sessions.get(key)
        if session is not None:  # one of an earlier version has no secret, and is no key any more
            found = session.get("SecretAccessKey")
            return IssuedKey(found, session["SessionToken"]) if found else None
        user = self._user_of_key(key)
        return IssuedKey(user[1]) if user else None

    def _identify(self, signature: Signature) -> Caller:
        key = signature.access_key_id
        if self._cloud.account_keys.secret(key) is not None:
            return Caller.root(key, signature.region)
        session = self._sessions.get(key)
        if session is not None:
            if session["Expiration"] <= self._cloud.clock.now():
                raise ServiceError("ExpiredToken", "The security token included in the request is expired", 403)
            return Caller(session["Account"], signature.region, session["Arn"], key)
        user = self._user_of_key(key)
        if user is not None:
            return Caller(Arn.parse(user[0]).account, signature.region, user[0], key)
        raise ServiceError(
            "InvalidClientTokenId",
            f"The security token included in the request is invalid: localaws issued no access key {key}.",
            403,
        )

    def _user_of_key(self, key: str) -> tuple[str, str] | None:
        """ARN and secret of the IAM user whose active access key this is; moto keeps users."""
        found = (one for one in self._cloud.moto.user_access_keys() if one[0] == key)
        return next(((arn, secret) for _, arn, secret in found), None)


def _account_of_key(key: str) -> str | None:
    return key if re.fullmatch(r"\d{12}", key) else None


def _refuse_duration(seconds: int, longest: int, is_chained: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""
    if is_chained and seconds > _LONGEST_CHAINED:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    if seconds > longest:
        raise ServiceError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _denied(caller: Caller, action: str, arn: str) -> ServiceError:
    return ServiceError(
        "AccessDenied", f"User: {caller.arn} is not authorized to perform: {action} on resource: {arn}", 403
    )


def _organization_role(management_account: str, partition: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{management_account}:root"},
        "Action": "sts:AssumeRole",
    }
    return {"AssumeRolePolicyDocument": {"Statement": [statement]}, "MaxSessionDuration": 3600}
