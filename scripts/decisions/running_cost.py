"""What a run costs, and a month of them, at the sizes and the schedule of a stack: the live one's, and the plan's.

How long the steps take was measured once, in the stage that verified the release, on that stage's machines; nothing
here guesses how long they would take on others. A price that is not known is never counted as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.decisions.schedule import parse_schedule, runs_per_month

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class StepUse:
    """How long a step of the verifying execution ran, and which of the two sizes it runs with."""

    step: str
    is_processing: bool
    seconds: float


@dataclass(frozen=True)
class CostRow:
    """One step at one stage's sizes; None where the price is not known."""

    step: str
    instance_type: str
    instance_count: int
    seconds: float
    dollars_per_hour: float | None

    @property
    def dollars(self) -> float | None:
        if self.dollars_per_hour is None:
            return None
        return self.dollars_per_hour * self.instance_count * self.seconds / SECONDS_PER_HOUR


@dataclass(frozen=True)
class RunningCost:
    """All steps at one stack's sizes and schedule. ``runs`` a month is None where the schedule cannot be read."""

    rows: tuple[CostRow, ...]
    schedule: str
    runs: float | None

    @property
    def known(self) -> float:
        """Dollars a run of what has a price; see ``unpriced``."""
        return sum(row.dollars for row in self.rows if row.dollars is not None)

    @property
    def unpriced(self) -> tuple[str, ...]:
        return tuple(sorted({row.instance_type for row in self.rows if row.dollars is None}))

    @property
    def per_run(self) -> str:
        return self._told(self.known)

    @property
    def per_month(self) -> str:
        return "unknown (its schedule cannot be read)" if self.runs is None else self._told(self.known * self.runs)

    def _told(self, dollars: float) -> str:
        if not self.rows or all(row.dollars is None for row in self.rows):
            return "unknown" + (f" (no price for {', '.join(self.unpriced)})" if self.unpriced else "")
        if self.unpriced:
            return f"more than {in_dollars(dollars)} (no price for {', '.join(self.unpriced)})"
        return in_dollars(dollars)


@dataclass(frozen=True)
class CostComparison:
    """``before`` is None where nothing is deployed. ``measured_on`` says where the durations come from."""

    before: RunningCost | None
    after: RunningCost
    measured_on: str

    @property
    def line(self) -> str:
        """In one phrase."""
        if not self.after.rows:
            return "no cost known"
        line = f"about {self.after.per_run} a run, {self.after.per_month} a month"
        if self.before is None:
            return line
        same = (self.before.per_run, self.before.per_month) == (self.after.per_run, self.after.per_month)
        return f"{line} (as before)" if same else f"{line} (before: {self.before.per_run}, {self.before.per_month})"


def running_cost(uses: Iterable[StepUse], parameters: Mapping[str, str], prices: Mapping[str, float]) -> RunningCost:
    """By a stack's parameters (those of batch-inference.yml); ``prices`` are dollars per hour by instance type."""
    schedule, runs = _schedule(parameters)
    return RunningCost(tuple(_row(use, parameters, prices) for use in uses), schedule, runs)


def in_dollars(amount: float) -> str:
    """Two digits that say something, however little it is: $0.00012, $0.34, $1,234.50."""
    if amount == 0:
        return "$0"
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.2g}" if amount >= 0.0001 else f"${amount:.6f}"


def _row(use: StepUse, parameters: Mapping[str, str], prices: Mapping[str, float]) -> CostRow:
    kind = "Processing" if use.is_processing else "Inference"
    instance_type = parameters.get(f"{kind}InstanceType", "an unknown instance type")
    count = int(parameters.get(f"{kind}InstanceCount", "1"))
    return CostRow(use.step, instance_type, count, use.seconds, prices.get(instance_type))


def _schedule(parameters: Mapping[str, str]) -> tuple[str, float | None]:
    if parameters.get("ScheduleState") == "DISABLED":
        return "off", 0.0
    cron, rate = (parameters.get(name, "") for name in ("ScheduleCronExpression", "ScheduleExpressionforPipeline"))
    text = f"cron({cron})" if cron else f"rate({rate})"
    try:
        return text, runs_per_month(parse_schedule(text))
    except ValueError:  # somebody else wrote it into the stack: no reason to show nothing
        return text, None
