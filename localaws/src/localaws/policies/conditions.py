"""Whether the tests of a statement's Condition hold for a request. Pure: tests and a context in, a verdict out.

A key that AWS would fill and that localaws does not know gives no verdict at all (``Verdict.unknown``): taking it for
absent would satisfy every negation and every ``IfExists``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localaws.policies.operators import Operator, Test
from localaws.policies.patterns import Context


@dataclass(frozen=True)
class Verdict:
    """``unknown``: the condition key for which it cannot be told whether the condition holds."""

    holds: bool
    unknown: str | None = None


def _always(key: str) -> bool:
    return True


def judge(tests: Iterable[Test], context: Context, is_known: Callable[[str], bool] = _always) -> Verdict:
    """All tests must hold. One that does not settles it, whatever else is unknown."""
    unknown = None
    for test in tests:
        strange = next((key for key in test.keys if key not in context and not is_known(key)), None)
        if strange:
            unknown = unknown or strange
        elif not _holds(test, context):
            return Verdict(False)
    return Verdict(unknown is None, unknown)


def _holds(test: Test, context: Context) -> bool:
    values = context.get(test.key, ())
    if test.operator is None:
        return (not values) == (test.values[0].lower() == "true")
    if test.quantifier == "ForAllValues":
        return all(_matches(test.operator, value, test, context) for value in values)
    if not values:
        return test.if_exists or (test.operator.negated and not test.quantifier)
    found = [_matches(test.operator, value, test, context) for value in values]
    # Without a quantifier one value is usual; of several, a negation must hold for each.
    return all(found) if test.operator.negated and not test.quantifier else any(found)


def _matches(operator: Operator, value: str, test: Test, context: Context) -> bool:
    """Values of one key are alternatives; to a negated operator they are all forbidden."""
    return any(_safely(operator, value, pattern, test, context) for pattern in test.values) != operator.negated


def _safely(operator: Operator, value: str, pattern: str, test: Test, context: Context) -> bool:
    try:
        return operator.compare(value, pattern, context if test.variables else None)
    except ValueError:  # a request's value that is not a number, date or address equals none
        return False
