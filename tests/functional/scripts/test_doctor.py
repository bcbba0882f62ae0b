"""``doctor``: what is ok, wrong and unknown to it, and the next command that it names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.scripts.site import BUCKETS, PROJECT, Site

Findings = dict[tuple[str, str], dict[str, Any]]


def examined(site: Site, *arguments: str, code: int, **environment: str) -> Findings:
    done = site.run("doctor", *arguments, "--output", "json", **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return {(each["where"], each["what"]): each for each in json.loads(done.stdout)["findings"]}


def test_doctor_is_content_where_all_is_there_and_says_how_it_knows(ready_site: Site) -> None:
    done = ready_site.run("doctor", "--stage", "preprod")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(len(line) <= 80 for line in done.stdout.splitlines() if "next:" not in line)
    findings = examined(ready_site, "--stage", "preprod", code=0)
    for actor in ("reader", "promoter", "verifier", "deployment", "cloudformation", "pipeline", "job", "events"):
        assert "calls simulated" in findings["preprod", f"calls of {actor}"]["found"], findings
    assert findings["preprod", "calls of break-glass"]["found"] == "there is no such role, as intended"
    assert "keeps out" in findings["preprod", "who becomes promoter"]["found"]


def test_what_is_wrong_in_one_stage_hides_nothing_of_the_other(ready_site: Site) -> None:
    findings = examined(ready_site, code=20, AWS_PREPROD_ACCOUNT_NUMBER="444444444444")
    assert findings["preprod", "reader role"]["next_command"] == "make bootstrap"
    assert findings["preprod", "foundation"]["status"] == "unknown"
    assert findings["prod", "foundation"]["status"] == "ok"
    assert findings["prod", "calls of reader"]["status"] == "ok"


def test_a_call_that_a_policy_no_longer_allows_is_named_with_its_role(ready_site: Site) -> None:
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    with inline_policy(ready_site, PREPROD, f"{PROJECT}-preprod-promoter", deny):
        finding = examined(ready_site, "--stage", "preprod", code=20)["preprod", "calls of promoter"]
    assert finding["status"] == "wrong"
    assert "s3:PutObject on arn:aws:s3:::" in finding["found"]
    assert "a policy denies it" in finding["found"]
    assert finding["next_command"] == f"make bootstrap   # or allow it to {PROJECT}-preprod-promoter in {PREPROD}"


def test_a_role_of_prod_that_lets_in_what_runs_before_the_approval_is_wrong(ready_site: Site) -> None:
    iam, role = ready_site.client("iam", account=PROD), f"{PROJECT}-prod-promoter"
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    whole_account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(whole_account))
    try:
        finding = examined(ready_site, "--stage", "prod", code=20)["prod", "who becomes promoter"]
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))
    assert finding["status"] == "wrong"
    assert f"{PROJECT}-build may sts:AssumeRole" in finding["found"]


def test_a_bucket_that_no_longer_lets_the_promotion_copy_is_wrong(ready_site: Site) -> None:
    s3, bucket = ready_site.client("s3", account=PREPROD), BUCKETS["preprod"]
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    kept = [each for each in json.loads(before)["Statement"] if each["Effect"] == "Deny"]
    s3.put_bucket_policy(Bucket=bucket, Policy=document(*kept))
    try:
        finding = examined(ready_site, "--stage", "preprod", code=20)["preprod", "bucket lets dev copy"]
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=before)
    assert finding["status"] == "wrong"
    assert f"{PROJECT}-promote-preprod may not s3:PutObject" in finding["found"]


def test_a_subscription_that_nobody_confirmed_is_wrong_and_none_at_all_is_unknown(ready_site: Site) -> None:
    deployed = ready_site.json("deploy", "--stage", "preprod")
    assert deployed["changed"]
    nobody = examined(ready_site, "--stage", "preprod", code=0)["preprod", "alarm topic"]
    assert nobody["status"] == "unknown"
    assert nobody["next_command"].startswith("aws sns subscribe --topic-arn ")
    examined(ready_site, "--stage", "preprod", "--strict", code=20)
    topic = nobody["next_command"].split()[4]
    ready_site.client("sns", account=PREPROD).subscribe(TopicArn=topic, Protocol="email", Endpoint="night@example.com")
    waiting = examined(ready_site, "--stage", "preprod", code=20)["preprod", "alarm topic"]
    assert waiting["status"] == "wrong"
    assert "night@example.com has not confirmed" in waiting["found"]


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
