"""What a run and a month of runs cost, by a stack's sizes and schedule."""

from __future__ import annotations

import pytest

from scripts.decisions.running_cost import CostComparison, StepUse, in_dollars, running_cost
from tests.unit.scripts.sample_evidence import PRICES, SIZES

HOUR = [StepUse("Preprocess", True, 3600.0), StepUse("Transform", False, 3600.0)]


def test_each_step_costs_by_its_own_size_and_count() -> None:
    cost = running_cost(HOUR, {**SIZES, "ProcessingInstanceType": "ml.m5.xlarge"}, PRICES)
    assert [(row.step, row.dollars) for row in cost.rows] == [("Preprocess", 0.2), ("Transform", 0.2)]
    assert cost.per_run == "$0.40"


def test_a_month_is_as_many_runs_as_the_schedule_gives() -> None:
    daily, half_daily = (
        running_cost(HOUR, {**SIZES, "ScheduleExpressionforPipeline": every}, PRICES) for every in ("1 day", "12 hours")
    )
    assert daily.per_month == "$9.13"  # 0.30 a run, 30.4 days
    assert half_daily.runs == pytest.approx(2 * (daily.runs or 0))


def test_cron_counts_where_it_is_given() -> None:
    cost = running_cost(HOUR, {**SIZES, "ScheduleCronExpression": "0 4 1 * ? *"}, PRICES)
    assert (cost.schedule, cost.runs) == ("cron(0 4 1 * ? *)", 1.0)


def test_a_schedule_that_is_off_costs_nothing_a_month() -> None:
    cost = running_cost(HOUR, {**SIZES, "ScheduleState": "DISABLED"}, PRICES)
    assert (cost.schedule, cost.per_month, cost.per_run) == ("off", "$0", "$0.30")


def test_a_schedule_that_cannot_be_read_is_said_to_be_unknown() -> None:
    cost = running_cost(HOUR, {**SIZES, "ScheduleCronExpression": "whenever"}, PRICES)
    assert (cost.per_run, cost.per_month) == ("$0.30", "unknown (its schedule cannot be read)")


def test_an_unknown_price_is_said_and_never_counted_as_nothing() -> None:
    some = running_cost(HOUR, {**SIZES, "InferenceInstanceType": "ml.new"}, PRICES)
    assert some.per_run == "more than $0.10 (no price for ml.new)"
    none = running_cost(HOUR, SIZES, {})
    assert none.per_run == none.per_month == "unknown (no price for ml.m5.large)"


def test_the_line_says_what_it_was_before() -> None:
    before = running_cost(HOUR, SIZES, PRICES)
    after = running_cost(HOUR, {**SIZES, "InferenceInstanceCount": "4"}, PRICES)
    assert CostComparison(before, after, "").line == "about $0.50 a run, $15.22 a month (before: $0.30, $9.13)"
    assert CostComparison(before, before, "").line.endswith("(as before)")
    assert CostComparison(None, running_cost([], SIZES, PRICES), "").line == "no cost known"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0"), (0.000004, "$0.000004"), (0.00023, "$0.00023"), (0.0712, "$0.071"), (1234.5, "$1,234.50")],
)
def test_little_money_is_not_rounded_away(amount: float, text: str) -> None:
    assert in_dollars(amount) == text
