"""SimulateCustomPolicy and SimulatePrincipalPolicy: the evaluator's answer for actions that nobody takes.

Only the context that the request gives is there; a condition key that it lacks is absent, and listed as missing. Each
action has one result, the most restrictive of its resources', and below it each resource's own.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.core.arn import Arn, ArnError
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.iam.principals import entity_policies
from localaws.policies.document import Document, Kind, read
from localaws.policies.errors import PolicyError
from localaws.policies.evaluation import Decision, Policies, Query, decide
from localaws.policies.patterns import Context
from localaws.policies.principals import Principal

_ENTITY = re.compile(
    r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):(?P<kind>user|group|role)/(?:.*/)?(?P<name>[^/]+)"
)
_REFUSED = ("OrderedOrganizationPolicyInputList", "PolicyExclusionList", "ResourceHandlingOption")
_SEVERITY = ("allowed", "implicitDeny", "explicitDeny")
_BOUNDED = "PermissionsBoundaryDecisionDetail"
_TYPES = {"user": "user", "group": "group", "role": "role"}


@dataclass(frozen=True)
class _Source:
    """An identity policy and how the answer names it."""

    identifier: str
    type: str
    document: Document


class PolicySimulation(Service):
    service = "iam"

    def simulate_custom_policy(self, caller: Caller, request: Request) -> Response:
        sources = _given(request)
        return _simulate(request, sources, None, request.get("CallerArn"))

    def simulate_principal_policy(self, caller: Caller, request: Request) -> Response:
        arn = request["PolicySourceArn"]
        found = _ENTITY.fullmatch(arn)
        if not found:
            raise ServiceError("InvalidInput", f"{arn} is not the ARN of a user, group or role")
        held = entity_policies(found["account"], found["partition"], found["kind"], found["name"])
        if held is None or found["account"] != caller.account:
            raise ServiceError("NoSuchEntity", f"The {found['kind']} {found['name']} cannot be found.", 404)
        named, boundary = held
        sources = [_Source(name, _TYPES[found["kind"]], document) for name, document in named] + _given(request)
        asker = request.get("CallerArn") or (arn if found["kind"] == "user" else None)
        return _simulate(request, sources, boundary, asker, arn)


def _given(request: Request) -> list[_Source]:
    texts = request.get("PolicyInputList") or []
    return [_Source(f"PolicyInputList.{number}", "none", text) for number, text in enumerate(texts, 1)]


def _simulate(
    request: Request, sources: Sequence[_Source], boundary: Document | None, asker: str | None, subject: str = ""
) -> Response:
    for name in _REFUSED:
        if request.get(name):
            raise ServiceError("NotImplemented", f"localaws does not simulate policies with {name}.", 501)
    if request.get("ResourcePolicy") and not asker:
        raise ServiceError("InvalidInput", "CallerArn must be given where ResourcePolicy is.")
    if request.get("ResourcePolicy") and ":role/" in (asker or ""):
        raise ServiceError("InvalidInput", "Simulation of resource-based policies isn't supported for IAM roles.")
    bounds = request.get("PermissionsBoundaryPolicyInputList") or []
    if len(bounds) > 1:
        raise ServiceError("InvalidInput", "PermissionsBoundaryPolicyInputList takes one policy.")
    _refuse_malformed(request, bounds)
    principal = _principal(asker or subject)
    policies = Policies(
        [source.document for source in sources],
        bounds[0] if bounds else boundary,
        request.get("ResourcePolicy"),
        _owner(request, principal),
    )
    context = {**_own_context(principal), **_context(request)}
    resources = request.get("ResourceArns") or ["*"]
    results = [
        _result(action, {each: _judged(action, each, principal, policies, sources, context) for each in resources})
        for action in request["ActionNames"]
    ]
    return _page(results, request)


def _refuse_malformed(request: Request, bounds: Sequence[str]) -> None:
    kinds: list[tuple[str, Kind]] = [(text, "identity") for text in [*(request.get("PolicyInputList") or []), *bounds]]
    if request.get("ResourcePolicy"):
        kinds.append((request["ResourcePolicy"], "resource"))
    for text, kind in kinds:
        try:
            read(text, kind)
        except PolicyError as error:
            raise ServiceError("InvalidInput", f"Invalid input policy: {error}") from error


def _principal(arn: str) -> Principal:
    """A role or group stands for whoever acts by its policies; nobody in particular asks in a custom simulation."""
    if not arn:
        return Principal("user", "", "000000000000")
    named = _parsed(arn)
    if named.resource.startswith("role/"):
        session = f"arn:{named.partition}:sts::{named.account}:assumed-role/{named.name}/simulated"
        return Principal("session", session, named.account, arn)
    return Principal("root" if named.resource == "root" else "user", arn, named.account)


def _parsed(arn: str) -> Arn:
    try:
        return Arn.parse(arn)
    except ArnError as error:
        raise ServiceError("InvalidInput", f"{error}.") from error


def _owner(request: Request, principal: Principal) -> str | None:
    owner = str(request.get("ResourceOwner") or "")
    return (_parsed(owner).account if owner.startswith("arn:") else owner) or (
        principal.account if request.get("ResourcePolicy") else None
    )


def _own_context(principal: Principal) -> Context:
    if not principal.name:
        return {}
    found = {"aws:principalarn": (principal.arn,), "aws:principalaccount": (principal.account,)}
    if ":user/" in principal.name:
        found["aws:username"] = (principal.name.rsplit("/", 1)[-1],)
    return found


def _context(request: Request) -> Context:
    entries = request.get("ContextEntries") or []
    return {
        str(entry["ContextKeyName"]).lower(): tuple(str(value) for value in entry.get("ContextKeyValues") or [])
        for entry in entries
    }


def _judged(
    action: str, resource: str, principal: Principal, policies: Policies, sources: Sequence[_Source], context: Context
) -> dict[str, Any]:
    """The decision about one resource and what led to it, in the names that both levels of the answer share."""
    decision = decide(Query(action, resource, context, complete=True), principal, policies)
    if "cannot be evaluated" in decision.reason:
        raise ServiceError("PolicyEvaluation", f"The simulation failed {decision.reason}", 500)
    denied = "explicitDeny" if decision.explicit else "implicitDeny"
    result: dict[str, Any] = {
        "Decision": "allowed" if decision.allowed else denied,
        "MatchedStatements": list(_matched(decision, sources)),
        "MissingContextValues": sorted(_missing(policies, context)),
    }
    if policies.boundary is not None:
        bounded = decide(
            Query(action, resource, context, complete=True), principal, Policies([policies.boundary])
        ).allowed
        result[_BOUNDED] = {"AllowedByPermissionsBoundary": bounded}
    return result


def _result(action: str, judged: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One action's result; of a list of resources each has its own below it."""
    worst = max(judged.values(), key=lambda one: _SEVERITY.index(one["Decision"]))
    matched = [statement for one in judged.values() for statement in one["MatchedStatements"]]
    result = {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": worst["Decision"],
        "MatchedStatements": [each for number, each in enumerate(matched) if each not in matched[:number]],
        "MissingContextValues": sorted({key for one in judged.values() for key in one["MissingContextValues"]}),
    }
    bounded = [one[_BOUNDED] for one in judged.values() if _BOUNDED in one]
    if bounded:
        result[_BOUNDED] = {"AllowedByPermissionsBoundary": all(one["AllowedByPermissionsBoundary"] for one in bounded)}
    if list(judged) != ["*"]:
        result["ResourceSpecificResults"] = [
            {"EvalResourceName": name, "EvalResourceDecision": one["Decision"]}
            | {key: value for key, value in one.items() if key != "Decision"}
            for name, one in judged.items()
        ]
    return result


