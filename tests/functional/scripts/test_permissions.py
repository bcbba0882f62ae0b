"""With IAM enforced, the roles of the templates are enough for a deployment; where one is not, the error names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import PREPROD, PROD
from tests.functional.scripts.site import PROJECT, EmbeddedAws, Site


@pytest.fixture(scope="module")
def enforcing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bootstrapped repository on an embedded AWS that asks IAM before every request."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    folder: Path = tmp_path_factory.mktemp("site")
    try:
        site = Site(folder, aws.address, aws.client)
        aws.prepare(site)
        site.register()
        for stage in ("preprod", "prod"):
            site.put_input(stage)
        yield site
    finally:
        aws.stop()


def test_the_templates_roles_are_enough_for_both_stages(enforcing_site: Site) -> None:
    assert enforcing_site.json("deploy", "--stage", "preprod")["changed"]
    assert enforcing_site.json("deploy", "--stage", "prod")["changed"]
    assert enforcing_site.run("doctor").returncode == 0
    assert enforcing_site.json("status")["stages"][1]["verified"] is True


def test_denied_access_names_account_action_and_role(enforcing_site: Site) -> None:
    role = f"{PROJECT}-preprod-promoter"
    iam = enforcing_site.client("iam", account=PREPROD)
    deny = {"Effect": "Deny", "Action": "sagemaker:CreateModelPackage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="deny", PolicyDocument=policy)
    before = len(enforcing_site.promoted())
    enforcing_site.register()
    done = enforcing_site.run("deploy", "--stage", "preprod")
    iam.delete_role_policy(RoleName=role, PolicyName="deny")
    assert done.returncode == 5, done.stderr
    for word in (PREPROD, "CreateModelPackage", role):
        assert word in done.stderr
    assert len(enforcing_site.promoted()) == before


def test_the_reader_may_read_all_that_the_evidence_shows_and_an_older_ones_gap_is_told(
    enforcing_site: Site,
) -> None:
    for stage in ("preprod", "prod"):
        enforcing_site.json("deploy", "--stage", stage)
    assert "Stack policy: the stack has none" in evidence(enforcing_site)
    iam = enforcing_site.client("iam", account=PROD)
    deny = {"Effect": "Deny", "Action": "cloudformation:GetStackPolicy", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    role = f"{PROJECT}-prod-reader"
    iam.put_role_policy(RoleName=role, PolicyName="deny", PolicyDocument=policy)
    page = evidence(enforcing_site)
    iam.delete_role_policy(RoleName=role, PolicyName="deny")
    assert "Stack policy: not read: " in page
    assert "make bootstrap grants it" in page


def evidence(site: Site) -> str:
    planned = site.run("plan", "--stage", "prod", "--evidence", "evidence.html")
    assert planned.returncode == 0, planned.stderr
    return (site.folder / "evidence.html").read_text()
