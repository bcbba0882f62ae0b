"""What a person changes past the deployment, one function each, and the line that tells of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import BUCKETS, Site

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
        """The key of the live model's data."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        (arn,) = [e["ParameterValue"] for e in stack["Parameters"] if e["ParameterKey"] == "ModelPackageName"]
        package = self.client("sagemaker").describe_model_package(ModelPackageName=arn)
        url: str = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        return url.split("/", 3)[3]


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


def delete_definition(stage: Stage) -> None:
    (key,) = stage.keys(f"pipeline/{stage.site.pipeline}/definition-")[-1:]
    stage.client("s3").delete_object(Bucket=BUCKETS["preprod"], Key=key)


def delete_release_file(stage: Stage) -> None:
    release = stage.outputs()["ReleaseId"]
    stage.client("s3").delete_object(Bucket=BUCKETS["preprod"], Key=f"releases/{release}/batch-inference.yml")


CHANGED = {
    edit_pipeline: "Pipeline  AWS::SageMaker::Pipeline: PipelineDefinition.Steps.Score.Arguments.Environment.EXTRA is",
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
