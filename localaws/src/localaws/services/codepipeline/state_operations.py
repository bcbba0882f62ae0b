"""The state of a CodePipeline: who is in which stage, what each action did last, which transitions are closed.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codepipeline.pipeline_operations import existing
from localaws.services.codepipeline.records import PAGES, RUNNING, PipelineKey, Records, stage_names
from localaws.services.codepipeline.stage_run import StageRunner

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document, Table


class State(Service):
    service = "codepipeline"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)
        self._scheduler = StageRunner(cloud).scheduler

    def get_pipeline_state(self, caller: Caller, request: Request) -> Response:
        key = PipelineKey.of(caller, request["name"])
        with self._records.lock:
            document = existing(self._records, key)
            waiting = [e for e in self._records.all_executions(key) if e["waiting"] and e["status"] in RUNNING]
            stages = [self._stage(key, stage, waiting) for stage in document["Pipeline"]["stages"]]
        return {
            "pipelineName": key.name,
            "pipelineVersion": document["Pipeline"]["version"],
            "stageStates": stages,
            "created": document["created"],
            "updated": document["updated"],
        }

    def disable_stage_transition(self, caller: Caller, request: Request) -> Response:
        self._set_transition(caller, request, enabled=False)
        return {}

    def enable_stage_transition(self, caller: Caller, request: Request) -> Response:
        key = self._set_transition(caller, request, enabled=True)
        self._scheduler.advance(key)
        return {}

    def list_action_executions(self, caller: Caller, request: Request) -> Response:
        """Newest first."""
        actions = self._history(caller, request, self._records.actions, "actionName")
        details = [{name: value for name, value in action.items() if name != "state"} for action in actions]
        found, more = PAGES.of(details, request, lambda action: str(action["actionExecutionId"]))
        return {"actionExecutionDetails": found, **more}

    def list_rule_executions(self, caller: Caller, request: Request) -> Response:
        """Newest first."""
        rules = self._history(caller, request, self._records.rules, "ruleName")
        found, more = PAGES.of(rules, request, lambda rule: str(rule["ruleExecutionId"]))
        return {"ruleExecutionDetails": found, **more}

    def _history(self, caller: Caller, request: Request, table: Table, name: str) -> list[Document]:
        """What ran of a CodePipeline's actions or rules, newest first, as the request's filter has it."""
        key = PipelineKey.of(caller, request["pipelineName"])
        existing(self._records, key)
        ran = table.values(f"{key}/")[::-1]
        asked = request.get("filter", {})
        latest = asked.get("latestInPipelineExecution", {})
        execution_id = asked.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
        if execution_id is not None:
            if self._records.executions.get(f"{key}/{execution_id}") is None:
                raise ServiceError(
                    "PipelineExecutionNotFoundException", f"The pipeline '{key.name}' has no execution {execution_id}"
                )
            ran = [each for each in ran if each["pipelineExecutionId"] == execution_id]
        return _latest_of_each(ran, name) if latest.get("startTimeRange") == "Latest" else ran

    def _stage(self, key: PipelineKey, declared: dict[str, Any], waiting: list[dict[str, Any]]) -> dict[str, Any]:
        name = declared["name"]
        stage = self._records.stage(key, name)
        inbound = [
            {"pipelineExecutionId": e["id"], "status": "InProgress", "type": e["type"]}
            for e in sorted(waiting, key=lambda e: int(e["arrived"]))
            if e["stage"] == name
        ]
        found: dict[str, Any] = {
            "stageName": name,
            "inboundExecutions": inbound,
            "inboundTransitionState": stage["inbound"] or {"enabled": True},
            "actionStates": [self._action(key, action, stage["actions"]) for action in declared["actions"]],
        }
        if inbound:
            found["inboundExecution"] = inbound[-1]
        if stage["latest"]:
            found["latestExecution"] = stage["latest"]
        if stage.get("entry"):
            found["beforeEntryConditionState"] = stage["entry"]
        if stage.get("retry"):
            found["retryStageMetadata"] = stage["retry"]
        return found

    def _action(self, key: PipelineKey, declared: dict[str, Any], latest: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {"actionName": declared["name"]}
        link = _entity_url(declared, key.region)
        if link:
            found["entityUrl"] = link
        if declared["name"] not in latest:
            return found
        record = self._records.action(key, latest[declared["name"]])
        state, result = record["state"], record["output"]["executionResult"]
        execution: dict[str, Any] = {
            "actionExecutionId": record["actionExecutionId"],
            "status": record["status"],
            "lastStatusChange": record["lastUpdateTime"],
            **{name: value for name, value in result.items() if name != "externalExecutionSummary"},
        }
        summary = state.get("summary") or result.get("externalExecutionSummary")
        if summary:
            execution["summary"] = summary
        if "token" in state and record["status"] == "InProgress":
            execution["token"] = state["token"]
        updated_by = state.get("updatedBy") or record.get("updatedBy")
        if updated_by:
            execution["lastUpdatedBy"] = updated_by
        found["latestExecution"] = execution
        if "revision" in state:
            found["currentRevision"] = state["revision"]
        if state.get("revisionUrl"):
            found["revisionUrl"] = state["revisionUrl"]
        return found

    def _set_transition(self, caller: Caller, request: Request, enabled: bool) -> PipelineKey:
        key, name = PipelineKey.of(caller, request["pipelineName"]), request["stageName"]
        names = stage_names(existing(self._records, key)["Pipeline"])
        if name not in names:
            raise ServiceError(
                "StageNotFoundException", f"Pipeline '{key.name}' does not have a stage with name '{name}'"
            )
        if request["transitionType"] == "Outbound":
            if names.index(name) + 1 == len(names):
                raise ServiceError(
                    "ValidationException", f"Stage {name} is the last one: it has no outbound transition"
                )
            name = names[names.index(name) + 1]
        with self._records.lock:
            stage = self._records.stage(key, name)
            stage["inbound"] = {
                "enabled": enabled,
                "lastChangedBy": caller.arn,
                "lastChangedAt": self._records.now(),
                **({} if enabled else {"disabledReason": request["reason"]}),
            }
            self._records.put_stage(key, name, stage)
        return key


def _latest_of_each(ran: list[Document], name: str) -> list[Document]:
    """Of each action or rule the newest run; ``ran`` comes newest first."""
    latest: dict[tuple[str, str], Document] = {}
    for each in ran:
        latest.setdefault((each["stageName"], each[name]), each)
    return list(latest.values())


def _entity_url(action: dict[str, Any], region: str) -> str:
    configuration, provider = action["configuration"], action["actionTypeId"]["provider"]
    console = f"https://{region}.console.aws.amazon.com"
    if provider == "CodeBuild":
        return f"{console}/codesuite/codebuild/projects/{configuration['ProjectName']}/view"
    if provider == "CodeCommit":
        return f"{console}/codesuite/codecommit/repositories/{configuration['RepositoryName']}/browse"
    if provider == "CloudFormation":
        return f"{console}/cloudformation/home?region={region}"
    return str(configuration.get("ExternalEntityLink", ""))