def _matched(decision: Decision, sources: Sequence[_Source]) -> Iterator[dict[str, str]]:
    for kind, position, _ in decision.statements:
        if kind == "identity-based policy":
            yield {"SourcePolicyId": sources[position].identifier, "SourcePolicyType": sources[position].type}
        elif kind == "resource-based policy":
            yield {"SourcePolicyId": "ResourcePolicy", "SourcePolicyType": "resource"}
        else:
            yield {"SourcePolicyId": "PermissionsBoundaryPolicyInputList.1", "SourcePolicyType": "none"}


def _missing(policies: Policies, context: Context) -> set[str]:
    documents: list[tuple[Document, Kind]] = [(document, "identity") for document in policies.identity]
    documents += [(policies.boundary, "identity")] if policies.boundary is not None else []
    documents += [(policies.resource_policy, "resource")] if policies.resource_policy is not None else []
    statements = [statement for document, kind in documents for statement in read(document, kind).statements]
    return {test.key for statement in statements for test in statement.conditions} - context.keys()


def _page(results: list[dict[str, Any]], request: Request) -> Response:
    try:
        start = int(request.get("Marker") or 0)
    except ValueError as error:
        raise ServiceError("InvalidInput", "Marker is not one that localaws gave.") from error
    end = start + int(request.get("MaxItems") or 100)
    shown: Response = {"EvaluationResults": results[start:end], "IsTruncated": end < len(results)}
    return {**shown, "Marker": str(end)} if end < len(results) else shown
