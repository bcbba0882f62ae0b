"""A stage that is not deployed by hand, with IAM enforced: who reads it, who may break the glass, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.functional.conftest import DEV, PROD
from tests.functional.scripts.site import BUCKETS, PROJECT, EmbeddedAws, Site

ON_CALL = f"arn:aws:iam::{DEV}:user/on-call"
ROLE = f"{PROJECT}-prod-break-glass"
CHANGES = [
    ("deploy",),
    ("promote", "--release", "0123456789abcdef"),
    ("verify",),
    ("run",),
    ("schedule", "--state", "off", "--reason", "late"),
    ("destroy", "--yes", "--yes-delete-prod"),
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """preprod is deployed, prod waits for it: people read it, and on-call may break its glass."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("site"), aws.address, aws.client, by_hand=("preprod",))
        site.edit_stage("prod", "deployed_by_hand: false", f"deployed_by_hand: false\nbreak_glass: ['{ON_CALL}']")
        aws.prepare(site)
        site.register()
        for stage in ("preprod", "prod"):
            site.put_input(stage)
        site.json("deploy", "--stage", "preprod")
        yield site
    finally:
        aws.stop()


@pytest.fixture(scope="module")
def on_call(guarded: Site) -> dict[str, str]:
    """The environment of the user who is named, and may otherwise do in dev what anybody may."""
    iam = guarded.client("iam")
    iam.create_user(UserName="on-call")
    iam.attach_user_policy(UserName="on-call", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="on-call")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def uses(site: Site) -> list[dict[str, Any]]:
    s3 = site.client("s3", account=PROD)
    found = s3.list_objects_v2(Bucket=BUCKETS["prod"], Prefix="break-glass/").get("Contents", [])
    read = [s3.get_object(Bucket=BUCKETS["prod"], Key=each["Key"])["Body"].read() for each in found]
    return [json.loads(each) for each in read]


def untouched(site: Site) -> bool:
    """Nothing is registered in prod, no stack is there, no release and no copy of a model."""
    stacks = site.client("cloudformation", account=PROD).describe_stacks()["Stacks"]
    kept = site.client("s3", account=PROD).list_objects_v2(Bucket=BUCKETS["prod"]).get("Contents", [])
    folders = {each["Key"].partition("/")[0] for each in kept}
    deployed = any(site.pipeline in each["StackName"] for each in stacks)
    return not site.promoted("prod") and not deployed and folders <= {"input", "break-glass", "ledger"}


@contextmanager
def denied(site: Site, action: str) -> Iterator[None]:
    iam = site.client("iam", account=PROD)
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=ROLE, PolicyName="deny", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=ROLE, PolicyName="deny")


def subscribed_queue(site: Site) -> str:
    """The URL of a queue in prod to which the stage's topic sends."""
    sqs, parameters = site.client("sqs", account=PROD), site.client("ssm", account=PROD)
    topic = parameters.get_parameter(Name="/prod/announcement_topic_arn")["Parameter"]["Value"]
    url: str = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    site.client("sns", account=PROD).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def messages(site: Site, queue: str) -> list[dict[str, Any]]:
    found = site.client("sqs", account=PROD).receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(each["Body"]) for each in found.get("Messages", [])]


@pytest.mark.parametrize("verb", CHANGES)
def test_no_verb_of_a_person_changes_it(guarded: Site, verb: tuple[str, ...]) -> None:
    name, *options = verb
    refused = guarded.run(name, "--stage", "prod", *options)
    assert refused.returncode == 22, refused.stderr
    again = "the same command with" if name == "schedule" else f"make {name} STAGE=prod"
    assert f'{again} BREAK_GLASS="why"' in refused.stderr
    assert untouched(guarded)


def test_whoever_claims_to_be_a_build_is_refused_by_iam(guarded: Site) -> None:
    refused = guarded.run("deploy", "--stage", "prod", CODEBUILD_BUILD_ID="promote:1")
    assert refused.returncode == 5, refused.stderr
    assert untouched(guarded)


