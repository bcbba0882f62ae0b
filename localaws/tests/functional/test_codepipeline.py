"""CodePipeline's main path: sources, builds, variables, artifacts, approvals, as boto3 and the AWS CLI see them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.codepipelines import Workshop, action
from tests.functional.conftest import DEV, REGION
from tests.functional.doors import open_queue

Client = Callable[..., Any]

SPEC = """
version: 0.2
env: {exported-variables: [GREETING]}
phases:
  build:
    commands:
      - GREETING="hello $WHO $(cat name.txt)"; echo "$GREETING" >greeting.txt
artifacts: {files: [greeting.txt]}
"""


@pytest.fixture
def workshop(client: Client, unique: str) -> Workshop:
    return Workshop.open(client, unique)


def approval(**members: Any) -> dict[str, Any]:
    return action("Approval", "Manual", **members)


def test_a_creation_runs_once_from_source_through_build_to_the_next_build(workshop: Workshop) -> None:
    version = workshop.put_source({"name.txt": "world", "buildspec.yml": SPEC})
    first = workshop.project("first", "buildspec.yml")
    variables = json.dumps([{"name": "WHO", "value": "#{variables.who}", "type": "PLAINTEXT"}])
    second = workshop.project(
        "second",
        "version: 0.2\nphases: {build: {commands: ['cat greeting.txt $CODEBUILD_SRC_DIR_Source/name.txt']}}",
    )
    execution = workshop.create(
        workshop.declare(
            [
                action(
                    "Build",
                    "CodeBuild",
                    inputs=["Source"],
                    outputs=["Built"],
                    namespace="Build",
                    configuration={"ProjectName": first, "EnvironmentVariables": variables},
                )
            ],
            [
                action(
                    "Test",
                    "CodeBuild",
                    inputs=["Built", "Source"],
                    configuration={"ProjectName": second, "PrimarySource": "Built"},
                ),
                approval(runOrder=2, configuration={"CustomData": "#{Build.GREETING} #{Source.VersionId}"}),
            ],
            variables=[{"name": "who", "defaultValue": "dear"}],
        )
    )
    token = workshop.token("S2")
    waiting = workshop.actions(execution)["Manual"]
    assert waiting["input"]["resolvedConfiguration"]["CustomData"] == f"hello dear world {version}"
    workshop.answer(token, stage="S2")
    assert workshop.ended(execution) == "Succeeded"
    found = workshop.execution(execution)
    assert found["trigger"]["triggerType"] == "CreatePipeline"
    assert found["artifactRevisions"][0]["revisionId"] == version
    built = workshop.stage("S1")["actionStates"][0]["latestExecution"]
    assert built["externalExecutionId"].startswith(first + ":")
    assert workshop.actions(execution)["CodeBuild"]["output"]["outputArtifacts"] == []


def test_artifacts_lie_in_the_store_under_awss_keys(workshop: Workshop, client: Client) -> None:
    workshop.put_source({"name.txt": "x", "buildspec.yml": SPEC})
    project = workshop.project("build", "buildspec.yml")
    execution = workshop.create(
        workshop.declare(
            [
                action(
                    "Build",
                    "CodeBuild",
                    inputs=["Source"],
                    outputs=["BuiltArtifact"],
                    configuration={"ProjectName": project},
                )
            ]
        )
    )
    assert workshop.ended(execution) == "Succeeded"
    place = workshop.actions(execution)["CodeBuild"]["output"]["outputArtifacts"][0]["s3location"]
    assert place["key"].startswith(f"{workshop.name[:20]}/BuiltArtif/")
    content = client("s3").get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["greeting.txt"]


@pytest.mark.aws_rule(
    "A build that fails fails its action",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html",
)
@pytest.mark.parametrize("phase", ["pre_build", "build", "post_build"])
def test_a_failed_build_is_the_actions_error(workshop: Workshop, phase: str) -> None:
    spec = f"version: 0.2\nphases: {{{phase}: {{commands: [exit 7]}}}}"
    workshop.put_source({"a": "b"})
    execution = workshop.create(
        workshop.declare(
            [
                action(
                    "Build",
                    "CodeBuild",
                    inputs=["Source"],
                    configuration={"ProjectName": workshop.project("failing", spec)},
                )
            ]
        )
    )
    assert workshop.ended(execution) == "Failed"
    assert workshop.error(execution, "CodeBuild") == (
        f"JobFailed: Build terminated with state: FAILED. Phase: {phase.upper()}, Code: COMMAND_EXECUTION_ERROR, "
        "Message: Error while executing command: exit 7. Reason: exit status 7"
    )
    assert workshop.stage("S1")["latestExecution"]["status"] == "Failed"


def test_an_artifact_that_the_build_does_not_make_fails_the_action(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    spec = "version: 0.2\nphases: {build: {commands: [ls]}}\nartifacts: {files: [absent.txt]}"
    configuration = {"ProjectName": workshop.project("build", spec)}
    execution = workshop.create(
        workshop.declare(
            [action("Build", "CodeBuild", inputs=["Source"], outputs=["Out"], configuration=configuration)]
        )
    )
    assert workshop.ended(execution) == "Failed"
    assert "no matching artifact paths found" in workshop.error(execution, "CodeBuild")


@pytest.mark.aws_rule(
    "Several output artifacts of an action are the buildspec's secondary artifacts of those names",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/sample-multi-in-out.html",
)
def test_several_outputs_are_the_secondary_artifacts_of_those_names(workshop: Workshop) -> None:
    spec = """
