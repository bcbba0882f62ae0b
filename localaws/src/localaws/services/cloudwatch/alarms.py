"""Alarms as moto keeps them, read as what they ask for: series of samples, an expression, a rule. Pure reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.cloudwatch.models import Alarm as MotoAlarm
from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends

from localaws.services.cloudwatch.evaluation import BEYOND, Rule
from localaws.services.cloudwatch.expressions import value_of
from localaws.services.cloudwatch.statistics import Sample, datapoint
from localaws.services.events.envelope import aware

_ONLY = "metric"


@dataclass(frozen=True)
class Place:
    account: str
    region: str


@dataclass(frozen=True)
class Series:
    """One metric's samples, a statistic of them for each period."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]
    period: int
    statistic: str
    unit: str | None

    def takes(self, datum: Any) -> bool:
        return (
            (datum.namespace, datum.name) == (self.namespace, self.name)
            and frozenset((each.name, each.value) for each in datum.dimensions) == self.dimensions
            and self.unit in (None, datum.unit)
        )


def metric_alarms() -> Iterator[tuple[Place, MotoAlarm]]:
    """Every metric alarm of every account; composite ones have a rule instead of a metric."""
    for account, regions in list(cloudwatch_backends.items()):
        for region, backend in list(regions.items()):
            for alarm in list(backend.alarms.values()):
                if not alarm.rule:
                    yield Place(account, region), alarm


def found(place: Place, name: str) -> MotoAlarm | None:
    return cloudwatch_backends[place.account][place.region].alarms.get(name)


def rule_of(alarm: MotoAlarm) -> Rule:
    periods = int(alarm.evaluation_periods)
    return Rule(
        str(alarm.comparison_operator),
        float(alarm.threshold),
        periods,
        int(alarm.datapoints_to_alarm or periods),
        alarm.treat_missing_data or "missing",
    )


def step_of(alarm: MotoAlarm) -> int:
    """How often CloudWatch evaluates it: each minute, and alarms of high resolution each period. In seconds."""
    return min(60, max(each.period for each in series_of(alarm).values()))


def datapoints(place: Place, alarm: MotoAlarm, end: datetime) -> list[float | None]:
    """What the alarm looks at, the newest first: periods that end at ``end`` and before it."""
    series, result = series_of(alarm), _result(alarm)
    period = timedelta(seconds=max(each.period for each in series.values()))
    number = int(alarm.evaluation_periods) + BEYOND
    first = end - period * number
    data = [
        (aware(datum.timestamp), datum)
        for datum in list(cloudwatch_backends[place.account][place.region].metric_data)
        if first <= aware(datum.timestamp) < end
    ]
    values: list[float | None] = []
    for index in range(number):
        until = end - period * index
        within = [datum for moment, datum in data if until - period <= moment < until]
        at_once = {key: datapoint(_samples(each, within), each.statistic) for key, each in series.items()}
        values.append(value_of(result, at_once))
    return values


def _samples(series: Series, data: Sequence[Any]) -> list[Sample]:
    return [_sample(datum) for datum in data if series.takes(datum)]


def _sample(datum: Any) -> Sample:
    if isinstance(datum, MetricAggregatedDatum):
        return Sample(datum.min, datum.max, datum.sum, datum.sample_count)
    return Sample(datum.value, datum.value, datum.value)


def series_of(alarm: MotoAlarm) -> dict[str, Series]:
    """By id. An alarm without queries has one metric."""
    if not alarm.metric_data_queries:
        statistic = alarm.extended_statistic or alarm.statistic
        dimensions = _dimensions(alarm.dimensions)
        unit = alarm.unit or None
        return {_ONLY: Series(alarm.namespace, alarm.metric_name, dimensions, int(alarm.period), statistic, unit)}
    series = {}
    for query in alarm.metric_data_queries:
        stat = query.metric_stat
        if stat is not None:
            metric = stat.metric
            dimensions = _dimensions(metric.dimensions)
            series[query.id] = Series(
                metric.namespace, metric.metric_name, dimensions, int(stat.period), stat.stat, stat.unit or None
            )
    return series


def _result(alarm: MotoAlarm) -> str:
    """The expression whose values are compared: the id of the metric itself where there is no other."""
    queries = {query.id: query for query in alarm.metric_data_queries}
    if not queries:
        return _ONLY
    returned = [query for query in queries.values() if _is_true(query.return_data)]
    expressions = [query for query in queries.values() if query.expression]
    chosen = (expressions if len(expressions) == 1 else returned)[0]
    return str(chosen.expression or chosen.id)


def _is_true(value: Any) -> bool:
    return value in (None, True, "true", "True")


def _dimensions(given: Any) -> frozenset[tuple[str, str]]:
    return frozenset((each.name, each.value) for each in given or ())
