"""What somebody changes past the deployment is told by name, put back by the next deployment, and then it is quiet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import BUCKETS, EmbeddedAws, Site

DRIFT = 23
Hand = Callable[["Stage"], Any]


class Stage:
    """A deployed preprod as a person with the account's own credentials sees it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.name = f"{site.stack}"

    def client(self, service: str) -> Any:
        return self.site.client(service, account=PREPROD)

    def outputs(self) -> dict[str, str]:
        stacks = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}

    def resource(self, logical_id: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def keys(self, prefix: str) -> list[str]:
        answer = self.client("s3").list_objects_v2(Bucket=BUCKETS["preprod"], Prefix=prefix)
        return [each["Key"] for each in answer.get("Contents", [])]

    def artifact(self) -> str:
        (key,) = self.keys(f"model-artifacts/{self.site.group}/")
        return key


@pytest.fixture(scope="module")
def stage(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder: Path = tmp_path_factory.mktemp("site")
    site = Site(folder, embedded_aws.endpoint_url, embedded_aws.client)
    site.register()
    site.put_input()
    done = site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr[-3000:]
    return Stage(site)


def edit_pipeline(stage: Stage) -> None:
    sagemaker, name = stage.client("sagemaker"), stage.name
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"])
    definition["Steps"][0]["Arguments"]["Environment"]["EXTRA"] = "by hand"
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=json.dumps(definition))


def disable_rule(stage: Stage) -> None:
    stage.client("events").disable_rule(Name=stage.outputs()["RuleName"])


def change_target(stage: Stage) -> None:
    events, rule = stage.client("events"), stage.outputs()["RuleName"]
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    for each in target["SageMakerPipelineParameters"]["PipelineParameterList"]:
        if each["Name"] == "InputDataUrl":
            each["Value"] = "s3://elsewhere/input/"
    events.put_targets(Rule=rule, Targets=[target])


def open_queue(stage: Stage) -> None:
    sqs, url = stage.client("sqs"), stage.resource("DeadLetters")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60", "Policy": ""})


def delete_model(stage: Stage) -> None:
    stage.client("sagemaker").delete_model(ModelName=stage.outputs()["ModelName"])


def delete_pipeline(stage: Stage) -> None:
    stage.client("sagemaker").delete_pipeline(PipelineName=stage.name, ClientRequestToken="t" * 32)


def delete_rule(stage: Stage) -> None:
    events, rule = stage.client("events"), stage.outputs()["RuleName"]
    events.remove_targets(Rule=rule, Ids=["Pipeline"])
    events.delete_rule(Name=rule)


def delete_alarm(stage: Stage) -> None:
    stage.client("cloudwatch").delete_alarms(AlarmNames=[stage.resource("ExecutionFailed")])


def silence_alarm(stage: Stage) -> None:
    stage.client("cloudwatch").disable_alarm_actions(AlarmNames=[stage.resource("DeadLetterArrived")])


def empty_dashboard(stage: Stage) -> None:
    body = json.dumps({"widgets": []})
    stage.client("cloudwatch").put_dashboard(DashboardName=stage.name, DashboardBody=body)


def open_topic(stage: Stage) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": stage.resource("AlarmTopic")}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stage.client("sns").set_topic_attributes(
        TopicArn=stage.resource("AlarmTopic"), AttributeName="Policy", AttributeValue=policy
    )


def overwrite_model_data(stage: Stage) -> None:
    stage.client("s3").put_object(Bucket=BUCKETS["preprod"], Key=stage.artifact(), Body=b"another model's archive")


def delete_model_data(stage: Stage) -> None:
    stage.client("s3").delete_object(Bucket=BUCKETS["preprod"], Key=stage.artifact())


def delete_code(stage: Stage) -> None:
    for key in stage.keys(f"pipeline/{stage.site.pipeline}/code-"):
        stage.client("s3").delete_object(Bucket=BUCKETS["preprod"], Key=key)


