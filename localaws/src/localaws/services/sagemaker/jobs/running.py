"""The jobs that run in this process: each in a worker of its own, which records how it ended whatever happens.

As many run at once as the machine has processors, at least four; the others are InProgress, as on AWS while instances
start, and their time (StartTime, MaxRuntimeInSeconds) begins with their turn.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from localaws.core.cloud import Cloud
from localaws.core.turns import GivenUpError
from localaws.services.sagemaker.jobs.capacity import Capacity
from localaws.services.sagemaker.jobs.outcome import JobFailedError, JobStoppedError, failure_reason
from localaws.services.sagemaker.jobs.records import JobKey, JobKind, JobRecords

log = logging.getLogger(__name__)

Run = Callable[[threading.Event], str | None]


def job_files(cloud: Cloud, kind: JobKind) -> Path:
    """Where the files of running jobs of one kind lie."""
    return cloud.work_directory / kind.resource


class RunningJobs:
    """Starts runs and stops them. A run is given the event that asks it to stop, and returns the ExitMessage."""

    def __init__(self, cloud: Cloud, records: JobRecords) -> None:
        self._cloud = cloud
        self._records = records
        self._capacity = Capacity(cloud.store)
        self._stops: dict[JobKey, threading.Event] = {}
        # A server that was killed leaves the files of its jobs behind.
        cloud.on_start(lambda: shutil.rmtree(job_files(cloud, records.kind), ignore_errors=True))

    def start(self, key: JobKey, run: Run) -> None:
        stop = self._stops[key] = threading.Event()
        self._cloud.workers.start(f"{self._records.kind.resource} {key.name}", lambda: self._work(key, run, stop))

    def stop(self, key: JobKey) -> None:
        """Ask a run to stop; it ends on its own, and may have ended just now."""
        stop = self._stops.get(key)
        if stop is not None:
            stop.set()

    def _work(self, key: JobKey, run: Run, stop: threading.Event) -> None:
        try:
            self._capacity.require(self._records.instance_type(key))
            with self._cloud.limits.jobs.turn(given_up=lambda: stop.is_set() or self._cloud.workers.stopping.is_set()):
                self._records.started(key)
                message = run(stop)
            self._records.ended(key, "Completed", exit_message=message)
        except GivenUpError:
            if stop.is_set():
                self._records.ended(key, "Stopped")
        except JobStoppedError as stopped:
            self._records.ended(key, "Stopped", str(stopped) or None)
        except JobFailedError as failure:
            self._records.ended(key, "Failed", str(failure), failure.exit_message)
        except Exception as error:
            log.exception("%s %s failed inside localaws", self._records.kind.resource, key.name)
            self._records.ended(key, "Failed", failure_reason(error))
        finally:
            del self._stops[key]
