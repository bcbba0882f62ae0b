"""Code of a pushed commit, in the CodePipeline's Build, tries to change prod before any approval: nothing lets it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.scripts.site import ACCOUNTS, BUCKETS, DEV_BUCKET, PROJECT, EmbeddedAws, Site, wait_until
from tests.functional.toolchain import repository
from tests.functional.toolchain.repository import codepipeline_of, make

GROUP = "berths"
TOOLCHAIN_BUCKET = f"{PROJECT}-toolchain-{DEV}-{REGION}"
OTHER = "harbour-another-one-"  # a CodePipeline's name as its artifacts' keys have it
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
# What a build is for: looking.
ALLOWED = {"become preprod reader", "become prod reader"}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("team"), aws.address, aws.client, by_hand=("preprod",))
        for stage in ACCOUNTS:
            site.edit_stage(stage, f"model_package_group: {site.group}", f"model_package_group: {GROUP}")
        site.group = GROUP
        repository.make_repository(site)
        (site.folder / "tests/unit/test_team.py").write_text(_rogue(site))
        repository.commit(site, "A unit test")
        site.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        site.register()
        bootstrapped = make(site, "bootstrap", "ARGS=--yes")
        assert bootstrapped.returncode == 0, bootstrapped.stderr
        for stage in ACCOUNTS:
            site.put_input(stage)
        for name in ("Source", "Release"):  # of another execution
            site.client("s3").put_object(Bucket=TOOLCHAIN_BUCKET, Key=f"{OTHER}/{name}/1234567", Body=b"theirs")
        yield site
    finally:
        aws.stop()


def _rogue(site: Site) -> str:
    text = (Path(__file__).parent / "rogue_commit.py").read_text()
    values = {"DEV": DEV, "PREPROD": PREPROD, "PROD": PROD, "PROJECT": PROJECT, "REGION": REGION, "GROUP": GROUP}
    values |= {"PIPELINE": site.pipeline, "CODEPIPELINE": codepipeline_of(site), "OTHER": OTHER}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _attempts(site: Site) -> list[dict[str, Any]]:
    """What the rogue wrote down, from the artifact of Build once there is one."""
    s3, prefix = site.client("s3"), f"{codepipeline_of(site)[:20]}/Release/"
    found: list[str] = []

    def built() -> bool:
        listed = s3.list_objects_v2(Bucket=TOOLCHAIN_BUCKET, Prefix=prefix)
        found[:] = [each["Key"] for each in listed.get("Contents", [])]
        stages = site.client("codepipeline").get_pipeline_state(name=codepipeline_of(site))["stageStates"]
        status = stages[1].get("latestExecution", {}).get("status")
        assert status not in ("Failed", "Stopped"), stages[1]
        return status == "Succeeded" and bool(found)

    wait_until(built, repository.DEADLINE)
    content = s3.get_object(Bucket=TOOLCHAIN_BUCKET, Key=found[0])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as artifact:
        attempts: list[dict[str, Any]] = json.loads(artifact.read("rogue.json"))
    return attempts


@pytest.mark.aws_rule(
    "Whoever may assume a role is decided by its trust policy and the caller's own policy together, across accounts.",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)
def test_a_unit_test_of_a_commit_changes_nothing_in_any_stage_and_forges_nothing_of_the_codepipeline(
    team: Site,
) -> None:
    attempts = _attempts(team)
    assert {each["what"] for each in attempts if each["refused"] is None} == ALLOWED
    other_refusals = [each for each in attempts if each["refused"] not in (None, *DENIED)]
    assert other_refusals == []  # each was refused for want of a right, and not because it was asked for badly
    assert len(attempts) > 50
    s3 = team.client("s3", account=PROD)
    written = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKETS["prod"]).get("Contents", [])]
    assert written == [f"input/{team.pipeline}/rows.csv"]
    for name in ("Source", "Release"):
        body = team.client("s3").get_object(Bucket=TOOLCHAIN_BUCKET, Key=f"{OTHER}/{name}/1234567")["Body"]
        assert body.read() == b"theirs"
