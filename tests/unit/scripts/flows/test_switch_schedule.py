"""Switching a schedule: the record first, then ScheduleState alone, and nothing where somebody else was faster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.decisions.schedule_switch import Switch
from scripts.decisions.stacks import Stack
from scripts.errors import ExecutionError, StackError
from scripts.flows.stage_context import StageContext
from scripts.flows.switch_schedule import Standing, switch_schedule, switches_anything
from scripts.gateways.aws_errors import Actor
from scripts.gateways.stacks import ChangeSet, StackRequest
from scripts.terminal.progress import Progress
from tests.unit.scripts.releases import FOUNDATION, NAMES, SETTINGS, deployed_stack

PARAMETERS = {"ReleaseId": "r", "ScheduleState": "ENABLED"}
AFTER = deployed_stack({"ReleaseId": "newer", "ScheduleState": "ENABLED"})
OFF = Switch("off", "2030-01-01", "arn:ada", "bad input")


class FakeCodePipeline:
    """The dev account's client: one look after the other says how the stage's change set stands; empty: none exists."""

    promotes_in = executes_in = "Preprod"

    def __init__(self, looks: list[str], denied: bool = False) -> None:
        self.looks, self.denied = looks, denied
        self.actor = Actor("012345670123")

    def client(self, service: str) -> FakeCodePipeline:
        assert service == "codepipeline"
        return self

    def get_pipeline(self, name: str) -> dict[str, Any]:
        code = "AccessDeniedException" if self.denied else "PipelineNotFoundException"
        if self.denied or not self.looks:
            raise ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}, "GetPipeline")
        return {"pipeline": {"stages": []}}

    def get_pipeline_state(self, name: str) -> dict[str, Any]:
        latest = {"pipelineExecutionId": "e1", "status": "Failed" if self.looks[0] == "left" else "InProgress"}
        return {"stageStates": [{"stageName": self.promotes_in, "latestExecution": latest}]}

    def get_paginator(self, _: str) -> FakeCodePipeline:
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        promote = {"stageName": self.promotes_in, "actionName": "Promote", "status": "Succeeded"}
        run = {"stageName": self.executes_in, "actionName": "ExecuteChangeSet", "status": look}
        done = {"before": [], "promotes": [promote]}
        yield {"actionExecutionDetails": done.get(look, [run, promote])}


class FakeContext:
    """A stage whose bucket takes a record or not, and whose stack notes what is asked of it, in order."""

    stage, settings, names, foundation = "preprod", SETTINGS, NAMES, FOUNDATION

    def __init__(self, *, faster: bool = False, looks: Sequence[str] = (), denied: bool = False) -> None:
        self.faster = faster
        self.dev = FakeCodePipeline(list(looks), denied)
        events = SimpleNamespace(disable_rule=lambda Name: self.done.append(f"disable {Name}"))  # noqa: N803 (AWS's)
        self.deployment = SimpleNamespace(client=lambda _: events, actor=None)
        self.stacks = SimpleNamespace(describe=lambda _: AFTER)
        self.done: list[str] = []
        self.requests: list[StackRequest] = []
        self.accounts = self.deployment_objects = self.deployment_stacks = self

    def sleep(self, _: float) -> None:
        self.done.append("wait")

    def identity(self, account: str) -> Mapping[str, str]:
        return {"Arn": "arn:ada"}

    def replace(self, bucket: str, key: str, content: bytes, kms_key_arn: str, etag: str | None) -> bool:
        self.done.append(f"write over {etag}")
        return not self.faster

    def make_change_set(self, request: StackRequest) -> ChangeSet:
        self.done.append("change set")
        self.requests.append(request)
        return ChangeSet(f"arn:changeSet/{request.change_set}/1", request.change_set, request.name, (), empty=True)


def switched(context: FakeContext, standing: Standing, wanted: Any) -> tuple[Switch | None, bool]:
    return switch_schedule(cast(StageContext, context), standing, wanted, "late", Progress(colour=False))


def standing(switch: Switch | None = None, stack: Stack | None = None) -> Standing:
    return Standing(switch, '"e1"' if switch else None, stack or deployed_stack(PARAMETERS))


def test_the_record_is_written_before_the_stack_is_touched_and_one_parameter_alone_changes() -> None:
    context = FakeContext()
    switch, changed = switched(context, standing(), "off")
    assert context.done == ["write over None", "change set"]
    assert switch is not None
    assert (switch.state, switch.by, switch.reason, changed) == ("off", "arn:ada", "late", True)
    (request,) = context.requests
    assert request.parameters == {"ReleaseId": None, "ScheduleState": "DISABLED"}
    assert (request.template, request.tags) == (None, None)
    assert request.role_arn == FOUNDATION.cloudformation_role_arn


def test_what_the_codepipeline_is_about_to_execute_is_let_past_and_the_stack_then_follows_the_record() -> None:
    context = FakeContext(looks=["promotes", "promotes", "InProgress", "Succeeded"])
    before = replace(deployed_stack(PARAMETERS), outputs={"RuleName": "r"})
    switch, changed = switched(context, standing(stack=before), "off")
    assert context.done == ["write over None", "disable r", "wait", "wait", "change set"]
    assert context.requests[0].parameters == {"ReleaseId": None, "ScheduleState": "DISABLED"}
    assert (switch and switch.state, changed) == ("off", True)


@pytest.mark.parametrize(("looks", "denied"), [(["Succeeded"], False), (["left"], False), ([], False), ([], True)])
def test_a_codepipeline_that_is_elsewhere_or_not_there_or_not_to_be_read_holds_nothing_up(
    looks: list[str], denied: bool
) -> None:
    context = FakeContext(looks=looks, denied=denied)
    switched(context, standing(), "off")
    assert context.done == ["write over None", "change set"]


def test_where_somebody_was_faster_the_stack_is_left_alone() -> None:
    context = FakeContext(faster=True)
    with pytest.raises(ExecutionError) as refused:
        switched(context, standing(OFF), "on")
    assert context.done == ['write over "e1"']
    assert "make status" in str(refused.value.next_command)


def test_a_record_without_its_stack_is_carried_out_under_its_own_reason() -> None:
    context = FakeContext()
    switch, _ = switched(context, standing(OFF), "off")
    assert switch == OFF
    assert context.done == ["change set"]


def test_what_is_so_already_is_left_so() -> None:
    context = FakeContext()
    off = deployed_stack({**PARAMETERS, "ScheduleState": "DISABLED"})
    assert switched(context, standing(OFF, off), "off") == (OFF, False)
    assert switched(context, standing(None), "on") == (None, False)
    assert context.done == []


def test_each_switch_has_a_change_set_of_its_own() -> None:
    context = FakeContext()
    for switch in (OFF, Switch("off", "2030-01-02", "arn:ada", "again")):
        switched(context, standing(switch), "off")
    assert len({each.change_set for each in context.requests}) == 2


def test_a_busy_stack_is_told_and_the_record_stands_for_the_next_time() -> None:
    context = FakeContext()
    with pytest.raises(StackError):
        switched(context, standing(stack=deployed_stack(PARAMETERS, "UPDATE_IN_PROGRESS")), "off")
    assert context.done == ["write over None"]


@pytest.mark.parametrize(
    ("wanted", "switch", "declared", "rule_state", "changes"),
    [
        ("off", OFF, "DISABLED", "DISABLED", False),
        ("on", None, "ENABLED", "ENABLED", False),
        ("on", OFF, "DISABLED", "DISABLED", True),
        ("off", OFF, "ENABLED", "ENABLED", True),  # a record that nobody has carried out yet
        ("off", OFF, "DISABLED", "ENABLED", True),  # a rule that somebody switched in EventBridge
    ],
)
def test_whether_anything_will_change_is_known_before_the_use_of_a_broken_glass_is_recorded(
    wanted: Any, switch: Switch | None, declared: str, rule_state: str, changes: bool
) -> None:
    stack = replace(deployed_stack({**PARAMETERS, "ScheduleState": declared}), outputs={"RuleName": "r"})
    events = SimpleNamespace(describe_rule=lambda **_: {"ScheduleExpression": "rate(1 day)", "State": rule_state})
    context: Any = FakeContext()
    context.reader = SimpleNamespace(client=lambda _: events, actor=None)
    assert switches_anything(context, standing(switch, stack), wanted) is changes
    assert context.done == []


def test_before_promotion_begins_the_stack_is_changed_at_once_as_promotion_will_read_it() -> None:
    context = FakeContext(looks=["before"])
    switched(context, standing(), "off")
    assert context.done == ["write over None", "change set"]


def test_a_stage_behind_an_approval_is_promoted_to_in_the_pipeline_stage_of_the_approval() -> None:
    context = FakeContext(looks=["promotes", "promotes", "Succeeded"])
    context.stage = "prod"
    context.dev.promotes_in, context.dev.executes_in = "ApproveProd", "Prod"
    switched(context, standing(), "off")
    assert "wait" in context.done
    assert context.done[-1] == "change set"
    waiting = FakeContext(looks=["before"])  # for the approver, which may take days
    waiting.stage, waiting.dev.promotes_in, waiting.dev.executes_in = "prod", "ApproveProd", "Prod"
    switched(waiting, standing(), "off")
    assert "wait" not in waiting.done
