"""Executions of a CodePipeline: start, stop, retry, roll back, list.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codepipeline.change_detection import ChangeDetection
from localaws.services.codepipeline.pipeline_operations import existing
from localaws.services.codepipeline.records import PAGES, RUNNING, PipelineKey, Records, stage_names
from localaws.services.codepipeline.stage_run import StageRunner

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_MOST_QUEUED = 50
_RULE_SESSION = "AWSEvents_"


class Executions(Service):
    service = "codepipeline"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._scheduler = StageRunner(cloud).scheduler
        ChangeDetection(cloud, self._scheduler).listen()
        cloud.on_start(self._scheduler.resume)

    def start_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        key = PipelineKey.of(caller, request["name"])
        document = existing(self._records, key)
        token = request.get("clientRequestToken")
        if token and token in document["tokens"]:
            return {"pipelineExecutionId": document["tokens"][token]}
        declared = document["Pipeline"]
        variables = _variables(declared, request.get("variables", []))
        revisions = _revisions(declared, request.get("sourceRevisions", []))
        self._refuse_beyond_limit(key, declared)
        execution_id = self._scheduler.start(key, _trigger(caller), variables, revisions)
        if token:
            with self._records.pipelines.edit(str(key)) as current:
                current["tokens"][token] = execution_id
        return {"pipelineExecutionId": execution_id}

    def stop_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        key, execution = self._execution(caller, request)
        abandon, reason = request.get("abandon", False), request.get("reason", "")
        if execution["status"] not in RUNNING:
            raise ServiceError(
                "PipelineExecutionNotStoppableException",
                f"The execution {execution['id']} is {execution['status']} and cannot be stopped",
            )
        if execution["status"] == "Stopping" and not abandon:
            raise ServiceError("DuplicatedStopRequestException", f"The execution {execution['id']} is being stopped")
        self._scheduler.stop(key, execution["id"], abandon, reason)
        return {"pipelineExecutionId": execution["id"]}

    def retry_stage_execution(self, caller: Caller, request: Request) -> Response:
        key, execution = self._execution(caller, request)
        name = self._stage(key, request["stageName"])
        stage = self._records.stage(key, name)
        latest = stage["latest"]
        if latest is None or latest["pipelineExecutionId"] != execution["id"]:
            raise ServiceError(
                "NotLatestPipelineExecutionException",
                f"The execution {execution['id']} is not the latest one of stage {name}",
            )
        if latest["status"] not in ("Failed", "Stopped") or execution["status"] in RUNNING or stage["occupant"]:
            raise ServiceError(
                "StageNotRetryableException", f"Stage {name} is {latest['status']}: only a failed stage can be retried"
            )
        if execution["version"] != existing(self._records, key)["Pipeline"]["version"]:
            raise ServiceError(
                "StageNotRetryableException",
                f"The pipeline was changed after execution {execution['id']} began: start a new execution",
            )
        self._scheduler.retry(key, execution["id"], name, request["retryMode"])
        return {"pipelineExecutionId": execution["id"]}

    def rollback_stage(self, caller: Caller, request: Request) -> Response:
        key = PipelineKey.of(caller, request["pipelineName"])
        declared = existing(self._records, key)["Pipeline"]
        name = self._stage(key, request["stageName"])
        target = self._records.executions.get(f"{key}/{request['targetPipelineExecutionId']}")
        if target is None:
            raise _no_execution(key, request["targetPipelineExecutionId"])
        if name == stage_names(declared)[0]:
            raise ServiceError("UnableToRollbackStageException", f"The source stage {name} cannot be rolled back")
        if target["type"] == "ROLLBACK":
            raise ServiceError(
                "UnableToRollbackStageException", f"The execution {target['id']} is itself a rollback of a stage"
            )
        if target["version"] != declared["version"]:
            raise ServiceError(
                "PipelineExecutionOutdatedException",
                f"The execution {target['id']} ran version {target['version']} of the pipeline, which is now "
                f"{declared['version']}",
            )
        if target["stages"].get(name, {}).get("status") != "Succeeded":
            raise ServiceError(
                "UnableToRollbackStageException", f"The execution {target['id']} has not succeeded in stage {name}"
            )
        trigger = {"triggerType": "ManualRollback", "triggerDetail": caller.arn}
        return {"pipelineExecutionId": self._scheduler.roll_back(key, name, target, trigger)}

    def get_pipeline_execution(self, caller: Caller, request: Request) -> Response:
        key, execution = self._execution(caller, request)
        found: dict[str, Any] = {
            "pipelineName": key.name,
            "pipelineVersion": execution["version"],
            "pipelineExecutionId": execution["id"],
            "status": execution["status"],
            "artifactRevisions": [
                {name: value for name, value in revision.items() if name != "actionName" and value}
                for revision in execution["revisions"]
            ],
            "variables": [{"name": name, "resolvedValue": value} for name, value in execution["variables"].items()],
            **_common(execution),
        }
        return {"pipelineExecution": found}

    def list_pipeline_executions(self, caller: Caller, request: Request) -> Response:
        """Newest first."""
        key = PipelineKey.of(caller, request["pipelineName"])
        existing(self._records, key)
        executions = self._records.all_executions(key)[::-1]
        stage = request.get("filter", {}).get("succeededInStage", {}).get("stageName")
        if stage is not None:
            executions = [e for e in executions if e["stages"].get(stage, {}).get("status") == "Succeeded"]
        found, more = PAGES.of(executions, request, lambda execution: str(execution["id"]))
        return {"pipelineExecutionSummaries": [_summary(execution) for execution in found], **more}

    def _execution(self, caller: Caller, request: Request) -> tuple[PipelineKey, dict[str, Any]]:
        key = PipelineKey.of(caller, request["pipelineName"])
        existing(self._records, key)
        execution = self._records.executions.get(f"{key}/{request['pipelineExecutionId']}")
        if execution is None:
            raise _no_execution(key, request["pipelineExecutionId"])
        return key, execution

    def _stage(self, key: PipelineKey, name: str) -> str:
        declared = existing(self._records, key)["Pipeline"]
        if name not in stage_names(declared):
            raise ServiceError(
                "StageNotFoundException", f"Pipeline '{key.name}' does not have a stage with name '{name}'"
            )
        return name

    def _refuse_beyond_limit(self, key: PipelineKey, declared: dict[str, Any]) -> None:
        if declared["executionMode"] == "SUPERSEDED":
            return
        running = sum(execution["status"] in RUNNING for execution in self._records.all_executions(key))
        if running >= _MOST_QUEUED:
            raise ServiceError(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"The pipeline '{key.name}' has {running} executions in progress; {_MOST_QUEUED} are allowed",
            )


def _trigger(caller: Caller) -> dict[str, str]:
    """Who started an execution: a person or program, or EventBridge, whose sessions name the rule."""
    session = caller.arn.rpartition("/")[2]
    if ":assumed-role/" in caller.arn and session.startswith(_RULE_SESSION):
        rule = caller.resource_arn("events", f"rule/{session.removeprefix(_RULE_SESSION)}")
        return {"triggerType": "CloudWatchEvent", "triggerDetail": rule}
    return {"triggerType": "StartPipelineExecution", "triggerDetail": caller.arn}


def _variables(declared: dict[str, Any], given: list[dict[str, str]]) -> dict[str, str]:
    known = {variable["name"]: variable for variable in declared.get("variables", [])}
    values = {variable["name"]: variable["value"] for variable in given}
    for name in values:
        if name not in known:
            raise ServiceError(
                "ValidationException",
                f"The pipeline has no variable {name}; it has: {', '.join(known) or 'none'}",
            )
    for name, variable in known.items():
        if name not in values and "defaultValue" not in variable:
            raise ServiceError("ValidationException", f"The variable {name} has no default value and was not given")
    return values


def _revisions(declared: dict[str, Any], given: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    sources = [action["name"] for action in declared["stages"][0]["actions"]]
    for revision in given:
        if revision["actionName"] not in sources:
            raise ServiceError(
                "ValidationException",
                f"The pipeline has no source action {revision['actionName']}; it has: {', '.join(sources)}",
            )
    return {revision["actionName"]: revision for revision in given}


def _no_execution(key: PipelineKey, execution_id: str) -> ServiceError:
    return ServiceError(
        "PipelineExecutionNotFoundException", f"The pipeline '{key.name}' has no execution {execution_id}"
    )


def _common(execution: dict[str, Any]) -> dict[str, Any]:
    """What GetPipelineExecution and ListPipelineExecutions both tell."""
    found = {
        "trigger": execution["trigger"],
        "executionMode": execution["mode"],
        "executionType": execution["type"],
    }
    if execution["statusSummary"]:
        found["statusSummary"] = execution["statusSummary"]
    if execution["rollbackTarget"]:
        found["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": execution["rollbackTarget"]}
    return found


def _summary(execution: dict[str, Any]) -> dict[str, Any]:
    summary = {
        "pipelineExecutionId": execution["id"],
        "status": execution["status"],
        "startTime": execution["startTime"],
        "lastUpdateTime": execution["lastUpdateTime"],
        "sourceRevisions": [
            {
                name: revision[name]
                for name in ("actionName", "revisionId", "revisionSummary", "revisionUrl")
                if revision.get(name)
            }
            for revision in execution["revisions"]
        ],
        **_common(execution),
    }
    if execution["stop"] and execution["stop"]["reason"]:
        summary["stopTrigger"] = {"reason": execution["stop"]["reason"]}
    return summary
