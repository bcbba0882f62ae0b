"""From an alarm's datapoints to its state: the comparison, M out of N, and what missing data count as. Pure.

The rows of AWS's tables of examples are in the tests.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# How many datapoints CloudWatch looks at beyond the evaluation periods, for data that come late.
BEYOND = 2
OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
}


@dataclass(frozen=True)
class Rule:
    """What an alarm asks of its datapoints: ``needed`` of the last ``periods`` must breach."""

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str  # TreatMissingData

    def breaches(self, value: float) -> bool:
        return COMPARISONS[self.comparison][0](value, self.threshold)


def state_of(rule: Rule, datapoints: Sequence[float | None]) -> str | None:
    """The state that ``datapoints`` give, the newest first, ``periods + BEYOND`` of them; None: it stays as it is."""
    existing = [rule.breaches(value) for value in datapoints if value is not None][: rule.periods]
    breaching, absent = sum(existing), rule.periods - len(existing)
    if rule.missing == "breaching":
        breaching += absent
    if breaching >= rule.needed:
        return ALARM
    if absent == 0 or rule.missing in ("breaching", "notBreaching"):
        return OK
    if not existing:
        return INSUFFICIENT_DATA if rule.missing == "missing" else None
    if not all(existing):
        return OK
    # All that is there breaches, and it is too little: an alarm goes off once the oldest of it is old enough.
    oldest = max(number for number, value in enumerate(datapoints, 1) if value is not None)
    return ALARM if rule.missing == "missing" and oldest >= rule.needed else None


def reason_of(rule: Rule, state: str, datapoints: Sequence[float | None]) -> str:
    """Why, as DescribeAlarms tells it."""
    values = [value for value in datapoints if value is not None][: rule.periods]
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(rule.periods, 'datapoint was', 'datapoints were')} unknown."
    if not values:
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}[rule.missing]
        return (
            f"Threshold Crossed: no datapoints were received for {_counted(rule.periods, 'period', 'periods')} and "
            f"{_counted(rule.periods, 'missing datapoint was', 'missing datapoints were')} treated as [{treated}]."
        )
    crossing = [value for value in values if rule.breaches(value) == (state == ALARM)] or values
    shown = ", ".join(str(float(value)) for value in crossing)
    words = COMPARISONS[rule.comparison][1]
    return (
        f"Threshold Crossed: {len(crossing)} out of the last {_counted(rule.periods, 'datapoint', 'datapoints')} "
        f"[{shown}] {'was' if len(crossing) == 1 else 'were'} {'' if state == ALARM else 'not '}{words} the threshold "
        f"({float(rule.threshold)}) (minimum {_counted(rule.needed, 'datapoint', 'datapoints')} for OK -> ALARM "
        "transition)."
    )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
