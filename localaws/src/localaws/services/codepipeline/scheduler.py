"""Where executions are and where they go next: the only place that moves one.

Each move is a short transaction on the records; then what was decided happens: events, and a worker for each pipeline
stage that an execution has entered. What a server leaves when it is killed is taken up by ``resume``.
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localaws.services.codepipeline.announcements import announce_action, announce_execution, announce_stage
from localaws.services.codepipeline.records import RUNNING, PipelineKey, Records, stage_names, stage_of
from localaws.services.codepipeline.stage_queue import Waiting, decide

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

Execution = dict[str, Any]
StageRunner = Callable[[PipelineKey, str, str], None]


class Scheduler:
    """``run_stage`` runs one pipeline stage of one execution to its end and then calls ``leave_stage``."""

    def __init__(self, cloud: Cloud, run_stage: StageRunner) -> None:
        self._cloud = cloud
        self._records = Records(cloud)
        self._run_stage = run_stage

    def start(
        self, key: PipelineKey, trigger: dict[str, str], variables: dict[str, str], revisions: dict[str, Any]
    ) -> str:
        """Begin an execution of the current version; its id."""
        pipeline = self._records.pipelines.get(str(key))
        if pipeline is None:
            raise KeyError(str(key))
        declared = pipeline["Pipeline"]
        defaults = {v["name"]: v["defaultValue"] for v in declared.get("variables", []) if "defaultValue" in v}
        execution = self._new(key, declared, trigger, stage_names(declared)[0])
        execution |= {"variables": {**defaults, **variables}, "sourceRevisions": revisions}
        self._records.put_execution(key, execution)
        announce_execution(self._cloud, key, execution, "STARTED")
        self.advance(key)
        return str(execution["id"])

    def advance(self, key: PipelineKey) -> None:
        """Let executions into the stages that are free, and supersede those that were overtaken."""
        entered: list[tuple[Execution, str]] = []
        superseded: list[Execution] = []
        with self._records.lock:
            pipeline = self._records.pipelines.get(str(key))
            if pipeline is None:
                return
            mode = pipeline["Pipeline"].get("executionMode", "SUPERSEDED")
            waiting = [
                execution
                for execution in self._records.all_executions(key)
                if execution["status"] in RUNNING and execution["waiting"]
            ]
            for name in dict.fromkeys(execution["stage"] for execution in waiting):
                before = {execution["id"]: execution for execution in waiting if execution["stage"] == name}
                stage = self._records.stage(key, name)
                queue = [Waiting(e["id"], e["arrived"], e["type"] == "ROLLBACK") for e in before.values()]
                enabled = (stage["inbound"] or {}).get("enabled", True)
                decision = decide(mode, queue, stage["occupant"] is not None, enabled)
                for execution_id in decision.superseded:
                    superseded.append(self._finish(key, before[execution_id], "Superseded"))
                for execution_id in decision.enter:
                    self._enter(key, before[execution_id], name, mode)
                    entered.append((before[execution_id], name))
        for execution in superseded:
            announce_execution(self._cloud, key, execution, "SUPERSEDED")
        for execution, name in entered:
            again = execution["stages"][name]["attempt"] > 1
            announce_stage(self._cloud, key, execution, name, "RESUMED" if again else "STARTED")
            self._start_worker(key, execution["id"], name)

    def leave_stage(self, key: PipelineKey, execution_id: str, name: str, status: str) -> None:
        """An execution has ended in a stage: Succeeded, Skipped, Failed or Stopped. It goes on, or ends.

        A stage that it did not enter, because of a condition, is not rolled back: nothing was changed there.
        """
        rollback_to: Execution | None = None
        with self._records.lock:
            execution = self._records.execution(key, execution_id)
            if execution["status"] not in RUNNING:
                return
            structure = self._records.structure(key, execution["version"])
            self._vacate(key, execution, name, status)
            if status in ("Succeeded", "Skipped"):
                self._go_on(key, execution, structure, name)
            elif status == "Failed" and self._retries(execution, structure, name):
                self._records.put_execution(key, execution)
            else:
                self._finish(key, execution, status)
                if status == "Failed" and execution["stages"][name]["actions"]:
                    rollback_to = self._rollback_target(key, execution, structure, name)
        if status != "Skipped":  # AWS documents no event of a stage that is skipped
            announce_stage(self._cloud, key, execution, name, status.upper())
        if execution["status"] not in RUNNING:
            announce_execution(self._cloud, key, execution, execution["status"].upper())
        if rollback_to is not None:
            self.roll_back(key, name, rollback_to, {"triggerType": "AutomatedRollback", "triggerDetail": execution_id})
        self.advance(key)

    def retry(self, key: PipelineKey, execution_id: str, name: str, mode: str) -> None:
        """Enter a failed stage again: FAILED_ACTIONS keeps what succeeded there, ALL_ACTIONS nothing."""
        with self._records.lock:
            execution = self._records.execution(key, execution_id)
            execution["attempt"] += 1
            self._prepare_retry(execution, name, mode)
            entry = execution["stages"][name]
            entry["retry"] = {
                "manualStageRetryAttempt": entry.get("retry", {}).get("manualStageRetryAttempt", 0) + 1,
                "latestRetryTrigger": "ManualStageRetry",
            }
            execution.update(status="InProgress", stop=None, statusSummary="")
            self._records.put_execution(key, execution)
        announce_execution(self._cloud, key, execution, "RESUMED")
        self.advance(key)

    def roll_back(self, key: PipelineKey, name: str, target: Execution, trigger: dict[str, str]) -> str:
        """Run a stage again with what a former execution had there; the id of the new execution."""
        structure = self._records.structure(key, target["version"])
        execution = self._new(key, structure, trigger, name)
        execution |= {
            "type": "ROLLBACK",
            "rollbackTarget": target["id"],
            **{
                member: target[member]
                for member in ("variables", "sourceRevisions", "artifacts", "namespaces", "revisions")
            },
        }
        self._records.put_execution(key, execution)
        announce_execution(self._cloud, key, execution, "STARTED")
        self.advance(key)
        return str(execution["id"])

    def stop(self, key: PipelineKey, execution_id: str, abandon: bool, reason: str) -> None:
        """Stop and wait for the actions that run, or abandon them. One that waits before a stage stops at once."""
        abandoned: list[dict[str, Any]] = []
        with self._records.lock:
            execution = self._records.execution(key, execution_id)
            if execution["status"] not in RUNNING:
                return  # it has ended by itself in this very moment
            execution["stop"] = {"abandon": abandon, "reason": reason}
            if execution["waiting"]:
                self._finish(key, execution, "Stopped")
            elif abandon:
                abandoned = self._abandon(key, execution)
                self._vacate(key, execution, execution["stage"], "Stopped")
                self._finish(key, execution, "Stopped")
            else:
                execution["status"] = "Stopping"
                self._records.put_execution(key, execution)
        for action in abandoned:
            announce_action(self._cloud, key, action, execution["attempt"])
        announce_execution(self._cloud, key, execution, execution["status"].upper())
        self.advance(key)

    def resume(self) -> None:
        """Take up what a former server left: stages that ran run on, executions that waited wait on."""
        for name, _ in self._records.pipelines.items():
            key = PipelineKey.parse(name)
            for execution in self._records.all_executions(key):
                if execution["status"] in RUNNING and not execution["waiting"]:
                    self._start_worker(key, execution["id"], execution["stage"])
            self.advance(key)

    def _start_worker(self, key: PipelineKey, execution_id: str, stage: str) -> None:
        name = f"codepipeline {key.name} {stage} {execution_id}"
        self._cloud.workers.start(name, lambda: self._run_stage(key, execution_id, stage))

    def _new(self, key: PipelineKey, structure: dict[str, Any], trigger: dict[str, str], stage: str) -> Execution:
        now = self._records.now()
        return {
            "id": str(uuid.uuid4()),
            "version": structure["version"],
            "mode": structure.get("executionMode", "SUPERSEDED"),
            "type": "STANDARD",
            "status": "InProgress",
            "statusSummary": "",
            "startTime": now,
            "attempt": 1,
            "trigger": trigger,
            "variables": {},
            "sourceRevisions": {},
            "stop": None,
            "rollbackTarget": None,
            "artifacts": {},
            "namespaces": {},
            "revisions": [],
            "stage": stage,
            "waiting": True,
            "arrived": self._arrival(),
            "stages": {},
        }

    def _arrival(self) -> int:
        return int(self._records.now().timestamp() * 1_000_000)

    def _enter(self, key: PipelineKey, execution: Execution, name: str, mode: str) -> None:
        entry = execution["stages"].setdefault(name, {"actions": {}, "attempt": 0})
        entry.update(status="InProgress", startTime=self._records.now(), attempt=entry["attempt"] + 1)
        execution["waiting"] = False
        self._records.put_execution(key, execution)
        stage = self._records.stage(key, name)
        stage["occupant"] = None if mode == "PARALLEL" else execution["id"]
        stage["latest"] = _latest(execution, "InProgress")
        stage["retry"] = entry.get("retry")
        self._records.put_stage(key, name, stage)

    def _vacate(self, key: PipelineKey, execution: Execution, name: str, status: str) -> None:
        execution["stages"][name]["status"] = status
        stage = self._records.stage(key, name)
        if stage["occupant"] == execution["id"]:
            stage["occupant"] = None
        if stage["latest"] and stage["latest"]["pipelineExecutionId"] == execution["id"]:
            stage["latest"] = _latest(execution, status)
        self._records.put_stage(key, name, stage)

    def _go_on(self, key: PipelineKey, execution: Execution, structure: dict[str, Any], name: str) -> None:
        names = stage_names(structure)
        position = names.index(name)
        if execution["type"] == "ROLLBACK" or position + 1 == len(names):
            self._finish(key, execution, "Succeeded")
        elif execution["stop"]:
            self._finish(key, execution, "Stopped")
        else:
            execution.update(stage=names[position + 1], waiting=True, arrived=self._arrival())
            self._records.put_execution(key, execution)

    def _finish(self, key: PipelineKey, execution: Execution, status: str) -> Execution:
        execution.update(status=status, waiting=False)
        self._records.put_execution(key, execution)
        return execution

    def _retries(self, execution: Execution, structure: dict[str, Any], name: str) -> bool:
        """Whether the stage's failure condition retries it, which it does once."""
        on_failure = stage_of(structure, name).get("onFailure", {})
        entry = execution["stages"][name]
        if on_failure.get("result") != "RETRY" or entry.get("automaticRetries") or execution["stop"]:
            return False
        mode = on_failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS")
        self._prepare_retry(execution, name, mode)
        entry["automaticRetries"] = 1
        entry["retry"] = {"autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"}
        return True

    def _prepare_retry(self, execution: Execution, name: str, mode: str) -> None:
        entry = execution["stages"][name]
        succeeded = {} if mode == "ALL_ACTIONS" else entry.get("succeeded", {})
        entry["actions"] = dict(succeeded)
        entry["succeeded"] = dict(succeeded)
        entry.pop("entered", None)
        execution.update(stage=name, waiting=True, arrived=self._arrival())

    def _rollback_target(
        self, key: PipelineKey, failed: Execution, structure: dict[str, Any], name: str
    ) -> Execution | None:
        if failed["type"] == "ROLLBACK" or stage_of(structure, name).get("onFailure", {}).get("result") != "ROLLBACK":
            return None
        document = self._records.pipelines.get(str(key))
        version = document["Pipeline"]["version"] if document else None
        for execution in reversed(self._records.all_executions(key)):
            entry = execution["stages"].get(name, {})
            if (
                entry.get("status") == "Succeeded"
                and execution["version"] == version
                and execution["type"] != "ROLLBACK"
            ):
                return execution
        failed["statusSummary"] = (
            f"Stage {name} was not rolled back: no execution has succeeded there in the pipeline's current version"
        )
        self._records.put_execution(key, failed)
        return None

    def _abandon(self, key: PipelineKey, execution: Execution) -> list[dict[str, Any]]:
        abandoned = []
        for action_id in execution["stages"][execution["stage"]]["actions"].values():
            action = self._records.action(key, action_id)
            if action["status"] == "InProgress":
                action.update(status="Abandoned", lastUpdateTime=self._records.now())
                self._records.actions.put(f"{key}/{action_id}", action)
                abandoned.append(action)
        return abandoned


def _latest(execution: Execution, status: str) -> dict[str, str]:
    return {"pipelineExecutionId": execution["id"], "status": status, "type": execution["type"]}
