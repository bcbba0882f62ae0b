"""``schedule``: switched off at night it stays off through deployments until it is switched on, and says why."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.functional.conftest import DEV, PREPROD
from tests.functional.scripts.site import BUCKETS, DEADLINE, SCORE, Site, wait_until
from tests.functional.toolchain.repository import codepipeline_of
from tests.functional.toolchain.workshop import Workshop, action


def rule_state(site: Site) -> str:
    return str(site.json("status", "--stage", "preprod")["stages"][0]["schedule"].rpartition(" ")[2])


def switch(site: Site, state: str, *more: str) -> subprocess.CompletedProcess[str]:
    return site.run("schedule", "--stage", "preprod", "--state", state, *more)


def parameters(site: Site) -> dict[str, str]:
    cloudformation = site.client("cloudformation", account=PREPROD)
    stack = cloudformation.describe_stacks(StackName=site.stack)["Stacks"][0]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def test_what_was_switched_off_stays_off_through_deployments_until_it_is_switched_on(ready_site: Site) -> None:
    ready_site.edit_stage("preprod", "tags: {}", "tags: {team: a}")
    ready_site.json("deploy", "--stage", "preprod")
    before = parameters(ready_site)
    ready_site.edit_stage("preprod", "instance_count: 1", "instance_count: 2")  # not deployed, and not by a switch
    off = switch(ready_site, "OFF", "--reason", "bad input")
    assert off.returncode == 0, off.stderr
    assert "off since" in off.stdout
    assert parameters(ready_site) == {**before, "ScheduleState": "DISABLED"}
    cloudformation = ready_site.client("cloudformation", account=PREPROD)
    stack = cloudformation.describe_stacks(StackName=ready_site.stack)["Stacks"][0]
    assert {"Key": "team", "Value": "a"} in stack["Tags"]
    assert rule_state(ready_site) == "DISABLED"
    assert len(ready_site.executions()) == 1  # switching runs nothing

    ready_site.edit_stage("preprod", "instance_count: 2", "instance_count: 1")
    plan = ready_site.json("plan", "--stage", "preprod")
    assert plan["nothing_to_do"] is True
    assert "bad input" in plan["schedule"][0]
    ready_site.write_script(SCORE + "\n")
    deployed = ready_site.run("deploy", "--stage", "preprod")
    assert deployed.returncode == 0, deployed.stderr
    assert "bad input" in deployed.stderr
    assert rule_state(ready_site) == "DISABLED"

    again = switch(ready_site, "OFF")  # it is off: nothing to ask a reason for
    assert again.returncode == 0, again.stderr
    assert "no change" in again.stdout
    for state, shown in (("on", "ENABLED"), ("off", "DISABLED"), ("on", "ENABLED")):
        assert switch(ready_site, state, "--reason", "tried").returncode == 0
        assert rule_state(ready_site) == shown
    assert ready_site.json("plan", "--stage", "preprod")["schedule"] == []


@pytest.mark.aws_rule(
    "CloudFormation leaves a rule that was disabled by hand as it is until an update changes the rule itself",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html",
)
def test_a_rule_that_was_disabled_by_hand_is_told_and_switched_on_by_either_command(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    name = ready_site.client("cloudformation", account=PREPROD).describe_stacks(StackName=ready_site.stack)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in name["Stacks"][0]["Outputs"]}
    events = ready_site.client("events", account=PREPROD)
    events.disable_rule(Name=outputs["RuleName"])
    said = ready_site.run("status", "--stage", "preprod").stdout
    assert "disabled by hand in EventBridge, while the stack says ENABLED" in said
    assert "make schedule STAGE=preprod ON" in said
    on = switch(ready_site, "on")
    assert on.returncode == 0, on.stderr
    assert rule_state(ready_site) == "ENABLED"
    assert "by hand" not in ready_site.run("status", "--stage", "preprod").stdout
    assert "no change" in switch(ready_site, "on").stdout

    events.disable_rule(Name=outputs["RuleName"])
    # In one deployment with a change that leaves the rule alone: CloudFormation would leave it disabled.
    ready_site.edit_stage("preprod", "hours_without_success: 26", "hours_without_success: 30")
    deployed = ready_site.run("deploy", "--stage", "preprod")
    assert "put back: Schedule  AWS::Events::Rule: State is DISABLED, released was ENABLED" in deployed.stderr
    assert rule_state(ready_site) == "ENABLED"

    assert switch(ready_site, "off", "--reason", "bad input").returncode == 0
    events.enable_rule(Name=outputs["RuleName"])
    assert "make schedule STAGE=preprod OFF" in ready_site.run("status", "--stage", "preprod").stdout
    assert switch(ready_site, "off").returncode == 0
    assert rule_state(ready_site) == "DISABLED"


def test_a_switch_that_was_killed_is_carried_out_by_the_next_one(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    ready_site.kill_when("schedule", "recorded in", "--stage", "preprod", "--state", "off", "--reason", "bad input")
    done = switch(ready_site, "off")
    assert done.returncode == 0, done.stderr
    assert "bad input" in done.stdout
    assert rule_state(ready_site) == "DISABLED"


def test_a_stage_file_that_says_off_wins(ready_site: Site) -> None:
    ready_site.edit_stage("preprod", "schedule: 1 day", "schedule: 1 day\nschedule_enabled: false")
    ready_site.json("deploy", "--stage", "preprod")
    assert rule_state(ready_site) == "DISABLED"
    refused = switch(ready_site, "on", "--reason", "please")
    assert refused.returncode == 3
    assert "schedule_enabled: false" in refused.stderr
    assert rule_state(ready_site) == "DISABLED"


def test_without_a_reason_a_state_or_a_deployment_nothing_is_switched(ready_site: Site) -> None:
    assert switch(ready_site, "off", "--reason", "x").returncode == 11
    ready_site.json("deploy", "--stage", "preprod")
    for options, words in (
        (("off",), 'make schedule STAGE=preprod OFF REASON="why"'),
        (("off", "--reason", " "), "nothing was switched"),
        (("off", "--reason", "x" * 513), "513 characters"),
        (("OFF ON", "--reason", "x"), "neither ON nor OFF"),
        (("", "--reason", "x"), "neither ON nor OFF"),
    ):
        refused = switch(ready_site, *options)
        assert refused.returncode == 2, refused.stderr
        assert words in refused.stderr
    assert rule_state(ready_site) == "ENABLED"


def test_a_record_that_cannot_be_read_is_told_and_turns_nothing_on(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    assert switch(ready_site, "off", "--reason", "x").returncode == 0
    s3, key = ready_site.client("s3", account=PREPROD), f"schedule/{ready_site.pipeline}.json"
    record = json.loads(s3.get_object(Bucket=BUCKETS["preprod"], Key=key)["Body"].read())
    assert record["by"] == f"arn:aws:iam::{DEV}:root"
    s3.put_object(Bucket=BUCKETS["preprod"], Key=key, Body=b"{")
    for verb in ("deploy", "plan"):
        refused = ready_site.run(verb, "--stage", "preprod")
        assert refused.returncode == 8
        assert f"s3://{BUCKETS['preprod']}/{key}" in refused.stderr


def test_a_release_that_the_codepipeline_brings_at_this_moment_does_not_switch_it_back(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    workshop = Workshop.open(ready_site.client, codepipeline_of(ready_site))
    workshop.put_source({"a.txt": "a"})
    # Instead of a build and a change set: actions that go on until the test answers them.
    declaration = workshop.declare(
        [action("Approval", "Manual", name, runOrder=n) for n, name in enumerate(("Promote", "ExecuteChangeSet"), 1)]
    )
    declaration["stages"][1]["name"] = "Preprod"
    workshop.create(declaration)
    answer(workshop, "Promote", workshop.token("Preprod", "Promote"))
    token = workshop.token("Preprod", "ExecuteChangeSet")
    options = ["--stage", "preprod", "--state", "off", "--reason", "bad input"]
    switching = subprocess.Popen(
        [sys.executable, "-m", "scripts.verbs.schedule", *options],
        cwd=ready_site.folder,
        env=ready_site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_until(lambda: rule_state(ready_site) == "DISABLED")  # nothing is started in the meantime
        assert parameters(ready_site)["ScheduleState"] == "ENABLED"
        assert switching.poll() is None
        answer(workshop, "ExecuteChangeSet", token)
        told, _ = switching.communicate(timeout=DEADLINE)
    finally:
        switching.kill()
    assert switching.returncode == 0
    assert "off since" in told
    assert parameters(ready_site)["ScheduleState"] == "DISABLED"
    assert rule_state(ready_site) == "DISABLED"


def answer(workshop: Workshop, action_name: str, token: str) -> None:
    workshop.client("codepipeline").put_approval_result(
        pipelineName=workshop.name,
        stageName="Preprod",
        actionName=action_name,
        token=token,
        result={"status": "Approved", "summary": "done"},
    )
