"""Putting back: which resources are written, in which order, and with what."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.drift import DEFINITION_PLACE, Difference, Expected
from scripts.errors import AccessDeniedError
from scripts.flows.repair_drift import repair
from scripts.flows.stage_context import StageContext
from scripts.gateways.aws_errors import Actor
from scripts.terminal.progress import Progress

QUEUE, TOPIC = "https://sqs/550011223344/letters", "arn:aws:sns:ap-southeast-2:550011223344:alarms"
RELEASED = (
    Expected("Alarm", "AWS::CloudWatch::Alarm", "alarm-1", {"Threshold": 1, "Period": "300", "AlarmActions": [TOPIC]}),
    Expected(
        "Pipeline",
        "AWS::SageMaker::Pipeline",
        "p",
        {
            "PipelineDisplayName": "p",
            "PipelineDescription": "d",
            "RoleArn": "r",
            DEFINITION_PLACE: {"PipelineDefinitionS3Location": {"Bucket": "b", "Key": "k.json"}},
        },
    ),
    Expected(
        "Model",
        "AWS::SageMaker::Model",
        "arn:aws:sagemaker:ap-southeast-2:550011223344:model/m-1",
        {"ExecutionRoleArn": "r", "EnableNetworkIsolation": "true", "Containers": [{"ModelPackageName": "p/1"}]},
    ),
    Expected(
        "Schedule",
        "AWS::Events::Rule",
        "rule-1",
        {"ScheduleExpression": "rate(1 day)", "State": "DISABLED", "Targets": [{"Id": "Pipeline", "Arn": "a"}]},
    ),
    Expected("Letters", "AWS::SQS::Queue", QUEUE, {"MessageRetentionPeriod": 1209600}),
    Expected("LettersPolicy", "AWS::SQS::QueuePolicy", "x", {"Queues": [QUEUE], "PolicyDocument": {"Statement": []}}),
    Expected("Topic", "AWS::SNS::Topic", TOPIC, {"DisplayName": "t"}),
    Expected("TopicPolicy", "AWS::SNS::TopicPolicy", "y", {"Topics": [TOPIC], "PolicyDocument": {"Statement": []}}),
    Expected("Dashboard", "AWS::CloudWatch::Dashboard", "p", {"DashboardBody": "{}"}),
)


class FakeAccount:
    """Notes every call as (operation, request); ``refuses`` one of them."""

    actor = Actor("550011223344", "deployment")

    def __init__(self, refuses: str = "") -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuses = refuses

    def client(self, _: str) -> FakeAccount:
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            if operation == self.refuses:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized to perform"}}, "X")
            self.calls.append((operation, request))
            return {"Targets": [{"Id": "Pipeline"}, {"Id": "More"}]} if operation == "list_targets_by_rule" else {}

        return call

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.calls]

    def request(self, operation: str) -> dict[str, Any]:
        return next(request for name, request in self.calls if name == operation)


class FakeContext:
    def __init__(self, account: FakeAccount) -> None:
        self.deployment = account


def repaired(*differences: Difference, refuses: str = "") -> FakeAccount:
    account = FakeAccount(refuses)
    repair(cast(StageContext, FakeContext(account)), differences, RELEASED, Progress())
    return account


def changed(resource: str, path: str | None = "Any", **more: Any) -> Difference:
    kind = next(each.type for each in RELEASED if each.logical_id == resource)
    return Difference(more.pop("place", "stack"), resource, kind, path, **more)


def test_only_what_drifted_is_written() -> None:
    account = repaired(changed("Alarm"), changed("Alarm", "Period"))
    assert account.operations == ["put_metric_alarm"]
    assert account.request("put_metric_alarm") == {
        "AlarmName": "alarm-1",
        "Threshold": 1.0,
        "Period": 300,
        "AlarmActions": [TOPIC],
    }


def test_a_changed_pipeline_is_updated_and_a_lost_one_made_under_its_name() -> None:
    changed_one, lost = repaired(changed("Pipeline")), repaired(changed("Pipeline", None))
    assert changed_one.operations == ["update_pipeline"]
    assert lost.operations == ["create_pipeline"]
    where = {"Bucket": "b", "ObjectKey": "k.json"}
    assert lost.request("create_pipeline")["PipelineDefinitionS3Location"] == where


def test_another_model_of_the_name_goes_before_the_released_one_is_made() -> None:
    account = repaired(changed("Model"))
    assert account.operations == ["delete_model", "create_model"]
    request = account.request("create_model")
    assert (request["ModelName"], request["EnableNetworkIsolation"]) == ("m-1", True)


def test_a_rule_starts_nothing_before_its_targets_are_right_and_stays_off_where_it_was_off() -> None:
    account = repaired(changed("Schedule"))
    assert account.operations == ["put_rule", "list_targets_by_rule", "remove_targets", "put_targets"]
    assert account.request("put_rule")["State"] == "DISABLED"
    assert account.request("remove_targets")["Ids"] == ["More"]


@pytest.mark.parametrize(
    ("resource", "policy"), [("Letters", "set_queue_attributes"), ("Topic", "set_topic_attributes")]
)
def test_what_is_made_anew_gets_its_policy_again(resource: str, policy: str) -> None:
    account = repaired(changed(resource, None))
    assert account.operations == [f"create_{'queue' if resource == 'Letters' else 'topic'}", policy]


def test_what_others_refer_to_comes_first() -> None:
    account = repaired(changed("Dashboard"), changed("Alarm"), changed("Schedule"), changed("Pipeline", None))
    assert account.operations[0] == "create_pipeline"
    assert account.operations[-2:] == ["put_metric_alarm", "put_dashboard"]


def test_the_foundation_the_bucket_and_what_the_stack_lost_are_left_alone() -> None:
    others = (
        Difference("foundation", "JobRole", "AWS::IAM::Role", "Policies"),
        Difference("bucket", "s3://b/k", "AWS::S3::Object", None),
        changed("Alarm", None, in_stack=False),
    )
    assert repaired(*others).operations == []


def test_a_refused_call_names_the_role() -> None:
    with pytest.raises(AccessDeniedError, match="denied in account"):
        repaired(changed("Alarm"), refuses="put_metric_alarm")
