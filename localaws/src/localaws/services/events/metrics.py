"""Metrics of EventBridge and Scheduler in CloudWatch, written by a worker so that no delivery waits for them."""

from __future__ import annotations

import logging
import queue
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


log = logging.getLogger(__name__)


class MetricWriter:
    def __init__(self, cloud: Cloud, namespace: str) -> None:
        self._cloud = cloud
        self._namespace = namespace
        self._waiting: queue.Queue[tuple[str, str, str, dict[str, str], datetime]] = queue.Queue()
        cloud.on_start(lambda: _start(cloud, namespace, self._write))

    def count(self, account: str, region: str, name: str, dimensions: dict[str, str]) -> None:
        """One more of ``name``."""
        self._waiting.put((account, region, name, dimensions, self._cloud.clock.now()))

    def _write(self) -> None:
        while not self._cloud.workers.stopping.is_set():
            try:
                account, region, name, dimensions, moment = self._waiting.get(timeout=0.25)
            except queue.Empty:  # look whether the server stops
                continue
            listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
            data: dict[str, Any] = {"MetricName": name, "Timestamp": moment, "Value": 1.0, "Unit": "Count"}
            cloudwatch = self._cloud.client("cloudwatch", Caller.root(account, region))
            try:
                cloudwatch.put_metric_data(
                    Namespace=self._namespace, MetricData=[{**data, "Dimensions": listed}, {**data, "Dimensions": []}]
                )
            except Exception:  # the next one is written all the same
                log.exception("the metric %s of %s could not be recorded", name, self._namespace)


def _start(cloud: Cloud, namespace: str, write: Any) -> None:
    cloud.workers.start_lasting(f"metrics-{namespace}", write)
