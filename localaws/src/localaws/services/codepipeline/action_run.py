"""One run of one action: its record, its role, its variables and artifacts; the provider does the rest.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecutionDetail.html
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.policies.service_roles import role_problem, session_of
from localaws.services.codepipeline.action_failures import AbandonedError, ActionFailedError, ServerStopsError
from localaws.services.codepipeline.actions import PROVIDERS
from localaws.services.codepipeline.actions.context import ActionContext, ActionResult
from localaws.services.codepipeline.announcements import announce_action
from localaws.services.codepipeline.artifact_store import ArtifactStore
from localaws.services.codepipeline.records import PipelineKey, Records
from localaws.services.codepipeline.stage_entry import known_variables
from localaws.services.codepipeline.variables import UnresolvedVariableError, substitute

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

log = logging.getLogger(__name__)

_LONGEST_SUMMARY = 2048
_LONGEST_MESSAGE = 5000


class ActionRun:
    """``run`` brings the action to its end; ``status`` says how: Succeeded, Failed, Abandoned or, where the server
    goes down, InProgress."""

    def __init__(
        self,
        cloud: Cloud,
        records: Records,
        key: PipelineKey,
        execution_id: str,
        stage: str,
        action: dict[str, Any],
    ) -> None:
        self._cloud = cloud
        self._records = records
        self._key = key
        self._execution_id = execution_id
        self._stage = stage
        self._action = action
        self.name = str(action["name"])
        self.status = "InProgress"
        self._id = ""

    def run(self) -> None:
        try:
            self._run()
        except (AbandonedError, ServerStopsError) as ended:
            self.status = "Abandoned" if isinstance(ended, AbandonedError) else "InProgress"
        except Exception as error:
            if self._cloud.workers.stopping.is_set():
                return
            if self._records.pipelines.get(str(self._key)) is None:
                self.status = "Abandoned"
                return
            log.exception("action %s of %s", self.name, self._key)
            self._fail("InternalError", f"localaws failed: {type(error).__name__}: {error}")

    def _run(self) -> None:
        execution = self._records.execution(self._key, self._execution_id)
        found = execution["stages"][self._stage]["actions"].get(self.name)
        if found is None:
            self._begin(execution)
        elif not self._take_up(found):
            return
        try:
            result = self._provide()
        except ActionFailedError as failure:
            self._fail(failure.code, failure.message)
        except UnresolvedVariableError as error:
            self._fail("ConfigurationError", str(error))
        except ServiceError as error:
            self._fail("ConfigurationError", f"{error.message} ({error.code})")
        except ClientError as error:
            refused = ActionFailedError.of(f"Action {self.name}", error)
            self._fail(refused.code, refused.message)
        else:
            self._succeed(result)

    def _take_up(self, found: str) -> bool:
        """Whether an action that a former server left is to be run on: a manual approval waits on, all others have
        failed with that server."""
        self._id = found
        self.status = self._record()["status"]
        if self.status != "InProgress":
            return False
        if self._action["actionTypeId"]["provider"] == "Manual":
            return True
        self._fail(
            "JobFailed", "The server that ran this action was stopped. Retry the stage with RetryStageExecution."
        )
        return False

    def _begin(self, execution: dict[str, Any]) -> None:
        self._id = str(uuid.uuid4())
        now = self._records.now()
        region = self._action.get("region", self._key.region)
        inputs = [
            {"name": artifact["name"], "s3location": _location(execution["artifacts"].get(artifact["name"]))}
            for artifact in self._action.get("inputArtifacts", [])
        ]
        record = {
            "pipelineExecutionId": self._execution_id,
            "actionExecutionId": self._id,
            "pipelineVersion": execution["version"],
            "stageName": self._stage,
            "actionName": self.name,
            "startTime": now,
            "lastUpdateTime": now,
            "status": "InProgress",
            "input": {
                "actionTypeId": self._action["actionTypeId"],
                "configuration": self._action.get("configuration", {}),
                "resolvedConfiguration": {},
                "region": region,
                "inputArtifacts": inputs,
                **({"roleArn": self._action["roleArn"]} if "roleArn" in self._action else {}),
                **({"namespace": self._action["namespace"]} if "namespace" in self._action else {}),
            },
            "output": {"outputArtifacts": [], "executionResult": {}, "outputVariables": {}},
            "state": {},
        }
        with self._records.lock:
            current = self._records.execution(self._key, self._execution_id)
            current["stages"][self._stage]["actions"][self.name] = self._id
            self._records.put_execution(self._key, current)
            stage = self._records.stage(self._key, self._stage)
            stage["actions"][self.name] = self._id
            self._records.put_stage(self._key, self._stage, stage)
            self._records.actions.put(f"{self._key}/{self._id}", record)
        announce_action(self._cloud, self._key, record, execution["attempt"])

    def _provide(self) -> ActionResult:
        execution = self._records.execution(self._key, self._execution_id)
        structure = self._records.structure(self._key, execution["version"])
        namespaces = known_variables(self._key, execution)
        raw = self._action.get("configuration", {})
        configuration = {name: substitute(value, namespaces) for name, value in raw.items()}
        kind = self._action["actionTypeId"]
        store = ArtifactStore.of(structure, self._action.get("region", self._key.region))
        source = kind["category"] == "Source"
        outputs = {a["name"]: store.place(a["name"], source) for a in self._action.get("outputArtifacts", [])}
        self._edit(lambda record: record["input"].update(resolvedConfiguration=configuration))
        context = ActionContext(
            cloud=self._cloud,
            key=self._key,
            execution_id=self._execution_id,
            stage=self._stage,
            action=self._action,
            action_execution_id=self._id,
            configuration=configuration,
            role=self._role(structure["roleArn"]),
            store=store,
            inputs=self._inputs(execution),
            outputs=outputs,
            override=execution["sourceRevisions"].get(self.name),
            check=self._check,
            note=self._note,
            record=self._record,
        )
        result = PROVIDERS[kind["category"], kind["provider"]](context)
        self._keep_outputs(outputs, result)
        return result

    def _inputs(self, execution: dict[str, Any]) -> dict[str, dict[str, str]]:
        inputs = {}
        for artifact in self._action.get("inputArtifacts", []):
            place = execution["artifacts"].get(artifact["name"])
            if place is None:
                raise ActionFailedError(
                    "ConfigurationError", f"The input artifact {artifact['name']} was not made in this execution"
                )
            inputs[artifact["name"]] = place
        return inputs

    def _role(self, pipeline_role: str) -> Caller:
        """Who the action acts as: the CodePipeline's role, or the action's own, assumed by it."""
        region = self._action.get("region", self._key.region)
        problem = role_problem(self._cloud, pipeline_role, "codepipeline.amazonaws.com", self._key.arn)
        if problem:
            raise ActionFailedError(
                "PermissionError", f"CodePipeline is not authorized to perform AssumeRole on {pipeline_role}: {problem}"
            )
        session = session_of(pipeline_role, "CodePipeline", region)
        wanted = self._action.get("roleArn")
        if wanted is None:
            return session
        try:
            self._cloud.client("sts", session).assume_role(RoleArn=wanted, RoleSessionName="CodePipeline")
        except ClientError as error:
            raise ActionFailedError(
                "PermissionError",
                f"The role {wanted} of action {self.name} cannot be assumed: {error.response['Error']['Message']}",
            ) from error
        return session_of(wanted, "CodePipeline", region)

    def _keep_outputs(self, outputs: dict[str, dict[str, str]], result: ActionResult) -> None:
        revision = result.revision
        with self._records.lock:
            execution = self._records.execution(self._key, self._execution_id)
            for name, place in outputs.items():
                execution["artifacts"][name] = {**place, "revision": revision.id if revision else ""}
                if revision:
                    execution["revisions"] = [r for r in execution["revisions"] if r["name"] != name]
                    execution["revisions"].append(
                        {
                            "name": name,
                            "actionName": self.name,
                            "revisionId": revision.id,
                            "revisionSummary": revision.summary[:_LONGEST_SUMMARY],
                            "created": revision.created or self._records.now(),
                            "revisionUrl": revision.url,
                        }
                    )
            if "namespace" in self._action:
                execution["namespaces"][self._action["namespace"]] = result.variables
            self._records.put_execution(self._key, execution)

        def change(record: dict[str, Any]) -> None:
            record["output"]["outputArtifacts"] = [
                {"name": name, "s3location": {"bucket": place["bucket"], "key": place["key"]}}
                for name, place in outputs.items()
            ]

        self._edit(change)

    def _succeed(self, result: ActionResult) -> None:
        def change(record: dict[str, Any]) -> None:
            record["status"] = "Succeeded"
            record["output"]["outputVariables"] = result.variables
            found = record["output"]["executionResult"]
            for name, value in (
                ("externalExecutionSummary", result.summary[:_LONGEST_SUMMARY]),
                ("externalExecutionId", result.external_id),
                ("externalExecutionUrl", result.external_url),
            ):
                if value:
                    found[name] = value
            if result.updated_by:
                record["updatedBy"] = result.updated_by
            if result.revision:
                record["state"]["revision"] = {
                    "revisionId": result.revision.id,
                    "revisionChangeId": result.revision.id[:100],
                    "created": result.revision.created or self._records.now(),
                }
                record["state"]["revisionUrl"] = result.revision.url

        with self._records.lock:
            execution = self._records.execution(self._key, self._execution_id)
            entry = execution["stages"][self._stage]
            entry.setdefault("succeeded", {})[self.name] = self._id
            self._records.put_execution(self._key, execution)
        self._end("Succeeded", change)

    def _fail(self, code: str, message: str) -> None:
        def change(record: dict[str, Any]) -> None:
            record["status"] = "Failed"
            details = {"code": code, "message": message[:_LONGEST_MESSAGE] or code}
            record["output"]["executionResult"]["errorDetails"] = details

        self._end("Failed", change)

    def _end(self, status: str, change: Any) -> None:
        with self._records.lock:
            if self._record()["status"] == "Abandoned":
                self.status = "Abandoned"
                return
            record = self._edit(change)
        self.status = status
        attempt = self._records.execution(self._key, self._execution_id)["attempt"]
        announce_action(self._cloud, self._key, record, attempt)

    def _record(self) -> dict[str, Any]:
        return self._records.action(self._key, self._id)

    def _edit(self, change: Any) -> dict[str, Any]:
        with self._records.actions.edit(f"{self._key}/{self._id}") as record:
            change(record)
            record["lastUpdateTime"] = self._records.now()
            return record

    def _check(self) -> None:
        if self._cloud.workers.stopping.is_set():
            raise ServerStopsError
        if self._record()["status"] == "Abandoned":
            raise AbandonedError

    def _note(self, **result: Any) -> None:
        """``summary``, ``percentComplete`` and ``token`` are the action's state; all else its external execution."""

        def change(record: dict[str, Any]) -> None:
            for name, value in result.items():
                if name in ("summary", "percentComplete", "token", "expires", "updatedBy"):
                    record["state"][name] = value
                else:
                    record["output"]["executionResult"][name] = value

        self._edit(change)


def _location(place: dict[str, str] | None) -> dict[str, str]:
    return {"bucket": place["bucket"], "key": place["key"]} if place else {}
