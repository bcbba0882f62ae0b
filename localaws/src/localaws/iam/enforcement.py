"""Asks IAM before every operation; the front door calls ``authorize``, which raises AWS's refusal.

The root of an account may do everything in its own account: localaws' services act as it where AWS's own would act.
"""

from __future__ import annotations

import re
from dataclasses import replace

from botocore.exceptions import ClientError

from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clients import MakeClient
from localaws.core.clock import Clock
from localaws.core.errors import ServiceError
from localaws.core.store import Store
from localaws.core.wire import OperationRequest
from localaws.iam.absence import require_absence
from localaws.iam.conditional_writes import creation_context
from localaws.iam.context import request_context
from localaws.iam.copied_tags import CopiedTags
from localaws.iam.encryption import MessageEncryption, ObjectEncryption
from localaws.iam.principals import Identity, identity_of, role_arn
from localaws.iam.record import AccessRecord
from localaws.iam.requirements import Place, Requirement, requirements
from localaws.iam.resource_policies import ResourcePolicies
from localaws.policies.condition_keys import ORGANIZATION
from localaws.policies.evaluation import ALLOWED, Decision, Policies, Query, decide
from localaws.policies.trust import assume_role_context

_PLAIN_CODE = ("query", "rest-xml", "ec2")
_CODES = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation", "sqs": "AccessDenied"}
_KEY_ID = re.compile(r"arn:[^:]+:kms:[^:]+:\d{12}:key/(?P<name>alias/.+)")
_PATHLESS_ROLE = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?P<name>[^/]+)")


class Enforcement:
    def __init__(
        self, client: MakeClient, store: Store, clock: Clock, moto: Backend, resource_policies: ResourcePolicies
    ) -> None:
        self.record = AccessRecord()
        self._client = client
        self._clock = clock
        self._resource_policies = resource_policies
        self._encryption = ObjectEncryption(client, moto)
        self._copied_tags = CopiedTags(client, moto)
        self._messages = MessageEncryption(resource_policies)
        self._sessions = store.table("sts.session")

    def authorize(self, caller: Caller, request: OperationRequest) -> None:
        """Raise AccessDenied (in the service's own code) where a policy is lacking or denies."""
        operation, parameters = str(request.operation.name), request.parameters
        place = Place(caller.account, caller.region)
        needed = requirements(request.service, operation, parameters, place)
        if request.service == "s3" and needed and not caller.is_root:
            needed += self._copied_tags.requirements(operation, parameters, place)
            needed += self._encryption.requirements(caller, operation, parameters)
        if request.service in ("sns", "sqs") and not caller.is_root:
            needed += self._messages.requirements(needed)
        identity = identity_of(caller, self._sessions.get(caller.access_key_id))
        for requirement in needed:
            self._require(caller, identity, requirement, request)

    def require_action(self, caller: Caller, action: str, resource: str) -> None:
        """The same for what is no operation: git's reading and writing."""
        identity = identity_of(caller, self._sessions.get(caller.access_key_id))
        context = request_context(caller, identity, "", {}, self._clock.now(), {})
        decision = self._decide(caller, identity, Query(action, resource, context))
        if not caller.is_root:
            self.record.add(identity.principal.arn, action, resource, decision.allowed)
        if not decision.allowed:
            text = (
                f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {decision.reason}"
            )
            raise ServiceError("AccessDenied", text, 403)

    def _require(self, caller: Caller, identity: Identity, requirement: Requirement, request: OperationRequest) -> None:
        extra = {**requirement.context, **self._extra(request, requirement)}
        context = request_context(caller, identity, request.service, request.parameters, self._clock.now(), extra)
        resources = [self._actual(caller, requirement.action, arn) for arn in requirement.resources]
        decisions = [
            self._decide(caller, identity, Query(requirement.action, resource, context)) for resource in resources
        ]
        allowed = any(decision.allowed for decision in decisions) and not any(one.explicit for one in decisions)
        if not caller.is_root:
            self.record.add(identity.principal.arn, requirement.action, resources[0], allowed)
        if allowed:
            return
        refusal = next((one for one in decisions if one.explicit), decisions[0])
        shown = f'"{resources[0]}"' if request.service == "s3" else resources[0]
        raise ServiceError(
            _code(request),
            f"User: {caller.arn} is not authorized to perform: {requirement.action} on resource: {shown} "
            f"{refusal.reason}",
            403,
        )

    def _decide(self, caller: Caller, identity: Identity, query: Query) -> Decision:
        # Before any policy is read: reading them is itself done as the owner's root.
        if caller.is_root and self._resource_policies.owner(query.resource) in (None, caller.account):
            return ALLOWED
        governed = self._resource_policies.of(caller, query.action, query.resource)
        owner = governed.account or self._resource_policies.owner(query.resource)
        policies = Policies(
            identity.policies,
            identity.boundary,
            governed.policy,
            governed.account,
            governed.decides,
            identity.session_policies,
            governed.kind,
        )
        return decide(_with_owner(query, owner or caller.account), identity.principal, policies)

    def _extra(self, request: OperationRequest, requirement: Requirement) -> dict[str, tuple[str, ...]]:
        """Keys of a request that its own parameters do not hold, or not under their names."""
        if requirement.action == "s3:PutObject":
            operation = str(request.operation.name)
            return {
                **self._encryption.upload_context(operation, request.parameters),
                **creation_context(operation, request.parameters),
            }
        return assume_role_context(request.parameters) if request.service == "sts" else {}

    def _actual(self, caller: Caller, action: str, arn: str) -> str:
        """The resource's own ARN where the request names it by an alias, or by a role's name without its path."""
        alias, role = _KEY_ID.fullmatch(arn), _PATHLESS_ROLE.fullmatch(arn)
        if alias:
            kms = self._client("kms", Caller.root(caller.account, caller.region))
            try:
                return str(kms.describe_key(KeyId=alias["name"])["KeyMetadata"]["Arn"])
            except ClientError as error:  # no such alias: KMS's own answer is the better one
                require_absence(error)
                return arn
        if role and action not in ("iam:CreateRole", "iam:PassRole") and not action.startswith("sts:"):
            return role_arn(role["account"], role["partition"], role["name"]) or arn
        return arn


def _with_owner(query: Query, owner: str) -> Query:
    """What has no owner of its own (``*``) is the caller's account."""
    keys = ("s3:resourceaccount",) if query.action.startswith("s3:") else ()
    known = dict.fromkeys(("aws:resourceaccount", *keys), (owner,))
    return replace(query, context={**query.context, **known, "aws:resourceorgid": (ORGANIZATION,)})


def _code(request: OperationRequest) -> str:
    plain = "AccessDenied" if request.protocol in _PLAIN_CODE else "AccessDeniedException"
    return _CODES.get(request.service, plain)
