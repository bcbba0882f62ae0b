"""AWS's policy evaluation for one action on one resource. Pure: policies in, a decision with its reason out.

An explicit Deny of any policy wins; then each kind of policy that is asked must allow. Whatever cannot be evaluated
(a document that is not a policy, a Deny on a condition key that localaws does not know) is refused with that reason.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from localaws.policies import conditions, principals
from localaws.policies.condition_keys import is_known
from localaws.policies.document import Document, Kind, Names, Statement, read
from localaws.policies.errors import PolicyError
from localaws.policies.patterns import Context, could_match, matches, needed_keys
from localaws.policies.principals import Match, Principal


@dataclass(frozen=True)
class Query:
    """``action`` such as ``s3:GetObject`` on one resource's ARN (or ``*``); ``context`` has lower-case keys.

    ``complete``: the context is everything that there is to know, so a key that it lacks is absent.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True)
class Policies:
    """``boundary`` None means no permissions boundary; ``session`` None, none that limit. ``resource_policy`` None
    means that the resource has none. ``resource_policy_decides``: the account's identity policies count only where the
    resource's policy lets them (KMS keys, trust policies). ``resource_kind`` says in which language it is written."""

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    resource_policy: Document | None = None
    resource_account: str | None = None
    resource_policy_decides: bool = False
    session: Sequence[Document] | None = None
    resource_kind: Kind = "resource"


@dataclass(frozen=True)
class Decision:
    """``reason`` is the end of AWS's sentence: ``because no identity-based policy allows ...``. ``explicit``: a Deny
    decided, or might. ``statements``: those that decided, each with its kind of policy and that policy's position."""

    allowed: bool
    reason: str = ""
    explicit: bool = False
    statements: tuple[tuple[str, int, Statement], ...] = ()


ALLOWED = Decision(True)
_IDENTITY, _RESOURCE = "identity-based policy", "resource-based policy"
_BOUNDARY, _SESSION = "permissions boundary", "session policy"


@dataclass(frozen=True)
class _Applying:
    """A statement that is about the query. ``unknown``: the condition key that leaves it open whether it is."""

    source: str
    position: int
    statement: Statement
    match: Match | None = None
    unknown: str | None = None


def decide(query: Query, principal: Principal, policies: Policies) -> Decision:
    try:
        found = list(_applying(query, principal, policies))
    except PolicyError as error:
        return Decision(False, f"because a policy cannot be evaluated: {error}")
    for one in found:
        if one.statement.effect == "Deny":
            return _denied(one)
    allowing = [one for one in found if one.unknown is None]
    lacking = _lacking(principal, policies, allowing)
    if lacking is None:
        return Decision(True, statements=_named(allowing))
    reason = f"because no {lacking} allows the {query.action} action"
    unknown = sorted({one.unknown for one in found if one.unknown})
    return Decision(False, f"{reason}; localaws does not know {', '.join(unknown)}" if unknown else reason)


def decide_as_resource(query: Query, principal: Principal, policies: Policies) -> Decision:
    """Whether the resource's policy lets a principal in, whatever the principal's own policies say: those are asked
    where IAM is enforced. ``policies`` has no identity policies, and the resource's account."""
    consent = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    return decide(query, principal, replace(policies, identity=(consent,), resource_policy_decides=True))


def _denied(one: _Applying) -> Decision:
    by = f"{'an' if one.source.startswith('identity') else 'a'} {one.source}"
    if one.unknown:
        return Decision(False, f"because localaws does not know {one.unknown}, on which a Deny in {by} depends", True)
    return Decision(False, f"with an explicit deny in {by}", True, _named([one]))


def _named(found: Sequence[_Applying]) -> tuple[tuple[str, int, Statement], ...]:
    return tuple((one.source, one.position, one.statement) for one in found)


