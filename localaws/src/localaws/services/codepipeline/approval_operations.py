"""PutApprovalResult: the answer to a manual approval, taken once and only with the token of the open request.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutApprovalResult.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.codepipeline.pipeline_operations import existing
from localaws.services.codepipeline.records import PipelineKey, Records

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class Approvals(Service):
    service = "codepipeline"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def put_approval_result(self, caller: Caller, request: Request) -> Response:
        key, now = PipelineKey.of(caller, request["pipelineName"]), self._records.now()
        result, token = request["result"], request["token"]
        with self._records.lock:
            action_id = self._action(key, request["stageName"], request["actionName"])
            record = self._records.actions.get(f"{key}/{action_id}") if action_id else None
            if record is None or record["state"].get("token") != token:
                raise ServiceError(
                    "InvalidApprovalTokenException",
                    f"The token {token} does not belong to the open approval {request['actionName']}; "
                    "GetPipelineState gives the current one",
                )
            state = record["state"]
            if record["status"] != "InProgress" or "answer" in state or now >= state["expires"]:
                raise ServiceError(
                    "ApprovalAlreadyCompletedException",
                    f"The approval {request['actionName']} has been completed already: {_how(record, now)}",
                )
            state["answer"] = {"status": result["status"], "summary": result["summary"], "by": caller.arn}
            self._records.actions.put(f"{key}/{action_id}", record)
        return {"approvedAt": now}

    def _action(self, key: PipelineKey, stage: str, action: str) -> str | None:
        """The latest run of the approval action, None where it has not run."""
        declared = existing(self._records, key)["Pipeline"]
        found = next((entry for entry in declared["stages"] if entry["name"] == stage), None)
        if found is None:
            raise ServiceError(
                "StageNotFoundException", f"Pipeline '{key.name}' does not have a stage with name '{stage}'"
            )
        kinds = {entry["name"]: entry["actionTypeId"]["provider"] for entry in found["actions"]}
        if kinds.get(action) != "Manual":
            raise ServiceError(
                "ActionNotFoundException", f"Stage '{stage}' has no approval action with name '{action}'"
            )
        latest: str | None = self._records.stage(key, stage)["actions"].get(action)
        return latest


def _how(record: dict[str, object], now: object) -> str:
    state = record["state"]
    assert isinstance(state, dict)
    if "answer" in state:
        return f"{state['answer']['status']} by {state['answer']['by']}"
    if record["status"] == "Abandoned":
        return "its execution was stopped"
    return f"it timed out at {state['expires']:%Y-%m-%dT%H:%MZ}"