def test_people_read_it_all_the_same(guarded: Site) -> None:
    assert guarded.run("plan", "--stage", "prod").returncode == 0
    assert guarded.json("status", "--stage", "prod")["stages"][0]["problem"] is None
    assert guarded.run("doctor", "--stage", "prod").returncode == 0


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_blank_reason_is_refused(guarded: Site, on_call: dict[str, str], reason: str) -> None:
    refused = guarded.run("deploy", "--stage", "prod", "--break-glass", reason, **on_call)
    assert refused.returncode == 2, refused.stderr
    assert untouched(guarded)


def test_whoever_is_not_named_may_not_break_the_glass_and_hears_who_may(guarded: Site) -> None:
    refused = guarded.run("deploy", "--stage", "prod", "--break-glass", "fire")
    assert refused.returncode == 5, refused.stderr
    assert f"names under break_glass: {ON_CALL}" in refused.stderr
    assert uses(guarded) == []
    assert untouched(guarded)


@pytest.mark.parametrize("action", ["s3:PutObject", "sns:Publish"])
def test_where_the_use_cannot_be_recorded_or_told_nothing_is_changed(
    guarded: Site, on_call: dict[str, str], action: str
) -> None:
    with denied(guarded, action):
        refused = guarded.run("deploy", "--stage", "prod", "--break-glass", "fire", **on_call)
    assert refused.returncode == 5, refused.stderr
    assert action.partition(":")[2] in refused.stderr
    assert untouched(guarded)


def test_with_a_reason_it_is_deployed_recorded_told_and_shown(guarded: Site, on_call: dict[str, str]) -> None:
    before, told = len(uses(guarded)), subscribed_queue(guarded)
    done = guarded.run("deploy", "--stage", "prod", "--break-glass", "fire in the model", **on_call)
    assert done.returncode == 0, done.stderr
    assert "glass broken by" in done.stderr
    use = uses(guarded)[before]
    assert (use["by"], use["reason"], use["verb"]) == (ON_CALL, "fire in the model", "deploy")
    assert use["release_id"] == guarded.json("status", "--stage", "preprod")["stages"][0]["release_id"]
    (message,) = messages(guarded, told)
    assert "Glass broken: deploy" in message["Subject"]
    assert "fire in the model" in message["Message"]
    status = guarded.run("status", "--stage", "prod")
    assert f"deploy, release {use['release_id']} by {ON_CALL}: fire in the model" in status.stdout
    guarded.edit_stage("prod", "schedule: 1 day", "schedule: 12 hours")
    planned = guarded.json("plan", "--stage", "prod")  # by the reader, who passes no role and executes nothing
    assert [each["logical_id"] for each in planned["change_set"]] == ["Schedule"]
    guarded.edit_stage("prod", "schedule: 12 hours", "schedule: 1 day")
    for verb, *options in CHANGES[2:]:
        done = guarded.run(verb, "--stage", "prod", *options, "--break-glass", f"{verb} it", **on_call)
        assert done.returncode == 0, done.stderr
        if verb == "schedule":  # it is off: nobody changes anything, and nobody is told that somebody did
            again = guarded.run(verb, "--stage", "prod", *options, "--break-glass", "once more", **on_call)
            assert again.returncode == 0, again.stderr
            assert "(no change)" in again.stdout
    assert [each["verb"] for each in uses(guarded)[before:]] == ["deploy", *(verb for verb, *_ in CHANGES[2:])]


def test_even_a_destroyed_stage_keeps_who_broke_its_glass(guarded: Site, on_call: dict[str, str]) -> None:
    options = ("--yes", "--yes-delete-prod", "--delete-data", "--break-glass", "it is over")
    done = guarded.run("destroy", "--stage", "prod", *options, **on_call)
    assert done.returncode == 0, done.stderr
    kept = guarded.client("s3", account=PROD).list_objects_v2(Bucket=BUCKETS["prod"])["Contents"]
    assert {each["Key"].partition("/")[0] for each in kept} == {"break-glass", "ledger", "locks"}
    checked = guarded.run("history", "--stage", "prod", "--verify")
    assert checked.returncode == 0, checked.stderr