def _lacking(principal: Principal, policies: Policies, allowing: Sequence[_Applying]) -> str | None:
    """The kind of policy for whose lack the request is refused, or None."""
    sources = {one.source for one in allowing}
    granted = {one.match for one in allowing if one.source == _RESOURCE}
    if not principal.account:  # services and web identities have no policies of their own
        return None if granted else _RESOURCE
    # The root of an account may do everything that other accounts do not have to grant.
    identity = principal.is_root or _IDENTITY in sources
    if policies.resource_account not in (None, principal.account):
        return _lacking_across_accounts(identity, bool(granted), policies, sources)
    if policies.resource_policy_decides and not granted:
        return _RESOURCE
    if "itself" in granted:
        return None  # granted to the user or session itself: neither a boundary nor session policies limit that
    if not identity and not granted & {"role", "everybody"}:
        return _IDENTITY
    return _limit(policies, sources)


def _lacking_across_accounts(identity: bool, granted: bool, policies: Policies, sources: set[str]) -> str | None:
    """Both accounts must agree: the caller's by its policies, the resource's by the resource's policy."""
    if not identity:
        return _IDENTITY
    return _limit(policies, sources) or (None if granted else _RESOURCE)


def _limit(policies: Policies, sources: set[str]) -> str | None:
    if policies.boundary is not None and _BOUNDARY not in sources:
        return _BOUNDARY
    return _SESSION if policies.session is not None and _SESSION not in sources else None


def _applying(query: Query, principal: Principal, policies: Policies) -> Iterator[_Applying]:
    """Statements about the query, a certain Deny before one that depends on an unknown key."""
    found = list(_all_applying(query, principal, policies))
    yield from (one for one in found if one.unknown is None)
    yield from (one for one in found if one.unknown is not None)


def _all_applying(query: Query, principal: Principal, policies: Policies) -> Iterator[_Applying]:
    yield from _from(_IDENTITY, policies.identity, query)
    if policies.resource_policy is not None:
        bounded = policies.boundary is not None
        for statement in read(policies.resource_policy, policies.resource_kind).statements:
            assert statement.principals is not None
            match = principals.match(statement.principals, principal, bounded)
            if match:
                yield from _judged(_RESOURCE, 0, statement, query, match)
    if policies.boundary is not None:
        yield from _from(_BOUNDARY, [policies.boundary], query)
    yield from _from(_SESSION, policies.session or (), query)


def _from(source: str, documents: Sequence[Document], query: Query) -> Iterator[_Applying]:
    for position, document in enumerate(documents):
        for statement in read(document, "identity").statements:
            yield from _judged(source, position, statement, query)


def _judged(
    source: str, position: int, statement: Statement, query: Query, match: Match | None = None
) -> Iterator[_Applying]:
    if not _is_action(statement.actions, query.action):
        return
    about, strange = _is_about(statement, query)
    if not about and strange is None:
        return
    verdict = conditions.judge(statement.conditions, query.context, lambda key: _is_known(key, query))
    if verdict.holds or verdict.unknown:
        yield _Applying(source, position, statement, match, strange or verdict.unknown)


def _is_about(statement: Statement, query: Query) -> tuple[bool, str | None]:
    """Whether the statement is about the query's resource, or the key of the policy variable that leaves it open."""
    names = statement.resources
    if names is None:
        return True, None
    variables = query.context if statement.variables else None
    if any(matches(one, query.resource, variables) for one in names.values):
        return not names.negated, None
    return names.negated, next(_unknown_variables(names, query), None) if statement.variables else None


def _unknown_variables(names: Names, query: Query) -> Iterator[str]:
    """The keys of variables whose value cannot be told, in resources that they could make the query's."""
    for pattern in names.values:
        for key in needed_keys(pattern):
            if key not in query.context and not _is_known(key, query) and could_match(pattern, query.resource):
                yield key


def _is_known(key: str, query: Query) -> bool:
    return query.complete or is_known(key, query.action)


def _is_action(names: Names, action: str) -> bool:
    return any(matches(one, action, None, ignore_case=True) for one in names.values) != names.negated
