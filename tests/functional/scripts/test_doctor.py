"""``doctor``: what is ok, wrong and unknown to it, and the next command that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.scripts.site import BUCKETS, PROJECT, EmbeddedAws, Site

Findings = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Of its own, since the roles of a foundation know the groups of whoever bootstrapped it: nothing is wrong."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("site"), aws.address, aws.client)
        aws.prepare(site)
        site.register()
        for stage in ("preprod", "prod"):
            site.put_input(stage)
        yield site
    finally:
        aws.stop()


def examined(site: Site, *arguments: str, code: int, **environment: str) -> Findings:
    done = site.run("doctor", *arguments, "--output", "json", **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return {(each["where"], each["what"]): each for each in json.loads(done.stdout)["findings"]}


def test_doctor_is_content_where_all_is_there_and_says_how_it_knows(ready: Site) -> None:
    findings = examined(ready, "--stage", "preprod", code=0)
    for actor in ("reader", "promoter", "verifier", "deployment", "cloudformation", "pipeline", "job", "events"):
        assert "calls simulated" in findings["preprod", f"calls of {actor}"]["found"], findings
    assert findings["preprod", "calls of break-glass"]["found"] == "there is no such role, as intended"
    assert "keeps out" in findings["preprod", "who becomes promoter"]["found"]
    assert findings["preprod", "bucket lets dev copy"]["status"] == "ok", findings["preprod", "bucket lets dev copy"]


def test_each_fault_is_named_with_its_role_and_hides_no_other(ready: Site) -> None:
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    with (
        inline_policy(ready, PREPROD, f"{PROJECT}-preprod-promoter", deny),
        open_trust(ready, f"{PROJECT}-preprod-verifier"),
        closed_bucket(ready, BUCKETS["preprod"]),
    ):
        findings = examined(ready, "--stage", "preprod", code=20)
    promoter = findings["preprod", "calls of promoter"]
    assert promoter["status"] == "wrong"
    assert "s3:PutObject on arn:aws:s3:::" in promoter["found"]
    assert promoter["next_command"] == f"make bootstrap   # or allow it to {PROJECT}-preprod-promoter in {PREPROD}"
    verifier = findings["preprod", "who becomes verifier"]
    assert verifier["status"] == "wrong"
    assert f"{PROJECT}-build may sts:AssumeRole" in verifier["found"]  # it runs before any approval
    bucket = findings["preprod", "bucket lets dev copy"]
    assert bucket["status"] == "wrong"
    assert f"{PROJECT}-promote-preprod may not s3:" in bucket["found"]
    assert [each["what"] for each in findings.values() if each["status"] == "wrong"] == [
        "calls of promoter",
        "bucket lets dev copy",
        "who becomes verifier",
    ]


def test_what_is_wrong_in_one_stage_hides_nothing_of_the_other(ready: Site) -> None:
    done = ready.run("doctor", AWS_PREPROD_ACCOUNT_NUMBER="444444444444")
    assert done.returncode == 20, done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "next:" not in line)
    rows = {tuple(line[:43].rstrip().split(maxsplit=2)) for line in done.stdout.splitlines()}
    assert ("wrong", "preprod", "reader role") in rows
    assert ("unknown", "preprod", "foundation") in rows
    assert ("ok", "prod", "foundation") in rows
    assert ("ok", "prod", "calls of reader") in rows
    assert "next: make bootstrap" in done.stdout


def test_a_subscription_that_nobody_confirmed_is_wrong_and_none_at_all_is_unknown(ready: Site) -> None:
    ready.json("deploy", "--stage", "preprod")
    nobody = examined(ready, "--stage", "preprod", "--strict", code=20)["preprod", "alarm topic"]
    assert nobody["status"] == "unknown"
    assert nobody["next_command"].startswith("aws sns subscribe --topic-arn ")
    topic = nobody["next_command"].split()[4]
    mail = {"Protocol": "email", "Endpoint": "night@example.com"}
    ready.client("sns", account=PREPROD).subscribe(TopicArn=topic, **mail)
    waiting = examined(ready, "--stage", "preprod", code=20)["preprod", "alarm topic"]
    assert waiting["status"] == "wrong"
    assert "night@example.com has not confirmed" in waiting["found"]


def test_doctor_reads_what_it_may_not_simulate_and_knows_nothing_of_what_it_may_not_read(ready: Site) -> None:
    role = f"{PROJECT}-prod-reader"
    with inline_policy(ready, PROD, role, {"Effect": "Deny", "Action": "iam:Simulate*", "Resource": "*"}):
        read = examined(ready, "--stage", "prod", code=0)["prod", "calls of promoter"]
    assert (read["status"], "read, not simulated" in read["found"]) == ("ok", True), read
    with inline_policy(ready, PROD, role, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}):
        findings = examined(ready, "--stage", "prod", code=0)
    unread = findings["prod", "calls of promoter"]
    assert (unread["status"], "neither simulated nor read" in unread["found"]) == ("unknown", True), unread
    assert unread["next_command"].startswith("allow iam:SimulatePrincipalPolicy on ")
    assert findings["prod", "who becomes promoter"]["status"] == "unknown"


@contextmanager
def open_trust(site: Site, role: str) -> Iterator[None]:
    """The role trusts the whole dev account."""
    iam = site.client("iam", account=PREPROD)
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    dev = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(dev))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))


@contextmanager
def closed_bucket(site: Site, bucket: str) -> Iterator[None]:
    """The bucket's policy denies as before, and lets nobody in."""
    s3 = site.client("s3", account=PREPROD)
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    kept = [each for each in json.loads(before)["Statement"] if each["Effect"] == "Deny"]
    s3.put_bucket_policy(Bucket=bucket, Policy=document(*kept))
    try:
        yield
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=before)


@contextmanager
def inline_policy(site: Site, account: str, role: str, statement: dict[str, Any]) -> Iterator[None]:
    iam = site.client("iam", account=account)
    iam.put_role_policy(RoleName=role, PolicyName="of-a-test", PolicyDocument=document(statement))
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="of-a-test")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
