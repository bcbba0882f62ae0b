"""CPU and memory of a job's child processes, measured in /proc and put into CloudWatch as SageMaker does.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-jobs
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PUT_EVERY = 60.0  # SageMaker's own granularity; the last values are put when the job ends


@dataclass(frozen=True)
class Usage:
    """Of a process and all its descendants: CPU seconds so far, and resident bytes now."""

    cpu_seconds: float
    resident_bytes: int


def measure(root: int) -> Usage:
    """What the process ``root`` and its descendants use; zero where /proc does not exist or they are gone."""
    statistics = {
        process: numbers
        for entry in (_PROC.iterdir() if _PROC.is_dir() else ())
        if entry.name.isdigit() and (numbers := _statistics(process := int(entry.name)))
    }
    family, found = {root}, True
    while found:
        more = {process for process, (parent, _, _) in statistics.items() if parent in family} - family
        family |= more
        found = bool(more)
    members = [statistics[process] for process in family if process in statistics]
    return Usage(sum(ticks for _, ticks, _ in members) / _TICKS, sum(pages for _, _, pages in members) * _PAGE)


def _statistics(process: int) -> tuple[int, int, int] | None:
    """(parent, CPU ticks with those of ended children, resident pages), or None where the process is gone."""
    try:
        fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(int(ticks) for ticks in fields[11:15]), int(fields[21])


class HostMetrics:
    """CPUUtilization and MemoryUtilization (percent) of one host of a job.

    100 percent of CPU is one whole core, as on SageMaker; 100 percent of memory is all of this machine's.
    """

    def __init__(self, cloud: Cloud, caller: Caller, namespace: str, host: str) -> None:
        self._client: Any = cloud.client("cloudwatch", caller)
        self._clock = cloud.clock
        self._namespace = namespace
        self._host = host
        self._cpu_seconds = 0.0
        self._since = self._last_put = time.monotonic()
        self._highest_cpu = self._highest_memory = 0.0

    def sample(self, usage: Usage) -> None:
        """Take one measurement; values are put once a minute."""
        now = time.monotonic()
        elapsed = max(now - self._since, 0.001)
        # Descendants that ended between two samples may take their ticks with them: never below zero.
        cpu = max(usage.cpu_seconds - self._cpu_seconds, 0.0) / elapsed * 100
        self._highest_cpu = max(self._highest_cpu, cpu)
        self._highest_memory = max(self._highest_memory, usage.resident_bytes / _total_memory() * 100)
        self._cpu_seconds, self._since = usage.cpu_seconds, now
        if now - self._last_put >= _PUT_EVERY:
            self.put()

    def put(self) -> None:
        """Put the highest values since the last time."""
        values = {"CPUUtilization": self._highest_cpu, "MemoryUtilization": self._highest_memory}
        self._client.put_metric_data(
            Namespace=self._namespace,
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "Host", "Value": self._host}],
                    "Timestamp": self._clock.now(),
                    "Unit": "Percent",
                    "Value": value,
                }
                for name, value in values.items()
            ],
        )
        self._last_put = time.monotonic()
        self._highest_cpu = self._highest_memory = 0.0


def _total_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * _PAGE
