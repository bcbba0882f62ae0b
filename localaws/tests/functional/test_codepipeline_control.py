"""CodePipeline's executions among themselves: modes, stops, retries, rollbacks, transitions, restarts, events."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws.core.account_keys import read_keys
from localaws.core.events import Event
from localaws.server import Server
from tests.functional.codepipelines import Workshop, action
from tests.functional.conftest import DEV, REGION

Client = Callable[..., Any]

# Fails unless the source holds a file "good".
GATE = "version: 0.2\nphases: {build: {commands: ['test -f good']}}"


@pytest.fixture
def workshop(client: Client, unique: str) -> Workshop:
    return Workshop.open(client, unique)


def approval(**members: Any) -> dict[str, Any]:
    return action("Approval", "Manual", **members)


def gate(workshop: Workshop, **members: Any) -> dict[str, Any]:
    configuration = {"ProjectName": workshop.project("gate", GATE)}
    return action("Build", "CodeBuild", "Gate", inputs=["Source"], configuration=configuration, **members)


def inbound(workshop: Workshop, stage: str = "S1") -> list[str]:
    return [entry["pipelineExecutionId"] for entry in workshop.stage(stage)["inboundExecutions"]]


def latest(workshop: Workshop, stage: str = "S1") -> str | None:
    found = workshop.stage(stage).get("latestExecution", {}).get("pipelineExecutionId")
    return str(found) if found else None


def code(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


@pytest.mark.aws_rule(
    "In mode QUEUED executions enter a stage one at a time and in their order",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
def test_queued_executions_wait_their_turn_before_an_occupied_stage(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    first = workshop.create(workshop.declare([approval()], executionMode="QUEUED"))
    token = workshop.token()
    second = workshop.start()
    workshop.until(lambda: inbound(workshop) == [second])
    third = workshop.start()
    workshop.until(lambda: inbound(workshop) == [second, third])
    workshop.answer(token)
    assert workshop.ended(first) == "Succeeded"
    workshop.until(lambda: latest(workshop) == second)
    assert inbound(workshop) == [third]
    assert workshop.execution(third)["status"] == "InProgress"


@pytest.mark.aws_rule(
    "In mode SUPERSEDED a newer execution takes the place of one that waits before the same stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
def test_a_newer_execution_supersedes_one_that_waits(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    first = workshop.create(workshop.declare([approval()]))
    workshop.token()
    second = workshop.start()
    workshop.until(lambda: inbound(workshop) == [second])
    third = workshop.start()
    assert workshop.ended(second) == "Superseded"
    workshop.until(lambda: inbound(workshop) == [third])
    assert workshop.execution(first)["status"] == "InProgress"


@pytest.mark.aws_rule(
    "A stage runs one execution at a time, but in mode PARALLEL",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html",
)
def test_parallel_executions_wait_for_nobody(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    first = workshop.create(workshop.declare([approval()], executionMode="PARALLEL"))
    second = workshop.start()
    workshop.until(lambda: all("Manual" in workshop.actions(execution) for execution in (first, second)))


def test_a_closed_transition_holds_executions_back(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    codepipeline = workshop.client("codepipeline")
    first = workshop.create(workshop.declare([approval()]))
    workshop.answer(workshop.token())
    assert workshop.ended(first) == "Succeeded"
    place = {"pipelineName": workshop.name, "stageName": "S1", "transitionType": "Inbound"}
    codepipeline.disable_stage_transition(**place, reason="freeze")
    second = workshop.start()
    workshop.until(lambda: inbound(workshop) == [second])
    assert workshop.stage("S1")["inboundTransitionState"]["disabledReason"] == "freeze"
    codepipeline.enable_stage_transition(**place)
    workshop.until(lambda: latest(workshop) == second)


def test_a_failed_stage_is_retried_where_it_failed(workshop: Workshop) -> None:
    workshop.put_source({"bad": ""})
    execution = workshop.create(workshop.declare([approval(), gate(workshop, runOrder=2)]))
    workshop.answer(workshop.token())
    assert workshop.ended(execution) == "Failed"
    retry = {"pipelineName": workshop.name, "stageName": "S1", "pipelineExecutionId": execution}
    workshop.client("codepipeline").retry_stage_execution(**retry, retryMode="FAILED_ACTIONS")
    assert workshop.ended(execution) == "Failed"
    assert len(workshop.stage("S1")["actionStates"]) == 2
    assert workshop.stage("S1")["retryStageMetadata"]["manualStageRetryAttempt"] == 1
    workshop.client("codepipeline").retry_stage_execution(**retry, retryMode="ALL_ACTIONS")
    workshop.answer(workshop.token(), "Rejected", "enough")
    assert workshop.ended(execution) == "Failed"
    with pytest.raises(ClientError) as refused:
        workshop.client("codepipeline").retry_stage_execution(
            **{**retry, "stageName": "Source"}, retryMode="FAILED_ACTIONS"
        )
    assert code(refused) == "StageNotRetryableException"


def test_a_failed_stage_rolls_back_to_what_succeeded_there(workshop: Workshop) -> None:
    good = workshop.put_source({"good": ""})
    declaration = workshop.declare([gate(workshop)])
    declaration["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    first = workshop.create(declaration)
    assert workshop.ended(first) == "Succeeded"
    workshop.put_source({"bad": ""})
    second = workshop.start()
    assert workshop.ended(second) == "Failed"
    workshop.until(lambda: len(workshop.executions()) == 3)
    rollback = workshop.executions()[0]
    assert workshop.ended(rollback["pipelineExecutionId"]) == "Succeeded"
    assert rollback["executionType"] == "ROLLBACK"
    assert rollback["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": second}
    assert rollback["rollbackMetadata"]["rollbackTargetPipelineExecutionId"] == first
    assert rollback["sourceRevisions"][0]["revisionId"] == good
    assert workshop.stage("S1")["latestExecution"]["type"] == "ROLLBACK"
    by_hand = workshop.client("codepipeline").rollback_stage(
        pipelineName=workshop.name, stageName="S1", targetPipelineExecutionId=first
    )["pipelineExecutionId"]
    assert workshop.ended(by_hand) == "Succeeded"
    with pytest.raises(ClientError) as refused:
        workshop.client("codepipeline").rollback_stage(
            pipelineName=workshop.name, stageName="S1", targetPipelineExecutionId=second
        )
    assert code(refused) == "UnableToRollbackStageException"


@pytest.mark.aws_rule(
    "A stage is rolled back only to an execution that was started in the pipeline's current structure version and is no"
    " rollback itself",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html",
)
def test_a_stage_is_not_rolled_back_to_another_structure_or_to_a_rollback(workshop: Workshop) -> None:
    workshop.put_source({"good": ""})
    codepipeline = workshop.client("codepipeline")
    declaration = workshop.declare([approval(), {**gate(workshop), "runOrder": 2}])
    declaration["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    first = workshop.create(declaration)
    workshop.answer(workshop.token())
    assert workshop.ended(first) == "Succeeded"
    rollback = codepipeline.rollback_stage(pipelineName=workshop.name, stageName="S1", targetPipelineExecutionId=first)
    workshop.answer(workshop.token())
    assert workshop.ended(rollback["pipelineExecutionId"]) == "Succeeded"
    target = {"pipelineName": workshop.name, "stageName": "S1"}
    with pytest.raises(ClientError) as refused:
        codepipeline.rollback_stage(**target, targetPipelineExecutionId=rollback["pipelineExecutionId"])
    assert code(refused) == "UnableToRollbackStageException"
    workshop.put_source({"bad": ""})
    failing = workshop.start()
    token = workshop.token()
    declaration["stages"][1]["actions"][0]["configuration"] = {"CustomData": "another structure"}
    codepipeline.update_pipeline(pipeline=declaration)
    workshop.answer(token)
    assert workshop.ended(failing) == "Failed"
    with pytest.raises(ClientError) as refused:
        codepipeline.rollback_stage(**target, targetPipelineExecutionId=first)
    assert code(refused) == "PipelineExecutionOutdatedException"
    assert "not rolled back" in workshop.execution(failing)["statusSummary"]
    assert len(workshop.executions()) == 3


def test_a_failed_stage_is_retried_once_where_it_says_so(workshop: Workshop) -> None:
    workshop.put_source({"bad": ""})
    declaration = workshop.declare([gate(workshop)])
    declaration["stages"][1]["onFailure"] = {"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}
    execution = workshop.create(declaration)
    assert workshop.ended(execution) == "Failed"
    runs = workshop.client("codepipeline").list_action_executions(pipelineName=workshop.name)["actionExecutionDetails"]
    assert [run["actionName"] for run in runs] == ["Gate", "Gate", "Source"]


def test_stopping_waits_for_actions_or_abandons_them(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    codepipeline = workshop.client("codepipeline")
    first = workshop.create(workshop.declare([approval()], [approval(name="Second")]))
    token = workshop.token()
    request = {"pipelineName": workshop.name, "pipelineExecutionId": first}
    codepipeline.stop_pipeline_execution(**request, reason="later")
    assert workshop.execution(first)["status"] == "Stopping"
    with pytest.raises(ClientError) as twice:
        codepipeline.stop_pipeline_execution(**request)
    assert code(twice) == "DuplicatedStopRequestException"
    workshop.answer(token)
    assert workshop.ended(first) == "Stopped"
    assert workshop.executions()[0]["stopTrigger"] == {"reason": "later"}
    second = workshop.start()
    workshop.until(lambda: latest(workshop) == second and workshop._token("S1", "Manual"))
    codepipeline.stop_pipeline_execution(pipelineName=workshop.name, pipelineExecutionId=second, abandon=True)
    assert workshop.ended(second) == "Stopped"
    assert workshop.actions(second)["Manual"]["status"] == "Abandoned"
    with pytest.raises(ClientError) as refused:
        codepipeline.stop_pipeline_execution(pipelineName=workshop.name, pipelineExecutionId=second)
    assert code(refused) == "PipelineExecutionNotStoppableException"


def test_actions_of_equal_order_run_side_by_side_and_all_end(workshop: Workshop) -> None:
    workshop.put_source({"bad": ""})
    execution = workshop.create(workshop.declare([approval(), gate(workshop), approval(name="After", runOrder=2)]))
    workshop.until(lambda: workshop.actions(execution).get("Gate", {}).get("status") == "Failed")
    assert workshop.execution(execution)["status"] == "InProgress"
    workshop.answer(workshop.token())
    assert workshop.ended(execution) == "Failed"
    assert "After" not in workshop.actions(execution)


@pytest.mark.aws_rule(
    "A start with the same client request token is one execution",
    page="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html",
)
def test_a_start_with_the_same_token_is_one_execution(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    workshop.create(workshop.declare([approval()], variables=[{"name": "who", "defaultValue": "x"}]))
    assert workshop.start(clientRequestToken="once") == workshop.start(clientRequestToken="once")
    with pytest.raises(ClientError, match="The pipeline has no variable whom; it has: who"):
        workshop.start(variables=[{"name": "whom", "value": "x"}])


@pytest.mark.aws_rule(
    "Every change of state of a pipeline, a stage and an action is an event",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html",
)
def test_every_change_of_state_is_an_event(workshop: Workshop, server: Server) -> None:
    events: list[Event] = []
    server.cloud.on_event(events.append)
    workshop.put_source({"good": ""})
    execution = workshop.create(workshop.declare([gate(workshop)]))
    assert workshop.ended(execution) == "Succeeded"
    mine = [event for event in events if event.detail.get("execution-id") == execution]
    told = [
        (event.detail_type.split()[1], event.detail.get("action", event.detail.get("stage", "")), event.detail["state"])
        for event in mine
    ]
    assert told == [
        ("Pipeline", "", "STARTED"),
        ("Stage", "Source", "STARTED"),
        ("Action", "Source", "STARTED"),
        ("Action", "Source", "SUCCEEDED"),
        ("Stage", "Source", "SUCCEEDED"),
        ("Stage", "S1", "STARTED"),
        ("Action", "Gate", "STARTED"),
        ("Action", "Gate", "SUCCEEDED"),
        ("Stage", "S1", "SUCCEEDED"),
        ("Pipeline", "", "SUCCEEDED"),
    ]
    builds = [event.detail for event in events if event.detail_type == "CodeBuild Build State Change"]
    mine_too = [detail for detail in builds if detail["project-name"] == f"{workshop.name}-gate"]
    assert [detail["build-status"] for detail in mine_too] == ["IN_PROGRESS", "SUCCEEDED"]
    assert mine_too[0]["additional-information"]["initiator"] == f"codepipeline/{workshop.name}"


def test_a_codepipeline_is_changed_read_listed_tagged_and_deleted(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    codepipeline = workshop.client("codepipeline")
    declaration = workshop.declare([approval()])
    execution = workshop.create(declaration)
    workshop.token()
    declaration["stages"][1]["name"] = "Renamed"
    assert codepipeline.update_pipeline(pipeline=declaration)["pipeline"]["version"] == 2
    assert codepipeline.get_pipeline(name=workshop.name, version=1)["pipeline"]["stages"][1]["name"] == "S1"
    arn = codepipeline.get_pipeline(name=workshop.name)["metadata"]["pipelineArn"]
    assert arn == f"arn:aws:codepipeline:{REGION}:{DEV}:{workshop.name}"
    assert workshop.name in [entry["name"] for entry in codepipeline.list_pipelines()["pipelines"]]
    codepipeline.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    codepipeline.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert codepipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    assert workshop.execution(execution)["pipelineVersion"] == 1
    codepipeline.delete_pipeline(name=workshop.name)
    with pytest.raises(ClientError) as refused:
        codepipeline.get_pipeline_state(name=workshop.name)
    assert code(refused) == "PipelineNotFoundException"


def test_a_webhook_is_refused_in_words(workshop: Workshop) -> None:
    with pytest.raises(ClientError) as refused:
        workshop.client("codepipeline").list_webhooks()
    assert code(refused) == "NotImplemented"


class Process:
    """A server of its own, that can be killed and started again on the same state."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "localaws",
            "start",
            "--port",
            "0",
            "--state",
            str(self._state),
            "--account",
            DEV,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self._endpoint = self.process.stdout.readline().split()[3].rstrip(",")

    def client(self, service: str, **_: Any) -> Any:
        keys = {"aws_access_key_id": DEV, "aws_secret_access_key": read_keys(self._state)[DEV]}
        return boto3.client(service, endpoint_url=self._endpoint, region_name=REGION, **keys)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


