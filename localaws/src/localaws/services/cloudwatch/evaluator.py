"""Evaluates metric alarms by localaws' clock, each minute: reads their metrics, and acts where the state changes.

When the clock jumps, an alarm is evaluated once, at its new time.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.services.cloudwatch.actions import AlarmActions
from localaws.services.cloudwatch.alarms import Place, datapoints, metric_alarms, rule_of, series_of, step_of
from localaws.services.cloudwatch.evaluation import reason_of, state_of
from localaws.services.cloudwatch.queue_depths import report_depth

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_EVERY = timedelta(seconds=0.5)


class Evaluator:
    """Watches as long as the server runs."""

    def __init__(self, cloud: Cloud, actions: AlarmActions) -> None:
        self._cloud = cloud
        self._actions = actions
        self._seen: dict[tuple[Place, str], datetime] = {}  # the end of what an alarm was last evaluated on
        cloud.on_start(lambda: self._start(cloud))

    def _start(self, cloud: Cloud) -> None:
        cloud.workers.start_lasting("cloudwatch alarms", self._watch)

    def _watch(self) -> None:
        clock, stopping = self._cloud.clock, self._cloud.workers.stopping
        while not stopping.is_set():
            clock.wait_until(clock.now() + _EVERY, stopping)
            self.look(clock.now())

    def begin(self, place: Place, alarm: Any) -> None:
        """A new alarm waits for the end of its first minute."""
        self._seen[place, alarm.name] = _floor(self._cloud.clock.now(), step_of(alarm))

    def look(self, now: datetime) -> None:
        """Evaluate what a minute has ended for since it was last looked at."""
        for place, alarm in metric_alarms():
            try:
                end = _floor(now, step_of(alarm))
                before = self._seen.setdefault((place, alarm.name), end)
                if before < end:
                    self._seen[place, alarm.name] = end
                    self._evaluate(place, alarm, end)
            except Exception:  # one alarm must not end all others
                log.exception("alarm %s could not be evaluated", alarm.name)

    def _evaluate(self, place: Place, alarm: Any, end: datetime) -> None:
        rule = rule_of(alarm)
        for series in series_of(alarm).values():
            report_depth(self._cloud, place, series, end)
        values = datapoints(place, alarm, end)
        state, old = state_of(rule, values), alarm.state_value
        if state is None or state == old:
            return
        data = {
            "version": "1.0",
            "queryDate": end.isoformat(),
            "recentDatapoints": [value for value in values if value is not None],
            "threshold": rule.threshold,
        }
        with self._cloud.moto.changing("cloudwatch"):
            alarm.update_state(reason_of(rule, state, values), json.dumps(data), state)
        caller = Caller.root(place.account, place.region)
        described = self._actions.described(caller, alarm.name)
        if described:
            self._actions.changed(caller, described, old)


def _floor(moment: datetime, seconds: int) -> datetime:
    passed = int(moment.timestamp())
    return datetime.fromtimestamp(passed - passed % seconds, UTC)
