"""What a policy document says of one request, as far as reading it tells. Pure: documents in, a verdict out.

For where AWS's own simulation does not reach: credentials that may not simulate, and the policies of buckets, keys and
roles, which AWS simulates for no role. It reads less than AWS evaluates, so it never guesses: what depends on an
operator, key or variable that it does not know is ``unknown``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Document = Mapping[str, Any]
Verdict = Literal["allowed", "denied", "unknown"]
# Of a condition key: its value, or None for one that the request does not have. A key that is not listed is unknown.
Context = Mapping[str, str | None]

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_POSITIVE = {
    "StringEquals": False,
    "StringLike": True,
    "ArnEquals": True,  # AWS matches wildcards in both
    "ArnLike": True,
    "Bool": False,
}
_NEGATIVE = {"StringNotEquals": False, "StringNotLike": True, "ArnNotEquals": True, "ArnNotLike": True}


@dataclass(frozen=True)
class Request:
    """``principal``: the ARN of the role that asks, or a service's name. ``context`` has lower-case keys."""

    action: str
    resource: str
    principal: str = ""
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """``reason``: which statement denies, what is lacking, or what could not be told."""

    verdict: Verdict
    reason: str = ""


def read_identity(documents: Iterable[Document], request: Request, boundary: Document | None = None) -> Reading:
    """What the policies of a role say, and the permissions boundary over them."""
    reading = _read([statement for document in documents for statement in _statements(document)], request)
    if reading.verdict == "denied" or boundary is None:
        return reading
    bounded = _read(_statements(boundary), request)
    if bounded.verdict == "allowed":
        return reading
    return Reading(bounded.verdict, f"by the permissions boundary: {bounded.reason}")


def read_resource(document: Document | None, request: Request) -> Reading:
    """What the policy of a bucket, a key or a role says of the principal: one of another account, or a service."""
    if document is None:
        return Reading("denied", "it has no policy")
    about = [each for each in _statements(document) if _names(each, request.principal)]
    return _read(about, request)


def wildcard_match(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether an AWS pattern (``*`` any characters, ``?`` one) is about ``text``."""
    parts = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch(parts, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def _read(statements: Sequence[Mapping[str, Any]], request: Request) -> Reading:
    """A certain Deny wins; then what is unknown of a Deny; then an Allow, certain or not."""
    found = [(each, _applies(each, request)) for each in statements]
    for effect, wanted, verdict in _ORDER:
        for statement, applies in found:
            if statement.get("Effect") == effect and applies == wanted:
                return Reading(verdict, _said(statement, applies))
    return Reading("denied", f"nothing allows {request.action} on {request.resource}")


# (effect, whether the statement applies or None for unknown, what follows)
_ORDER: tuple[tuple[str, bool | None, Verdict], ...] = (
    ("Deny", True, "denied"),
    ("Deny", None, "unknown"),
    ("Allow", True, "allowed"),
    ("Allow", None, "unknown"),
)


def _said(statement: Mapping[str, Any], applies: bool | None) -> str:
    name = f"statement {statement['Sid']}" if statement.get("Sid") else "a statement without Sid"
    if applies is None:
        return f"{name} depends on a condition that reading cannot decide"
    return f"{name} {'allows' if statement.get('Effect') == 'Allow' else 'denies'} it"


def _applies(statement: Mapping[str, Any], request: Request) -> bool | None:
    parts = [
        _is_named(statement, "Action", request.action, ignore_case=True),
        # The policy of a role names no resource: it is about the role.
        _is_named(statement, "Resource", request.resource) if _has(statement, "Resource") else True,
        *_conditions(statement.get("Condition") or {}, request.context),
    ]
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def _has(statement: Mapping[str, Any], element: str) -> bool:
    return element in statement or f"Not{element}" in statement


def _is_named(statement: Mapping[str, Any], element: str, text: str, ignore_case: bool = False) -> bool | None:
    negated = element not in statement
    patterns = _listed(statement.get(f"Not{element}" if negated else element))
    found: list[bool | None] = [_matches(pattern, text, ignore_case) for pattern in patterns]
    if True in found:
        return not negated
    return None if None in found else negated


def _matches(pattern: str, text: str, ignore_case: bool = False) -> bool | None:
    if wildcard_match(pattern, text, ignore_case):
        return True
    open_variable = _VARIABLE.sub("*", pattern)
    return None if open_variable != pattern and wildcard_match(open_variable, text, ignore_case) else False


def _conditions(element: Mapping[str, Any], context: Context) -> Iterator[bool | None]:
    for operator, keys in element.items():
        for key, values in keys.items():
            yield _holds(str(operator), str(key).lower(), [_text(each) for each in _listed(values)], context)


def _holds(operator: str, key: str, values: Sequence[str], context: Context) -> bool | None:
    if key not in context:
        return None
    found = context[key]
    name = operator.removesuffix("IfExists")
    if name == "Null":
        return (found is None) == (values == ["true"])
    if name not in _POSITIVE and name not in _NEGATIVE:
        return None
    if found is None:  # only a negated test, or one with IfExists, holds for a key that is not there
        return name in _NEGATIVE or name != operator
    wild = _POSITIVE.get(name, _NEGATIVE.get(name, False))
    tests = [_matches(value, found) if wild else _equals(value, found) for value in values]
    held: bool | None = True if True in tests else None if None in tests else False
    return held if name in _POSITIVE else None if held is None else not held


def _equals(value: str, found: str) -> bool | None:
    return None if "${" in value else value == found


def _names(statement: Mapping[str, Any], principal: str) -> bool:
    """Whether the statement is about who asks: a role by its ARN, its account, or as everybody; a service by its name.

    NotPrincipal is about everybody whom it does not name.
    """
    negated = "Principal" not in statement
    element = statement.get("NotPrincipal" if negated else "Principal")
    named = element if isinstance(element, Mapping) else {"AWS": element}
    if not principal.startswith("arn:"):
        return (principal in _listed(named.get("Service")) or "*" in _listed(named.get("AWS"))) != negated
    mine = {"*", principal, principal.split(":")[4], f"{principal.rpartition(':')[0]}:root"}
    return bool(mine & set(_listed(named.get("AWS")))) != negated


def _statements(document: Document) -> list[Mapping[str, Any]]:
    return [each for each in _listed(document.get("Statement")) if isinstance(each, Mapping)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
