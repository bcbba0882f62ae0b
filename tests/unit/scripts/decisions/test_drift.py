"""Drift is told property by property: any single change by its name, and nothing that AWS merely writes otherwise."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.drift import COMPARED, Difference, Expected, changed, drift_of, repairable, require_no_drift
from scripts.errors import DriftError

TARGET = {
    "Id": "Pipeline",
    "Arn": "arn:aws:sagemaker:ap-southeast-2:550011223344:pipeline/p",
    "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20},
    "SageMakerPipelineParameters": {
        "PipelineParameterList": [
            {"Name": "ModelName", "Value": "m-1"},
            {"Name": "InputDataUrl", "Value": "s3://stage/input/"},
        ]
    },
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "q", "Principal": {"Service": "e"}},
        {"Sid": "Tls", "Effect": "Deny", "Action": ["sqs:*"], "Resource": "q", "Principal": "*"},
    ],
}
DEFINITION = json.dumps({"Version": "1", "Steps": [{"Name": "Score", "Arguments": {"Command": ["sh", "-c", "x"]}}]})
RELEASED: dict[str, tuple[str, dict[str, Any]]] = {
    "Model": (
        "AWS::SageMaker::Model",
        {"ExecutionRoleArn": "r", "EnableNetworkIsolation": "true", "Containers": [{"ModelPackageName": "p/1"}]},
    ),
    "Pipeline": (
        "AWS::SageMaker::Pipeline",
        {"PipelineDisplayName": "p", "PipelineDescription": "d", "RoleArn": "r", "PipelineDefinition": DEFINITION},
    ),
    "Schedule": (
        "AWS::Events::Rule",
        {"Description": "d", "ScheduleExpression": "rate(1 day)", "State": "ENABLED", "Targets": [TARGET]},
    ),
    "Queue": ("AWS::SQS::Queue", {"KmsMasterKeyId": "k", "MessageRetentionPeriod": 1209600}),
    "QueuePolicy": ("AWS::SQS::QueuePolicy", {"Queues": ["q"], "PolicyDocument": POLICY}),
    "Topic": ("AWS::SNS::Topic", {"DisplayName": "t", "KmsMasterKeyId": "k"}),
    "Alarm": (
        "AWS::CloudWatch::Alarm",
        {
            "Threshold": 1,
            "Period": 300,
            "EvaluationPeriods": "26",
            "AlarmActions": ["t"],
            "Dimensions": [{"Name": "PipelineName", "Value": "p"}],
        },
    ),
    "Dashboard": ("AWS::CloudWatch::Dashboard", {"DashboardBody": json.dumps({"widgets": [{"type": "text", "x": 0}]})}),
    "Role": ("AWS::IAM::Role", {"Policies": [{"PolicyName": "Job", "PolicyDocument": POLICY}]}),
}
EXPECTED = [Expected(name, kind, f"id-{name}", properties) for name, (kind, properties) in RELEASED.items()]
DEFAULTS = {"Alarm": {"ActionsEnabled": True}}


def live() -> dict[str, dict[str, Any] | None]:
    return {name: {**DEFAULTS.get(name, {}), **copy.deepcopy(values)} for name, (_, values) in RELEASED.items()}


PLACES = [(name, each) for name, (kind, _) in RELEASED.items() for each in COMPARED[kind]]


def test_what_is_as_released_is_no_drift() -> None:
    assert drift_of(EXPECTED, live()) == ()


@given(st.sampled_from(PLACES), st.text("abc", min_size=3, max_size=8))
def test_any_single_changed_property_is_told_by_its_name_and_nothing_else(place: tuple[str, str], value: str) -> None:
    resource, name = place
    now = live()
    found = now[resource]
    assert found is not None
    found[name] = value
    differences = drift_of(EXPECTED, now)
    assert {each.resource for each in differences} == {resource}
    assert {str(each.path).split(".")[0].split("[")[0] for each in differences} == {name}


@given(st.sampled_from(sorted(RELEASED)))
def test_what_is_gone_is_told(resource: str) -> None:
    (difference,) = drift_of(EXPECTED, {**live(), resource: None})
    assert (difference.resource, difference.path, "it is gone" in difference.line) == (resource, None, True)


def test_what_the_stack_lost_is_told_apart_from_what_is_gone() -> None:
    (difference,) = drift_of([Expected("Model", "AWS::SageMaker::Model", None, {})], {})
    assert (difference.in_stack, difference.path) == (False, None)


def test_what_nobody_read_is_an_error_and_never_unchanged() -> None:
    with pytest.raises(KeyError):
        drift_of(EXPECTED, {})


@given(st.randoms(use_true_random=False))
def test_what_aws_writes_in_another_way_is_the_same(chance: random.Random) -> None:
    now = live()
    schedule, queue, alarm, policy = now["Schedule"], now["Queue"], now["Alarm"], now["QueuePolicy"]
    assert schedule and queue and alarm and policy
    chance.shuffle(schedule["Targets"][0]["SageMakerPipelineParameters"]["PipelineParameterList"])
    queue["MessageRetentionPeriod"] = "1209600"
    alarm |= {"Threshold": 1.0, "EvaluationPeriods": 26, "OKActions": [], "InsufficientDataActions": []}
    statements = copy.deepcopy(POLICY["Statement"])
    assert isinstance(statements, list)
    chance.shuffle(statements)
    statements[0]["Resource"] = [statements[0]["Resource"]]
    policy["PolicyDocument"] = json.dumps({**POLICY, "Statement": statements})
    now["Pipeline"] = {**(now["Pipeline"] or {}), "PipelineDefinition": json.dumps(json.loads(DEFINITION), indent=2)}
    assert drift_of(EXPECTED, now) == ()


def test_a_part_deep_inside_is_told_by_its_path() -> None:
    now = live()
    schedule = now["Schedule"]
    assert schedule
    schedule["Targets"][0]["SageMakerPipelineParameters"]["PipelineParameterList"][1]["Value"] = "s3://elsewhere/"
    schedule["Targets"].append({"Id": "More", "Arn": "arn:aws:lambda:x"})
    lines = [each.line for each in drift_of(EXPECTED, now)]
    assert any("Targets.More is" in line for line in lines)
    assert any(
        "PipelineParameterList.InputDataUrl.Value is s3://elsewhere/, released was s3://" in line for line in lines
    )


def test_the_order_of_a_definitions_lists_counts() -> None:
    other = DEFINITION.replace('["sh", "-c", "x"]', '["x", "-c", "sh"]')
    assert other != DEFINITION
    assert list(changed("PipelineDefinition", DEFINITION, other))


def test_a_container_of_a_model_may_tell_more_than_was_given_but_nothing_else() -> None:
    now = live()
    model = now["Model"]
    assert model
    model["Containers"] = [{"ModelPackageName": "p/1", "Image": "i", "Mode": "SingleModel"}]
    assert drift_of(EXPECTED, now) == ()
    model["Containers"] = [{"Image": "i", "ModelDataUrl": "s3://elsewhere/model.tar.gz"}]
    assert [each.resource for each in drift_of(EXPECTED, now)] == ["Model"]


def test_alarm_actions_that_somebody_switched_off_are_drift_though_the_template_is_silent() -> None:
    now = live()
    alarm = now["Alarm"]
    assert alarm
    alarm["ActionsEnabled"] = False
    assert [each.path for each in drift_of(EXPECTED, now)] == ["ActionsEnabled"]


def test_no_deployment_mends_the_foundation() -> None:
    ours, theirs = (Difference(place, "R", "AWS::IAM::Role", "Policies") for place in ("stack", "foundation"))
    assert repairable([ours, theirs]) == (ours,)


def test_the_next_command_is_one_that_mends_what_was_found() -> None:
    ours, theirs = Difference("stack", "R", "T", None), Difference("foundation", "R", "T", None)
    for found, expected in (
        ([ours], "make deploy STAGE=prod RELEASE=r1   # puts it back, and says so"),
        ([ours, theirs], "make deploy STAGE=prod RELEASE=r1   # puts it back, and says so; the roles: make bootstrap"),
        ([theirs], "make bootstrap   # puts the roles of the foundation back"),
    ):
        with pytest.raises(DriftError) as raised:
            require_no_drift("prod", "r1", found, by_hand=True)
        assert raised.value.next_command == expected
    with pytest.raises(DriftError) as guarded:
        require_no_drift("prod", "r1", [ours])
    assert str(guarded.value.next_command).startswith("make codepipeline; make approve   # puts it back")
    require_no_drift("prod", "r1", [])
