"""Patterns of policies: ``*`` and ``?``, and the policy variables inside them. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

Context = Mapping[str, tuple[str, ...]]  # condition key in lower case -> its values
Variables = Context | None  # None: ``${...}`` is ordinary text, as in policies of the older version

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_COLON = re.compile(r":(?![^${}]*\})")  # not the one inside ${aws:username}
_DEFAULTED = re.compile(r"\s*([^,]+?)\s*,\s*'(.*)'\s*")


def matches(pattern: str, value: str, context: Variables, ignore_case: bool = False) -> bool:
    """Whether ``value`` matches ``pattern``, its variables filled in; a variable without a value matches nothing."""
    filled = _fill(pattern, context)
    if filled is None:
        return False
    return _compiled(filled, ignore_case).fullmatch(value) is not None


def matches_arn(pattern: str, arn: str, context: Variables) -> bool:
    """As ``matches``, but no wildcard reaches over one of the first five colons of an ARN."""
    patterns, parts = _COLON.split(pattern, maxsplit=5), arn.split(":", 5)
    if pattern == "*" or len(parts) != 6:
        return matches(pattern, arn, context)
    return len(patterns) == 6 and all(matches(one, part, context) for one, part in zip(patterns, parts, strict=True))


def fill(text: str, context: Variables) -> str | None:
    """``text`` with variables replaced, for operators that know no wildcards; None where one has no value."""
    parts = _parts(text, context)
    return None if parts is None else "".join(literal for literal, _ in parts)


def needed_keys(text: str) -> tuple[str, ...]:
    """The condition keys (lower case) without whose values ``text`` matches nothing."""
    names = (found[1] for found in _VARIABLE.finditer(text))
    return tuple(
        name.strip().lower() for name in names if name not in ("*", "?", "$") and not _DEFAULTED.fullmatch(name)
    )


def could_match(pattern: str, value: str) -> bool:
    """Whether ``value`` matches ``pattern`` for some values of its variables."""
    return matches(_VARIABLE.sub("*", pattern), value, None)


def _fill(pattern: str, context: Variables) -> str | None:
    """A regular expression for the pattern."""
    parts = _parts(pattern, context)
    if parts is None:
        return None
    return "".join(
        re.escape(literal)
        if exact
        else "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in literal)
        for literal, exact in parts
    )


def _parts(text: str, context: Variables) -> list[tuple[str, bool]] | None:
    """(text, whether its wildcards are ordinary letters): what a variable brought in is never a wildcard."""
    if context is None:
        return [(text, False)]
    parts: list[tuple[str, bool]] = []
    position = 0
    for found in _VARIABLE.finditer(text):
        parts.append((text[position : found.start()], False))
        value = _variable(found[1], context)
        if value is None:
            return None
        parts.append((value, True))
        position = found.end()
    return [*parts, (text[position:], False)]


def _variable(name: str, context: Context) -> str | None:
    if name in ("*", "?", "$"):
        return name
    defaulted = _DEFAULTED.fullmatch(name)
    key = defaulted[1] if defaulted else name.strip()
    values = context.get(key.lower(), ())
    if len(values) == 1:
        return values[0]
    return defaulted[2] if defaulted else None


@functools.lru_cache(maxsize=4096)
def _compiled(expression: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
