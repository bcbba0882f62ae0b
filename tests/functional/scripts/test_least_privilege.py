"""A whole deployment on an embedded AWS that enforces IAM: the roles of the templates are enough, and are needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import PREPROD, REGION
from tests.functional.scripts.drift_by_hand import CHANGED, DELETED, Stage
from tests.functional.scripts.site import ACCOUNTS, DEV_BUCKET, PROJECT, EmbeddedAws, Site

GROUP = "berths"


@pytest.fixture(scope="module")
def enforcing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With the foundation in both stages, whose roles know the one group, an Approved version and input."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        aws.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        site = Site(tmp_path_factory.mktemp("site"), aws.address, aws.client)
        for stage in ACCOUNTS:
            site.edit_stage(stage, f"model_package_group: {site.group}", f"model_package_group: {GROUP}")
        site.group = GROUP
        done = site.run("bootstrap", "--yes", "--no-toolchain")
        assert done.returncode == 0, done.stderr
        site.register()
        for stage in ACCOUNTS:
            site.put_input(stage)
        yield site
    finally:
        aws.stop()


def test_both_stages_are_deployed_and_verified_with_the_templates_roles(enforcing_site: Site) -> None:
    for stage in ACCOUNTS:
        done = enforcing_site.run("deploy", "--stage", stage)
        assert done.returncode == 0, done.stderr
        assert f"is live in {stage} and verified" in done.stdout


def test_the_roles_may_delete_replaced_models_and_set_a_rule_right(enforcing_site: Site) -> None:
    for _ in range(3):  # the model before the live one stays
        enforcing_site.register()
        done = enforcing_site.run("deploy", "--stage", "preprod")
        assert done.returncode == 0, done.stderr
    assert "deleted model" in done.stderr, done.stderr
    stacks = enforcing_site.client("cloudformation", account=PREPROD).describe_stacks(StackName=enforcing_site.stack)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks["Stacks"][0]["Outputs"]}
    enforcing_site.client("events", account=PREPROD).disable_rule(Name=outputs["RuleName"])
    switched = enforcing_site.run("schedule", "--stage", "preprod", "--state", "on")
    assert switched.returncode == 0, switched.stderr
    assert "it is ENABLED now" in switched.stderr


def test_the_roles_may_see_drift_and_put_everything_back(enforcing_site: Site) -> None:
    stage = Stage(enforcing_site)
    for hands in (CHANGED, DELETED):
        for hand in hands:
            hand(stage)  # as the account's root, which the embedded AWS lets through
        done = enforcing_site.run("deploy", "--stage", "preprod")
        assert done.returncode == 0, done.stderr
        assert "changed by hand" in done.stdout
        drift = enforcing_site.run("drift", "--stage", "preprod")
        assert drift.returncode == 0, drift.stderr


def test_a_role_that_lacks_a_policy_is_named(enforcing_site: Site, tmp_path: Path) -> None:
    iam = enforcing_site.client("iam", account=PREPROD)
    role = f"{PROJECT}-preprod-promoter"
    for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=each["PolicyArn"])
    enforcing_site.register()
    done = enforcing_site.run("deploy", "--stage", "preprod")
    assert done.returncode == 5
    assert role in done.stderr
    assert "because no identity-based policy allows" in done.stderr
