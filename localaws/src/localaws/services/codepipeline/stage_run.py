"""One pipeline stage of one execution: its entry condition, then its actions by runOrder, equal ones in parallel,
until one fails.

Taken up again after a restart it goes on where the records say it was.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from localaws.services.codepipeline.action_run import ActionRun
from localaws.services.codepipeline.records import PipelineKey, Records, stage_of
from localaws.services.codepipeline.scheduler import Scheduler
from localaws.services.codepipeline.stage_entry import entered

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)


class StageRunner:
    """Gives the scheduler its ``run_stage``."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._records = Records(cloud)
        self.scheduler = Scheduler(cloud, self.run)

    def run(self, key: PipelineKey, execution_id: str, name: str) -> None:
        """Run the stage and leave it; returns without leaving where the server goes down, the execution was
        abandoned or the CodePipeline was deleted."""
        try:
            outcome = self._actions(key, execution_id, name)
        except Exception:
            if self._cloud.workers.stopping.is_set() or self._records.pipelines.get(str(key)) is None:
                return
            log.exception("stage %s of %s", name, key)
            outcome = "Failed"
        if outcome is not None:
            self.scheduler.leave_stage(key, execution_id, name, outcome)

    def _actions(self, key: PipelineKey, execution_id: str, name: str) -> str | None:
        execution = self._records.execution(key, execution_id)
        stage = stage_of(self._records.structure(key, execution["version"]), name)
        refused = entered(self._records, key, execution_id, stage)
        if refused is not None:
            return refused
        for order in sorted({action.get("runOrder", 1) for action in stage["actions"]}):
            if self._records.execution(key, execution_id)["stop"]:
                return "Stopped"
            group = [action for action in stage["actions"] if action.get("runOrder", 1) == order]
            statuses = self._together(key, execution_id, name, group)
            if self._cloud.workers.stopping.is_set() or "Abandoned" in statuses:
                return None
            if statuses != {"Succeeded"}:
                return "Failed"
        return "Succeeded"

    def _together(self, key: PipelineKey, execution_id: str, name: str, group: list[dict[str, Any]]) -> set[str]:
        """Run actions side by side; the statuses they ended with."""
        runs = [ActionRun(self._cloud, self._records, key, execution_id, name, action) for action in group]
        threads = [
            self._cloud.workers.start(f"codepipeline {key.name} {run.name} {execution_id}", run.run) for run in runs[1:]
        ]
        runs[0].run()
        for thread in threads:
            thread.join()
        return {run.status for run in runs}
