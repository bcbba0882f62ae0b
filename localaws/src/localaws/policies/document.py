"""Reads a policy document into statements, once and for every kind of policy. Pure: JSON in, a ``Policy`` out.

What AWS's grammar does not have is refused by ``PolicyError``, with the statement's number and what is wrong in it: an
element or operator that is ignored would be a permission that nobody gave, or a Deny that nobody sees.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

from localaws.policies.errors import PolicyError
from localaws.policies.operators import Test, read_test

Document = Mapping[str, Any] | str
Kind = Literal["identity", "resource", "trust", "stack"]

_VERSIONS = ("2008-10-17", "2012-10-17")
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated")
_FIELDS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_ACTION = re.compile(r"\*|(\*|[A-Za-z0-9.-]+):[\w*?-]+")


@dataclass(frozen=True)
class Names:
    """The values of an element, or of its ``Not`` form."""

    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Principals:
    """Who a statement is about. ``aws`` are ARNs and account numbers; ``everybody`` is ``*``."""

    everybody: bool = False
    aws: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    negated: bool = False


@dataclass(frozen=True)
class Statement:
    """``number`` counts from 1. ``resources`` None: the resource that carries the policy. ``variables``: whether
    ``${...}`` is a policy variable, which the older version of the language does not have."""

    number: int
    sid: str | None
    effect: Literal["Allow", "Deny"]
    actions: Names
    resources: Names | None
    principals: Principals | None
    conditions: tuple[Test, ...]
    variables: bool


@dataclass(frozen=True)
class Policy:
    statements: tuple[Statement, ...]


def read(document: Document, kind: Kind) -> Policy:
    """Raise PolicyError for what is not a policy of this kind."""
    if isinstance(document, str):
        return _read_text(document, kind)
    return _read(document, kind)


@functools.lru_cache(maxsize=2048)
def _read_text(text: str, kind: Kind) -> Policy:
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except json.JSONDecodeError as error:
        raise PolicyError(f"the policy is not JSON: {error}") from error
    return _read(document, kind)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of an element that is there twice, a JSON parser would drop the first: perhaps the Condition that mattered."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise PolicyError(f"the element {name} occurs twice in one object")
        found[name] = value
    return found


def _read(document: Any, kind: Kind) -> Policy:
    if not isinstance(document, Mapping):
        raise PolicyError("a policy must be a JSON object")
    _refuse_unknown(document, {"Version", "Id", "Statement"}, "the policy")
    version = document.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise PolicyError(f"Version {version!r} does not exist; there are {' and '.join(_VERSIONS)}")
    statements = listed(document.get("Statement"))
    if not statements:
        raise PolicyError("the policy has no Statement")
    return Policy(
        tuple(_statement(each, number, kind, version == _VERSIONS[1]) for number, each in enumerate(statements, 1))
    )


def _statement(raw: Any, number: int, kind: Kind, variables: bool) -> Statement:
    where = f"statement {number}"
    if not isinstance(raw, Mapping):
        raise PolicyError(f"{where} must be a JSON object")
    _refuse_unknown(raw, _FIELDS, where)
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect of {where} must be Allow or Deny, found {effect!r}")
    return Statement(
        number,
        raw.get("Sid"),
        effect,
        _actions(raw, where, kind),
        _resources(raw, where, kind),
        _principals(raw, where, kind),
        _conditions(raw.get("Condition"), where, variables),
        variables,
    )


def _actions(raw: Mapping[str, Any], where: str, kind: Kind) -> Names:
    names = _names(raw, "Action", where)
    if names is None:
        raise PolicyError(f"{where} must contain Action or NotAction")
    for action in names.values:
        if not _ACTION.fullmatch(action):
            raise PolicyError(f"Action {action!r} of {where} must be * or service:name")
        if kind == "trust" and action != "*" and not action.lower().startswith("sts:"):
            raise PolicyError(f"Action {action!r} of {where}: a trust policy may contain only sts actions")
    return names


def _resources(raw: Mapping[str, Any], where: str, kind: Kind) -> Names | None:
    names = _names(raw, "Resource", where)
    if names is not None and kind == "trust":
        raise PolicyError(f"{where} has the prohibited field Resource: a trust policy is about its own role")
    if names is None and kind in ("identity", "stack"):
        raise PolicyError(f"{where} must contain Resource or NotResource")
    return names


def _principals(raw: Mapping[str, Any], where: str, kind: Kind) -> Principals | None:
    given = [name for name in ("Principal", "NotPrincipal") if name in raw]
    if kind == "identity":
        if given:
            raise PolicyError(f"{where} must not contain {given[0]}: an identity-based policy names no principals")
        return None
    if len(given) != 1:
        raise PolicyError(f"{where} must contain either Principal or NotPrincipal")
    negated = given[0] == "NotPrincipal"
    if negated and raw["Effect"] == "Allow":
        raise PolicyError(f"{where} uses NotPrincipal with Effect Allow, which is not supported")
    if kind == "stack" and raw.get("Principal") != "*":
        raise PolicyError(f"Principal of {where} must be *: a stack policy is about everybody")
    return _principal_names(raw[given[0]], where, negated)


def _principal_names(element: Any, where: str, negated: bool) -> Principals:
    if element == "*":
        return Principals(everybody=True, negated=negated)
    if not isinstance(element, Mapping) or not element:
        raise PolicyError(f'Principal of {where} must be * or an object such as {{"AWS": "111111111111"}}')
    if "CanonicalUser" in element:
        raise PolicyError(f"{where} names a CanonicalUser, which localaws does not evaluate: name the account's number")
    _refuse_unknown(element, frozenset(_PRINCIPAL_TYPES), f"Principal of {where}")
    named = {kind: frozenset(_strings(element[kind], f"Principal of {where}")) for kind in element}
    for name in set().union(*named.values()) - {"*"}:
        if "*" in name or "?" in name:
            raise PolicyError(f"Invalid principal in policy: {name!r} of {where} must not contain a wildcard")
    if any("*" in named.get(kind, ()) for kind in ("Service", "Federated")):
        raise PolicyError(f"Invalid principal in policy: only AWS may be * in {where}")
    aws = named.get("AWS", frozenset())
    return Principals(
        "*" in aws, aws - {"*"}, named.get("Service", frozenset()), named.get("Federated", frozenset()), negated
    )


def _conditions(element: Any, where: str, variables: bool) -> tuple[Test, ...]:
    if element is None:
        return ()
    if not isinstance(element, Mapping):
        raise PolicyError(f"Condition of {where} must be an object")
    tests = []
    for operator, keys in element.items():
        if not isinstance(keys, Mapping):
            raise PolicyError(f"{operator} in the Condition of {where} must be an object of condition keys")
        tests += [read_test(operator, key, listed(values), where, variables) for key, values in keys.items()]
    return tuple(tests)


def _names(raw: Mapping[str, Any], element: str, where: str) -> Names | None:
    given = [name for name in (element, f"Not{element}") if name in raw]
    if len(given) > 1:
        raise PolicyError(f"{where} must not contain both {element} and Not{element}")
    if not given:
        return None
    return Names(tuple(_strings(raw[given[0]], f"{given[0]} of {where}")), given[0] != element)


def _strings(value: Any, what: str) -> list[str]:
    found = listed(value)
    if not found or not all(isinstance(one, str) and one for one in found):
        raise PolicyError(f"{what} must be a string or a list of strings")
    return found


def _refuse_unknown(raw: Mapping[str, Any], known: Set[str], where: str) -> None:
    unknown = sorted(str(name) for name in raw if name not in known)
    if unknown:
        raise PolicyError(f"{where} contains the unknown element {unknown[0]}")


def listed(value: Any) -> list[Any]:
    """AWS lets a list of one be written without its brackets."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
