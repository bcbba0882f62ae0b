"""AWS's policy evaluation for one action on one resource. Pure: policies in, a decision with its reason out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from localaws.policies import conditions
from localaws.policies.patterns import Context, matches

Document = Mapping[str, Any]
Match = Literal["principal", "account"]


@dataclass(frozen=True)
class Query:
    """``action`` such as ``s3:GetObject`` on one resource's ARN (or ``*``); ``context`` has lower-case keys."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Principal:
    """Who asks. ``arns`` are its names: a session's ARN and that of the role behind it."""

    account: str
    arns: frozenset[str]
    is_root: bool = False


@dataclass(frozen=True)
class Policies:
    """``boundary`` None means no permissions boundary. ``resource_policy`` None means that the resource has none.
    ``resource_policy_decides``: the account's identity policies count only where the resource's policy lets them
    (KMS keys)."""

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    resource_policy: Document | None = None
    resource_account: str | None = None
    resource_policy_decides: bool = False


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str = ""


ALLOWED = Decision(True)


def decide(query: Query, principal: Principal, policies: Policies) -> Decision:
    """Allowed, or denied with the end of AWS's sentence (``because no identity-based policy allows ...``)."""
    grants = list(_resource_matches(policies.resource_policy, query, principal))
    denied = _explicit_deny(query, policies, any(effect == "Deny" for effect, _ in grants))
    if denied:
        return Decision(False, f"with an explicit deny in {denied}")
    bounded = policies.boundary is None or any(_effects([policies.boundary], query, "Allow"))
    identity = principal.is_root or any(_effects(policies.identity, query, "Allow"))
    granted = {match for effect, match in grants if effect == "Allow"}
    if policies.resource_account not in (None, principal.account):
        lacking = _lacking_across_accounts(identity, bounded, bool(granted))
    else:
        lacking = _lacking(policies, identity, bounded, granted)
    if lacking is None:
        return ALLOWED
    return Decision(False, f"because no {lacking} allows the {query.action} action")


def _explicit_deny(query: Query, policies: Policies, by_resource_policy: bool) -> str | None:
    if any(_effects(policies.identity, query, "Deny")):
        return "an identity-based policy"
    if by_resource_policy:
        return "a resource-based policy"
    boundary = policies.boundary is not None and any(_effects([policies.boundary], query, "Deny"))
    return "a permissions boundary" if boundary else None


def _lacking(policies: Policies, identity: bool, bounded: bool, granted: set[Match]) -> str | None:
    """The kind of policy for whose lack the request is refused within one account, or None."""
    if policies.resource_policy_decides and not granted:
        return "resource-based policy"
    if not identity and "principal" not in granted:
        return "identity-based policy"
    return None if bounded else "permissions boundary"


def _lacking_across_accounts(identity: bool, bounded: bool, granted: bool) -> str | None:
    """Both accounts must agree: the caller's by an identity policy, the resource's by the resource's policy."""
    if not identity:
        return "identity-based policy"
    if not bounded:
        return "permissions boundary"
    return None if granted else "resource-based policy"


def _effects(documents: Sequence[Document], query: Query, effect: str) -> Iterator[bool]:
    for document in documents:
        for statement in _listed(document.get("Statement")):
            if statement.get("Effect") == effect and _applies(statement, query):
                yield True


def _resource_matches(document: Document | None, query: Query, principal: Principal) -> Iterator[tuple[str, Match]]:
    for statement in _listed((document or {}).get("Statement")):
        match = _principal_match(statement, principal, query.context)
        if match and _applies(statement, query):
            yield statement["Effect"], match


def _applies(statement: Document, query: Query) -> bool:
    return (
        _matches_one(statement, "Action", query.action, query.context, ignore_case=True)
        and _matches_one(statement, "Resource", query.resource, query.context)
        and conditions.hold(statement.get("Condition"), query.context)
    )


def _matches_one(statement: Document, element: str, value: str, context: Context, ignore_case: bool = False) -> bool:
    if f"Not{element}" in statement:
        return not any(matches(one, value, context, ignore_case) for one in _listed(statement[f"Not{element}"]))
    if element not in statement:  # a trust policy names no resource: it is the role's own
        return element == "Resource"
    return any(matches(one, value, context, ignore_case) for one in _listed(statement[element]))


def _principal_match(statement: Document, principal: Principal, context: Context) -> Match | None:
    if "NotPrincipal" in statement:
        return None if _named(statement["NotPrincipal"], principal) else "principal"
    return _named(statement.get("Principal"), principal)


def _named(element: Any, principal: Principal) -> Match | None:
    names = _listed(element if isinstance(element, str) else (element or {}).get("AWS"))
    if "*" in names or principal.arns & set(names):
        return "principal"
    account = (principal.account, f"arn:aws:iam::{principal.account}:root")
    return "account" if any(name in account for name in names) else None


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
