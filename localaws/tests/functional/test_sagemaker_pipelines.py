"""SageMaker pipelines by boto3 and by the AWS CLI: real processing jobs, conditions, stop, retry, cache, callbacks."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws.core.events import Event
from localaws.server import Server
from tests.functional.conftest import DEV, REGION, secret_of
from tests.functional.server_process import page

Client = Callable[..., Any]
ROLE_NAME = "pipelines-of-tests"
ROLE = f"arn:aws:iam::{DEV}:role/{ROLE_NAME}"
TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
AWS = str(Path(sys.executable).with_name("aws"))
REPORT = """
import json, os
os.makedirs("/opt/ml/processing/report", exist_ok=True)
with open("/opt/ml/processing/report/report.json", "w") as file:
    json.dump({"auc": {"value": float(os.environ["AUC"])}}, file)
"""


class Pipelines:
    """What the tests do with pipelines, for one bucket and one pipeline name of their own."""

    def __init__(self, client: Client, name: str) -> None:
        self.sagemaker = client("sagemaker")
        self.client = client
        self.name = name

    def create(self, *steps: dict[str, Any], **members: Any) -> str:
        definition = {"Version": "2020-12-01", "Steps": list(steps), **members}
        return str(
            self.sagemaker.create_pipeline(
                PipelineName=self.name, PipelineDefinition=json.dumps(definition), RoleArn=ROLE
            )["PipelineArn"]
        )

    def start(self, parameters: dict[str, str] | None = None, **members: Any) -> str:
        given = [{"Name": name, "Value": value} for name, value in (parameters or {}).items()]
        return str(
            self.sagemaker.start_pipeline_execution(PipelineName=self.name, PipelineParameters=given, **members)[
                "PipelineExecutionArn"
            ]
        )

    def status(self, arn: str) -> str:
        return str(self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"])

    def finish(self, arn: str) -> str:
        until(lambda: self.status(arn) not in ("Executing", "Stopping"))
        return self.status(arn)

    def steps(self, arn: str) -> dict[str, Any]:
        listed = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        return {step["StepName"]: step for step in listed["PipelineExecutionSteps"]}


def create_role(iam: Any) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument=trust)


@pytest.fixture
def pipelines(client: Client, unique: str) -> Pipelines:
    create_role(client("iam"))
    return Pipelines(client, unique)


@pytest.fixture
def bucket(client: Client, unique: str) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="code/report.py", Body=REPORT.encode())
    return unique


@pytest.fixture
def events(server: Server) -> Iterator[list[Event]]:
    heard: list[Event] = []
    server.cloud.on_event(heard.append)
    yield heard


def until(condition: Callable[[], Any], longest: float = 30) -> None:
    deadline = time.monotonic() + longest
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def report_step(bucket: str, command: list[str] | None = None, **members: Any) -> dict[str, Any]:
    """A processing step that writes report.json with the parameter Auc."""
    local = "/opt/ml/processing"
    arguments = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
        "AppSpecification": {
            "ImageUri": f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/python:3",
            "ContainerEntrypoint": command or ["python3", f"{local}/input/code/report.py"],
        },
        "RoleArn": ROLE,
        "Environment": {"AUC": {"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Auc"}]}}},
        "ProcessingInputs": [
            {
                "InputName": "code",
                "S3Input": {
                    "S3Uri": f"s3://{bucket}/code/",
                    "LocalPath": f"{local}/input/code",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "report",
                    "S3Output": {
                        "S3Uri": {
                            "Std:Join": {
                                "On": "/",
                                "Values": [f"s3://{bucket}", {"Get": "Execution.PipelineExecutionId"}],
                            }
                        },
                        "LocalPath": f"{local}/report",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    }
    file = {"PropertyFileName": "report", "OutputName": "report", "FilePath": "report.json"}
    return {"Name": "Report", "Type": "Processing", "Arguments": arguments, "PropertyFiles": [file], **members}


AUC = {"Name": "Auc", "Type": "Float", "DefaultValue": 0.9}


def fail_step(message: Any, name: str = "Stop") -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def model_step(name: str = "Model") -> dict[str, Any]:
    arguments = {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/m:1"}}
    return {"Name": name, "Type": "Model", "Arguments": arguments}


def callback_step(queue: str) -> dict[str, Any]:
    return {
        "Name": "Ask",
        "Type": "Callback",
        "SqsQueueUrl": queue,
        "Arguments": {"question": 1},
        "OutputParameters": [{"OutputName": "answer", "OutputType": "Integer"}],
    }


def client_of(server: Server, service: str) -> Any:
    keys = {"aws_access_key_id": DEV, "aws_secret_access_key": secret_of(server, DEV)}
    return boto3.client(service, endpoint_url=server.endpoint_url, region_name=REGION, **keys)


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_property_file_of_a_real_job_decides_the_branch(pipelines: Pipelines, bucket: str) -> None:
    auc = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Report.PropertyFiles.report"}, "Path": "auc.value"}}
    condition = {
        "Name": "GoodEnough",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [{"Type": "GreaterThanOrEqualTo", "LeftValue": auc, "RightValue": 0.8}],
            "IfSteps": [model_step()],
            "ElseSteps": [fail_step({"Std:Join": {"On": "", "Values": ["auc ", {"Get": "Parameters.Auc"}]}})],
        },
    }
    pipelines.create(report_step(bucket), condition, Parameters=[AUC])
    good, bad = pipelines.start(), pipelines.start({"Auc": "0.5"})
    assert pipelines.finish(good) == "Succeeded"
    assert pipelines.finish(bad) == "Failed"
    steps = pipelines.steps(good)
    assert list(steps) == ["Report", "GoodEnough", "Model"]
    job = steps["Report"]["Metadata"]["ProcessingJob"]["Arn"]
    assert f"processing-job/pipelines-{good.rsplit('/', 1)[-1]}-Report-" in job
    assert steps["GoodEnough"]["Metadata"]["Condition"]["Outcome"] == "True"
    assert pipelines.steps(bad)["Stop"]["FailureReason"] == "auc 0.5"
    assert refused(pipelines.sagemaker.retry_pipeline_execution, PipelineExecutionArn=bad)[0] == "ConflictException"


@pytest.mark.aws_rule(
    "A failed step fails its execution; a retry goes on from there",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html",
)
def test_a_failing_job_fails_the_execution_and_a_retry_goes_on(
    pipelines: Pipelines, bucket: str, client: Client
) -> None:
    pipelines.create(report_step(bucket), model_step() | {"DependsOn": ["Report"]}, Parameters=[AUC])
    client("s3").put_object(Bucket=bucket, Key="code/report.py", Body=b"raise SystemExit('no luck')")
    arn = pipelines.start()
    assert pipelines.finish(arn) == "Failed"
    assert pipelines.steps(arn)["Report"]["FailureReason"].startswith("ClientError: AlgorithmError")
    assert list(pipelines.steps(arn)) == ["Report"]
    client("s3").put_object(Bucket=bucket, Key="code/report.py", Body=REPORT.encode())
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.finish(arn) == "Succeeded"
    assert list(pipelines.steps(arn)) == ["Report", "Model"]


@pytest.mark.aws_rule(
    "A step beyond a quota is tried again as its retry policy for SageMaker.RESOURCE_LIMIT says",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
)
def test_a_step_waits_for_its_quota_as_its_policy_says(
    pipelines: Pipelines, bucket: str, client: Client, server: Server
) -> None:
    kind = "ml.c5.4xlarge"
    policy = {"ExceptionType": ["SageMaker.RESOURCE_LIMIT"], "IntervalSeconds": 60, "ExpireAfterMin": 14_400}
    waiting = report_step(bucket, RetryPolicies=[policy])
    waiting["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] = kind
    pipelines.create(waiting, Parameters=[AUC])
    arn = pipelines.start()
    until(lambda: passed(server, 120) and pipelines.steps(arn).get("Report", {}).get("AttemptCount", 0) > 1)
    shown = pipelines.steps(arn)["Report"]
    assert shown["StepStatus"] == "Executing"
    assert "FailureReason" not in shown
    assert not shown.get("Metadata")
    increase_quota(client, f"{kind} for processing job usage")
    until(lambda: passed(server, 600) and "Metadata" in pipelines.steps(arn)["Report"])
    assert pipelines.finish(arn) == "Succeeded"


@pytest.mark.aws_rule(
    "A job for which there is no capacity fails with CapacityError, and SageMaker.CAPACITY_ERROR retries it",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html",
)
def test_a_step_waits_for_capacity_as_its_policy_says(pipelines: Pipelines, bucket: str, server: Server) -> None:
    kind = "ml.c4.2xlarge"
    policy = {"ExceptionType": ["SageMaker.CAPACITY_ERROR"], "IntervalSeconds": 3600, "MaxAttempts": 2}
    waiting = report_step(bucket, RetryPolicies=[policy])
    waiting["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] = kind
    pipelines.create(waiting, Parameters=[AUC])
    say_capacity(server, kind, short=True)
    arn = pipelines.start()
    until(lambda: "Metadata" in pipelines.steps(arn).get("Report", {}))
    job = pipelines.steps(arn)["Report"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    describe = pipelines.sagemaker.describe_processing_job
    until(lambda: describe(ProcessingJobName=job)["ProcessingJobStatus"] == "Failed")
    assert describe(ProcessingJobName=job)["FailureReason"].startswith(
        "CapacityError: Unable to provision requested ML"
    )
    assert pipelines.steps(arn)["Report"]["StepStatus"] == "Executing"
    say_capacity(server, kind, short=False)
    until(lambda: passed(server, 3601) and pipelines.steps(arn)["Report"]["AttemptCount"] == 2)
    assert pipelines.finish(arn) == "Succeeded"


def increase_quota(client: Client, name: str) -> None:
    service = client("service-quotas")
    pages = service.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    (code,) = (each["QuotaCode"] for page in pages for each in page["Quotas"] if each["QuotaName"] == name)
    service.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=code, DesiredValue=1)


def passed(server: Server, seconds: float) -> bool:
    return bool(server.cloud.clock.advance(seconds))


def say_capacity(server: Server, instance_type: str, short: bool) -> None:
    body = {"instance_type": instance_type, "short": short}
    found = page(server.endpoint_url, server.cloud.control_token, "/_localaws/capacity", body)
    assert (instance_type in found["short"]) is short


def test_stopping_stops_the_running_job(pipelines: Pipelines, bucket: str) -> None:
    pipelines.create(report_step(bucket, ["python3", "-c", "import time; time.sleep(600)"]), Parameters=[AUC])
    arn = pipelines.start()
    until(lambda: "Metadata" in pipelines.steps(arn).get("Report", {}))
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.finish(arn) == "Stopped"
    assert pipelines.steps(arn)["Report"]["StepStatus"] == "Stopped"
    assert refused(pipelines.sagemaker.stop_pipeline_execution, PipelineExecutionArn=arn)[0] == "ConflictException"


@pytest.mark.aws_rule(
    "A cached step stands for one with the same arguments, but for those that do not change the outcome",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html",
)
def test_a_cached_step_is_not_run_again(pipelines: Pipelines, bucket: str) -> None:
    pipelines.create(report_step(bucket, CacheConfig={"Enabled": True, "ExpireAfter": "P1D"}), Parameters=[AUC])
    first = pipelines.start()
    assert pipelines.finish(first) == "Succeeded"
    again, other = pipelines.start(), pipelines.start({"Auc": "0.1"})
    assert (pipelines.finish(again), pipelines.finish(other)) == ("Succeeded", "Succeeded")
    assert pipelines.steps(again)["Report"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    assert "CacheHitResult" not in pipelines.steps(other)["Report"]


@pytest.mark.aws_rule(
    "A callback step waits until its token is answered",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps-types.html#step-type-callback",
)
def test_a_callback_waits_for_an_answer_and_hands_it_on(pipelines: Pipelines, client: Client, unique: str) -> None:
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    answer = {"Std:Join": {"On": "", "Values": ["it is ", {"Get": "Steps.Ask.OutputParameters['answer']"}]}}
    pipelines.create(callback_step(queue), fail_step(answer))
    arn = pipelines.start()
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    body = json.loads(message["Body"])
    assert (body["status"], body["arguments"]) == ("Executing", {"question": 1})
    output = [{"Name": "answer", "Value": "42"}]
    pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=body["token"], OutputParameters=output)
    assert pipelines.finish(arn) == "Failed"
    assert pipelines.steps(arn)["Stop"]["FailureReason"] == "it is 42"
    failure = {"CallbackToken": body["token"], "FailureReason": "late"}
    assert refused(pipelines.sagemaker.send_pipeline_execution_step_failure, **failure)[0] == "ConflictException"


def test_a_stopped_callback_is_told_and_awaited(pipelines: Pipelines, client: Client, unique: str) -> None:
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    pipelines.create(callback_step(queue))
    arn = pipelines.start()
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    (told,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert json.loads(told["Body"])["status"] == "Stopping"
    assert pipelines.status(arn) == "Stopping"
    token = json.loads(told["Body"])["token"]
    pipelines.sagemaker.send_pipeline_execution_step_failure(CallbackToken=token)
    assert pipelines.finish(arn) == "Stopped"


def test_a_package_is_registered_in_a_group_that_the_step_makes(pipelines: Pipelines, unique: str) -> None:
    specification = {"Containers": [{"Image": f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/m:1"}]}
    arguments = {
        "ModelPackageGroupName": unique,
        "InferenceSpecification": specification,
        "ModelApprovalStatus": "Approved",
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    pipelines.create({"Name": "Register", "Type": "RegisterModel", "Arguments": arguments})
    arn = pipelines.start()
    assert pipelines.finish(arn) == "Succeeded"
    package = pipelines.steps(arn)["Register"]["Metadata"]["RegisterModel"]["Arn"]
    assert pipelines.sagemaker.describe_model_package(ModelPackageName=package)["ModelApprovalStatus"] == "Approved"


@pytest.mark.aws_rule(
    "A selective execution borrows outputs of an earlier execution for steps that are not selected",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-selective-ex.html",
)
def test_only_the_selected_steps_run_with_borrowed_outputs(pipelines: Pipelines) -> None:
    name = {"Get": "Steps.Model.ModelName"}
    pipelines.create(model_step(), fail_step({"Std:Join": {"On": " ", "Values": ["model", name]}}))
    first = pipelines.start()
    assert pipelines.finish(first) == "Failed"
    config = {"SourcePipelineExecutionArn": first, "SelectedSteps": [{"StepName": "Stop"}]}
    arn = pipelines.start(SelectiveExecutionConfig=config)
    assert pipelines.finish(arn) == "Failed"
    steps, before = pipelines.steps(arn), pipelines.steps(first)
    assert steps["Stop"]["FailureReason"] == before["Stop"]["FailureReason"]
    assert steps["Model"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": first}
    assert refused(pipelines.start, SelectiveExecutionConfig={"SelectedSteps": [{"StepName": "X"}]})[0] == (
        "ValidationException"
    )


@pytest.mark.aws_rule(
    "A parameter's value has its type and is among its allowed values",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-parameters.html",
)
def test_parameters_are_checked_kept_and_listed(pipelines: Pipelines) -> None:
    name = {"Name": "Name", "Type": "String"}
    pipelines.create(model_step(), Parameters=[AUC, name])
    for parameters in ({"Name": "x", "Auk": "1"}, {"Name": "x", "Auc": "high"}, {}):
        assert refused(pipelines.start, parameters=parameters)[0] == "ValidationException"
    arn = pipelines.start({"Name": "x"}, PipelineExecutionDisplayName="first")
    listed = pipelines.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert listed == [{"Name": "Auc", "Value": "0.9"}, {"Name": "Name", "Value": "x"}]
    described = pipelines.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert described["PipelineExecutionDisplayName"] == "first"
    assert pipelines.finish(arn) == "Succeeded"


def test_an_argument_that_sagemaker_lacks_is_refused_with_the_pipeline(pipelines: Pipelines, bucket: str) -> None:
    step = report_step(bucket)
    source = step["Arguments"]["ProcessingInputs"][0]["S3Input"]
    source["S3Urii"] = source.pop("S3Uri")
    declared = [{"Name": "Auc", "Type": "String", "DefaultValue": "1"}]
    code, message = refused(lambda: pipelines.create(step, Parameters=declared))
    assert code == "ValidationException"
    assert "Arguments.ProcessingInputs[0].S3Input has no member S3Urii" in message


def test_an_argument_that_a_parameter_makes_wrong_fails_the_step_in_words(pipelines: Pipelines, bucket: str) -> None:
    step = report_step(bucket)
    step["Arguments"]["RoleArn"] = {"Get": "Parameters.Auc"}
    pipelines.create(step, Parameters=[{"Name": "Auc", "Type": "String", "DefaultValue": "no role"}])
    arn = pipelines.start()
    assert pipelines.finish(arn) == "Failed"
    reason = pipelines.steps(arn)[step["Name"]]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateProcessingJob") and "RoleArn" in reason


@pytest.mark.aws_rule(
    "A start with the same client request token is one execution",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StartPipelineExecution.html",
)
def test_a_token_starts_one_execution(pipelines: Pipelines) -> None:
    pipelines.create(model_step(), Parameters=[AUC])
    token = "a" * 32
    first = pipelines.start(ClientRequestToken=token)
    assert pipelines.start(ClientRequestToken=token) == first
    assert refused(pipelines.start, parameters={"Auc": "0.1"}, ClientRequestToken=token)[0] == "ConflictException"
    assert pipelines.finish(first) == "Succeeded"


@pytest.mark.aws_rule(
    "A definition has version 2020-12-01, unique step names, known references, no circle and at most 1 MB",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html",
)
def test_a_wrong_definition_and_a_taken_name_are_refused(pipelines: Pipelines) -> None:
    code, message = refused(pipelines.create, **{"Steps": [{"Name": "T", "Type": "Training", "Arguments": {}}]})
    assert code == "ValidationException"
    assert "Training" in message
    pipelines.create(model_step())
    request = {"PipelineName": pipelines.name, "PipelineDefinition": "{}", "RoleArn": ROLE}
    assert "Version" in refused(pipelines.sagemaker.create_pipeline, **request)[1]
    with pytest.raises(ClientError, match="Pipeline names must be unique within"):
        pipelines.create(model_step())


def test_a_definition_may_lie_in_s3(pipelines: Pipelines, bucket: str, client: Client) -> None:
    location = {"Bucket": bucket, "ObjectKey": "definition.json"}
    request = {"PipelineName": pipelines.name, "RoleArn": ROLE, "PipelineDefinitionS3Location": location}
    assert refused(pipelines.sagemaker.create_pipeline, **request)[0] == "ValidationException"
    text = json.dumps({"Version": "2020-12-01", "Steps": [model_step()]})
    client("s3").put_object(Bucket=bucket, Key="definition.json", Body=text.encode())
    pipelines.sagemaker.create_pipeline(**request)
    assert pipelines.sagemaker.describe_pipeline(PipelineName=pipelines.name)["PipelineDefinition"] == text


def test_an_update_makes_a_version_and_executions_keep_theirs(pipelines: Pipelines) -> None:
    pipelines.create(model_step())
    first = pipelines.start()
    text = json.dumps({"Version": "2020-12-01", "Steps": [model_step("Other")]})
    updated = pipelines.sagemaker.update_pipeline(PipelineName=pipelines.name, PipelineDefinition=text)
    assert updated["PipelineVersionId"] == 2
    second = pipelines.start()
    assert (pipelines.finish(first), pipelines.finish(second)) == ("Succeeded", "Succeeded")
    assert (list(pipelines.steps(first)), list(pipelines.steps(second))) == (["Model"], ["Other"])
    described = pipelines.sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=second)
    assert described["PipelineDefinition"] == text
    old = pipelines.sagemaker.describe_pipeline(PipelineName=pipelines.name, PipelineVersionId=1)
    assert old["PipelineDefinition"] != text


def test_executions_are_listed_in_pages_newest_first_and_go_with_the_pipeline(pipelines: Pipelines) -> None:
    pipelines.create(model_step())
    arns = [pipelines.start() for _ in range(3)]
    paginator = pipelines.sagemaker.get_paginator("list_pipeline_executions")
    pages = paginator.paginate(PipelineName=pipelines.name, PaginationConfig={"PageSize": 2})
    listed = [item["PipelineExecutionArn"] for page in pages for item in page["PipelineExecutionSummaries"]]
    assert listed == arns[::-1]
    assert [pipelines.finish(arn) for arn in arns] == ["Succeeded"] * 3
    pipelines.sagemaker.delete_pipeline(PipelineName=pipelines.name)
    assert refused(pipelines.sagemaker.describe_pipeline, PipelineName=pipelines.name)[0] == "ResourceNotFound"
    missing = {"PipelineExecutionArn": arns[0]}
    assert refused(pipelines.sagemaker.describe_pipeline_execution, **missing)[0] == "ResourceNotFound"


@pytest.mark.aws_rule(
    "Changes of executions and steps are events on the default bus",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html",
)
def test_changes_are_announced_and_measured(pipelines: Pipelines, client: Client, events: list[Event]) -> None:
    pipelines.create(model_step())
    arn = pipelines.start()
    assert pipelines.finish(arn) == "Succeeded"
    heard = [event for event in events if arn in event.resources]
    until(lambda: len([event for event in events if arn in event.resources]) == 5)
    heard = [event for event in events if arn in event.resources]
    executions = [event.detail for event in heard if "Step" not in event.detail_type]
    steps = [event.detail for event in heard if "Step" in event.detail_type]
    assert [detail["currentPipelineExecutionStatus"] for detail in executions] == ["Executing", "Succeeded"]
    assert executions[1]["previousPipelineExecutionStatus"] == "Executing"
    assert executions[1]["executionEndTime"] >= executions[1]["executionStartTime"]
    assert [detail["currentStepStatus"] for detail in steps] == ["Starting", "Executing", "Succeeded"]
    assert steps[2]["metadata"]["model"]["arn"].startswith("arn:aws:sagemaker:")
    metrics = client("cloudwatch").list_metrics(
        Namespace="AWS/Sagemaker/ModelBuildingPipeline",
        Dimensions=[{"Name": "PipelineName", "Value": pipelines.name}],
    )["Metrics"]
    assert {"ExecutionStarted", "ExecutionSucceeded", "ExecutionDuration", "StepSucceeded"} <= {
        metric["MetricName"] for metric in metrics
    }


def test_an_execution_that_a_killed_server_left_is_failed_and_can_be_retried(tmp_path: Path, unique: str) -> None:
    first = Server(0, tmp_path, tmp_path / "work", [DEV])
    first.run_in_thread()
    sagemaker = client_of(first, "sagemaker")
    create_role(client_of(first, "iam"))
    definition = {"Version": "2020-12-01", "Steps": [model_step()]}
    sagemaker.create_pipeline(PipelineName=unique, PipelineDefinition=json.dumps(definition), RoleArn=ROLE)
    arn = sagemaker.start_pipeline_execution(PipelineName=unique)["PipelineExecutionArn"]
    key = f"{DEV}/{REGION}/{unique}/{arn.rsplit('/', 1)[-1]}"

    def table(server: Server, kind: str = "sagemaker.pipeline_execution") -> Any:
        return server.cloud.store.table(kind)

    until(lambda: table(first).get(key)["PipelineExecutionStatus"] == "Succeeded")
    # The state of a server that was killed in the middle: both records still say Executing.
    with table(first).edit(key) as document:
        document["PipelineExecutionStatus"] = "Executing"
    with table(first, "sagemaker.pipeline_step").edit(f"{key}/Model") as document:
        document["StepStatus"] = "Executing"
    first.stop()
    until(first.cloud.workers.stopping.is_set)
    second = Server(0, tmp_path, tmp_path / "work", [DEV])
    second.run_in_thread()
    try:
        sagemaker = client_of(second, "sagemaker")
        described = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        assert described["PipelineExecutionStatus"] == "Failed"
        assert "localaws was stopped" in described["FailureReason"]
        sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
        until(lambda: table(second).get(key)["PipelineExecutionStatus"] == "Succeeded")
    finally:
        second.stop()


def test_the_aws_cli_starts_and_lists_steps(pipelines: Pipelines, aws_environment: dict[str, str]) -> None:
    pipelines.create(model_step(), Parameters=[AUC])

    def aws(*arguments: str) -> Any:
        done = subprocess.run(
            [AWS, "sagemaker", *arguments], env=aws_environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    started = aws(
        "start-pipeline-execution",
        "--pipeline-name",
        pipelines.name,
        "--pipeline-parameters",
        "Name=Auc,Value=0.7",
    )
    arn = started["PipelineExecutionArn"]
    assert pipelines.finish(arn) == "Succeeded"
    listed = aws("list-pipeline-execution-steps", "--pipeline-execution-arn", arn)["PipelineExecutionSteps"]
    assert [(step["StepName"], step["StepStatus"]) for step in listed] == [("Model", "Succeeded")]


@pytest.mark.aws_rule(
    "A transform job needs a model that exists when the job is created, whenever its execution began",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
def test_a_transform_step_fails_where_its_model_was_deleted_meanwhile(
    pipelines: Pipelines, client: Client, unique: str
) -> None:
    queue = client("sqs").create_queue(QueueName=unique)["QueueUrl"]
    image = f"{DEV}.dkr.ecr.{REGION}.amazonaws.com/python:3"
    pipelines.sagemaker.create_model(ModelName=unique, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
    arguments = {
        "ModelName": unique,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{unique}/in/"}},
        },
        "TransformOutput": {"S3OutputPath": f"s3://{unique}/out/"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    wait = callback_step(queue)
    pipelines.create(wait, {"Name": "Score", "Type": "Transform", "Arguments": arguments, "DependsOn": [wait["Name"]]})
    arn = pipelines.start()
    (message,) = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    token = json.loads(message["Body"])["token"]
    pipelines.sagemaker.delete_model(ModelName=unique)
    answer = [{"Name": "answer", "Value": "1"}]
    pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=token, OutputParameters=answer)
    assert pipelines.finish(arn) == "Failed"
    assert "Could not find model" in pipelines.steps(arn)["Score"]["FailureReason"]


def test_lists_are_bounded_by_time(pipelines: Pipelines, unique: str) -> None:
    pipelines.create(fail_step("no"))
    pipelines.start()
    sagemaker, now = pipelines.sagemaker, datetime.now(UTC)
    sagemaker.create_model_package_group(ModelPackageGroupName=unique)
    calls: list[tuple[Callable[..., Any], str, str, dict[str, str]]] = [
        (sagemaker.list_pipelines, "Created", "PipelineSummaries", {"PipelineNamePrefix": unique}),
        (sagemaker.list_pipeline_executions, "Created", "PipelineExecutionSummaries", {"PipelineName": unique}),
        (sagemaker.list_model_package_groups, "CreationTime", "ModelPackageGroupSummaryList", {"NameContains": unique}),
        (sagemaker.list_model_packages, "CreationTime", "", {"ModelPackageGroupName": unique}),
    ]
    for call, prefix, member, request in calls:
        hour = timedelta(hours=1)
        before = call(**request, **{f"{prefix}Before": now - hour}).get(member, [])
        after = call(**request, **{f"{prefix}After": now - hour}).get(member, [])
        assert (len(before), len(after)) == (0, 1 if member else 0)