def test_a_killed_server_leaves_nothing_in_progress_and_approvals_open(tmp_path: Path, unique: str) -> None:
    server = Process(tmp_path)
    try:
        workshop = Workshop.open(server.client, unique)
        workshop.put_source({"a": "b"})
        project = workshop.project("slow", "version: 0.2\nphases: {build: {commands: [sleep 60]}}")
        waiting = workshop.create(workshop.declare([approval()], [approval(name="Last")]))
        token = workshop.token()
        slow = Workshop(workshop.client, f"{unique}-slow", workshop.role, workshop.build_role)
        declaration = slow.declare(
            [action("Build", "CodeBuild", inputs=["Source"], configuration={"ProjectName": project})]
        )
        declaration["artifactStore"]["location"] = unique
        declaration["stages"][0]["actions"][0]["configuration"]["S3Bucket"] = unique
        running = slow.create(declaration)
        build = slow.until(lambda: _build_of(slow, running))
        time.sleep(2)  # moto's objects are written about a second after a change
        server.kill()
        server.start()
        workshop = Workshop(server.client, unique, "", "")
        slow = Workshop(server.client, f"{unique}-slow", "", "")
        assert slow.ended(running) == "Failed"
        assert "The server that ran this action was stopped" in slow.error(running, "CodeBuild")
        found = server.client("codebuild").batch_get_builds(ids=[build])["builds"][0]
        assert (found["buildStatus"], found["buildComplete"]) == ("FAILED", True)
        assert workshop.token() == token
        workshop.answer(token)
        workshop.token("S2", "Last")
        assert workshop.execution(waiting)["status"] == "InProgress"
    finally:
        server.process.terminate()
        server.process.wait(20)


def _build_of(workshop: Workshop, execution: str) -> str | None:
    run = workshop.actions(execution).get("CodeBuild")
    return run["output"]["executionResult"].get("externalExecutionId") if run else None