version: 0.2
phases: {build: {commands: [echo 1 >one; echo 2 >two]}}
artifacts:
  secondary-artifacts:
    One: {files: [one]}
    Two: {files: [two]}
"""
    workshop.put_source({"a": "b"})
    configuration = {"ProjectName": workshop.project("build", spec)}
    execution = workshop.create(
        workshop.declare(
            [action("Build", "CodeBuild", inputs=["Source"], outputs=["One", "Two"], configuration=configuration)],
            [
                action(
                    "Deploy",
                    "S3",
                    inputs=["Two"],
                    configuration={"BucketName": workshop.name, "Extract": "true", "ObjectKey": "deployed"},
                )
            ],
        )
    )
    assert workshop.ended(execution) == "Succeeded"
    body = workshop.client("s3").get_object(Bucket=workshop.name, Key="deployed/two")["Body"].read()
    assert body == b"2\n"


@pytest.mark.aws_rule(
    "An approval is answered once, with the token of its own request",
    page="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutApprovalResult.html",
)
def test_an_approval_is_answered_once_and_with_its_own_token(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    execution = workshop.create(workshop.declare([approval()], [approval(name="Last")]))
    token = workshop.token()
    with pytest.raises(ClientError) as stale:
        workshop.answer("00000000-0000-0000-0000-000000000000")
    assert stale.value.response["Error"]["Code"] == "InvalidApprovalTokenException"
    with pytest.raises(ClientError) as long:
        workshop.answer(token, summary="x" * 513)
    assert long.value.response["Error"]["Code"] == "ValidationException"
    workshop.answer(token, summary="ship it")
    with pytest.raises(ClientError) as twice:
        workshop.answer(token)
    assert twice.value.response["Error"]["Code"] == "ApprovalAlreadyCompletedException"
    workshop.token("S2", "Last")
    approved = workshop.stage("S1")["actionStates"][0]["latestExecution"]
    assert (approved["status"], approved["summary"]) == ("Succeeded", "ship it")
    assert approved["lastUpdatedBy"] == f"arn:aws:iam::{DEV}:root"
    assert execution == workshop.stage("S2")["latestExecution"]["pipelineExecutionId"]


@pytest.mark.aws_rule(
    "A rejected approval fails its stage",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html",
)
def test_a_rejection_ends_the_execution_and_keeps_the_reason(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    execution = workshop.create(workshop.declare([approval()], [approval(name="Never")]))
    workshop.answer(workshop.token(), "Rejected", "metrics are worse")
    assert workshop.ended(execution) == "Failed"
    rejected = workshop.stage("S1")["actionStates"][0]["latestExecution"]
    assert (rejected["status"], rejected["summary"]) == ("Failed", "metrics are worse")
    assert "metrics are worse" in rejected["errorDetails"]["message"]
    assert "latestExecution" not in workshop.stage("S2")


@pytest.mark.aws_rule(
    "An approval that nobody answers in time fails",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals.html",
)
def test_an_approval_times_out_by_the_clouds_clock(workshop: Workshop, server: Server) -> None:
    workshop.put_source({"a": "b"})
    execution = workshop.create(workshop.declare([approval(timeoutInMinutes=10)]))
    token = workshop.token()
    server.cloud.clock.advance(601)
    assert workshop.ended(execution) == "Failed"
    with pytest.raises(ClientError) as late:
        workshop.answer(token)
    assert late.value.response["Error"]["Code"] == "ApprovalAlreadyCompletedException"


@pytest.mark.aws_rule(
    "An approval is announced to its topic as a documented JSON document",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html",
)
def test_an_approval_is_announced_to_its_topic(workshop: Workshop, client: Client) -> None:
    topic = client("sns").create_topic(Name=workshop.name)["TopicArn"]
    queue = client("sqs").create_queue(QueueName=workshop.name)["QueueUrl"]
    arn = open_queue(client, f"arn:aws:sqs:{REGION}:{DEV}:{workshop.name}", "sns")
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    workshop.put_source({"a": "b"})
    configuration = {"NotificationArn": topic, "CustomData": "look", "ExternalEntityLink": "https://example.com/e"}
    workshop.create(workshop.declare([approval(configuration=configuration)]))
    token = workshop.token()
    received = workshop.until(lambda: client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    message = json.loads(json.loads(received[0]["Body"])["Message"])
    assert message["region"] == REGION
    assert message["approval"]["token"] == token
    assert message["approval"]["customData"] == "look"
    assert message["approval"]["externalEntityLink"] == "https://example.com/e"


def test_the_aws_cli_starts_watches_and_approves(workshop: Workshop, aws_environment: dict[str, str]) -> None:
    workshop.put_source({"a": "b"})
    workshop.answer(*[workshop.token() for _ in [workshop.create(workshop.declare([approval()]))]])

    def aws(*arguments: str) -> Any:
        cli = Path(sys.executable).parent / "aws"
        done = subprocess.run(
            [str(cli), "codepipeline", *arguments], env=aws_environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    execution = aws("start-pipeline-execution", "--name", workshop.name)["pipelineExecutionId"]
    workshop.until(lambda: workshop.stage("S1").get("latestExecution", {}).get("pipelineExecutionId") == execution)
    workshop.token()
    state = aws("get-pipeline-state", "--name", workshop.name)
    token = state["stageStates"][1]["actionStates"][0]["latestExecution"]["token"]
    place = ("--pipeline-name", workshop.name, "--stage-name", "S1", "--action-name", "Manual")
    aws("put-approval-result", *place, "--token", token, "--result", "summary=ok,status=Approved")
    assert workshop.ended(execution) == "Succeeded"


def test_a_provider_that_is_not_done_is_refused_at_creation(workshop: Workshop) -> None:
    invoke = action("Invoke", "Lambda", configuration={"FunctionName": "f"})
    with pytest.raises(ClientError) as refused:
        workshop.create(workshop.declare([invoke]))
    assert refused.value.response["Error"]["Code"] == "InvalidActionDeclarationException"
    assert "Provider: 'Lambda'" in refused.value.response["Error"]["Message"]


@pytest.mark.aws_rule(
    "A pipeline's role must exist and trust CodePipeline",
    page="https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_CreatePipeline.html",
)
@pytest.mark.parametrize("role", ["nobody", "build"])
def test_a_role_that_codepipeline_may_not_assume_is_refused_at_creation(workshop: Workshop, role: str) -> None:
    arn = f"arn:aws:iam::{DEV}:role/{workshop.name}-{role}"
    with pytest.raises(ClientError) as refused:
        workshop.create(workshop.declare([approval()], roleArn=arn))
    assert refused.value.response["Error"]["Code"] == "InvalidStructureException"
    assert f"CodePipeline is not authorized to perform AssumeRole on role {arn}" in str(refused.value)


def test_a_name_is_taken_once(workshop: Workshop) -> None:
    workshop.create(workshop.declare([approval()]))
    with pytest.raises(ClientError) as refused:
        workshop.create(workshop.declare([approval()]))
    assert refused.value.response["Error"]["Code"] == "PipelineNameInUseException"