CHANGED = {
    edit_pipeline: "Pipeline  AWS::SageMaker::Pipeline: PipelineDefinition.Steps.Score.Arguments.Environment.EXTRA is by",
    disable_rule: "Schedule  AWS::Events::Rule: State is DISABLED, released was ENABLED",
    change_target: "PipelineParameterList.InputDataUrl.Value is s3://elsewhere/input/, released was s3://",
    open_queue: "DeadLetters  AWS::SQS::Queue: MessageRetentionPeriod is 60, released was 1209600",
    delete_alarm: "ExecutionFailed  AWS::CloudWatch::Alarm: it is gone",
    silence_alarm: "DeadLetterArrived  AWS::CloudWatch::Alarm: ActionsEnabled is false, released was true",
    empty_dashboard: "Dashboard  AWS::CloudWatch::Dashboard: DashboardBody",
    open_topic: "AlarmTopicPolicy  AWS::SNS::TopicPolicy: PolicyDocument.Statement",
    overwrite_model_data: "model_0.tar.gz  AWS::S3::Object: size is 23 bytes, released was",
}
DELETED = {
    delete_model: "Model  AWS::SageMaker::Model: it is gone",
    delete_pipeline: "Pipeline  AWS::SageMaker::Pipeline: it is gone",
    delete_rule: "Schedule  AWS::Events::Rule: it is gone",
    delete_model_data: "model_0.tar.gz  AWS::S3::Object: it is gone",
    delete_code: "preprocess.py  AWS::S3::Object: it is gone",
}


# Several at once, which a verb tells one by one: each verb is a process of its own.
@pytest.mark.parametrize("hands", [CHANGED, DELETED], ids=["changed", "deleted"])
def test_what_was_done_by_hand_is_told_and_put_back(stage: Stage, hands: dict[Hand, str]) -> None:
    for hand in hands:
        hand(stage)
    drift = stage.site.run("drift", "--stage", "preprod")
    shown = stage.site.run("status", "--stage", "preprod").stdout
    planned = stage.site.run("plan", "--stage", "preprod")
    assert drift.returncode == DRIFT, drift.stderr
    for told in hands.values():
        assert told in drift.stderr
        assert told in shown
        assert told in planned.stdout, planned.stderr
    done = stage.site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert "changed by hand" in done.stdout
    for told in hands.values():
        assert told in done.stderr
    assert stage.site.run("drift", "--stage", "preprod").returncode == 0
    assert stage.site.json("deploy", "--stage", "preprod")["changed"] is False


def test_without_a_hand_change_there_is_no_drift(stage: Stage) -> None:
    answer = stage.site.json("drift", "--stage", "preprod")
    assert (answer["drift"], answer["differences"]) == (False, [])


def test_code_under_another_name_is_refused_by_name_and_nothing_runs(stage: Stage) -> None:
    (key,) = [each for each in stage.keys(f"pipeline/{stage.site.pipeline}/code-") if each.endswith("preprocess.py")]
    s3, bucket = stage.client("s3"), BUCKETS["preprod"]
    before = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    runs = len(stage.site.executions())
    s3.put_object(Bucket=bucket, Key=key, Body=b"print('tampered')\n")
    verified = stage.site.run("verify", "--stage", "preprod")
    assert (verified.returncode, key in verified.stderr) == (DRIFT, True), verified.stderr
    deployed = stage.site.run("deploy", "--stage", "preprod")
    assert (deployed.returncode, key in deployed.stderr) == (8, True), deployed.stderr
    assert len(stage.site.executions()) == runs
    s3.delete_object(Bucket=bucket, Key=key)
    assert stage.site.run("deploy", "--stage", "preprod").returncode == 0
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == before


def test_a_widened_role_is_told_and_left_to_bootstrap(stage: Stage) -> None:
    iam = stage.client("iam")
    (role,) = [
        each["RoleName"]
        for each in iam.list_roles()["Roles"]
        if "JobRole" in each["RoleName"] and "preprod" in each["RoleName"]
    ]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName=role, PolicyName="More", PolicyDocument=document)
    try:
        drift = stage.site.run("drift", "--stage", "preprod")
        assert drift.returncode == DRIFT
        assert "JobRole  AWS::IAM::Role: Policies.More" in drift.stderr
        assert "make bootstrap" in drift.stderr
        told = stage.site.run("deploy", "--stage", "preprod")
        assert "JobRole  AWS::IAM::Role: Policies.More" in told.stderr
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="More")
