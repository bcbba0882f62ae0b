"""What was done in a stage is in its ledger, one command at a time does it, and going back takes one command.

One site, whose cases follow one another: each leaves a stage that is deployed, verified and free.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.decisions.stage_lock import Holder, StageLock
from tests.functional.conftest import DEV, PREPROD
from tests.functional.scripts.site import BUCKETS, PROJECT, SCORE, EmbeddedAws, Site, wait_until

STAGE = ("--stage", "preprod")
BUCKET = BUCKETS["preprod"]
ELSEWHERE = Holder(kind="process", id="0" * 32, by=f"arn:aws:iam::{DEV}:user/bo", where="bos-laptop", verb="deploy")


class Place:
    """A site whose stage preprod has had two releases, each verified; the second is live."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.register()
        site.put_input()
        self.first = site.json("deploy", *STAGE)
        site.register()
        self.second = site.json("deploy", *STAGE)

    @property
    def s3(self) -> Any:
        return self.site.client("s3", account=PREPROD)

    def entries(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self.site.json("history", *STAGE)["ledger"][::-1])

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.entries()]

    def live(self) -> str:
        stacks = self.site.client("cloudformation", account=PREPROD).describe_stacks(StackName=self.site.stack)
        found = {each["ParameterKey"]: each["ParameterValue"] for each in stacks["Stacks"][0]["Parameters"]}
        return str(found["ReleaseId"])

    def lock(self, **changes: Any) -> StageLock:
        """Write a lock of somebody elsewhere, since the year began."""
        content: dict[str, Any] = {"format": 1, "stage": "preprod", "pipeline": self.site.pipeline, "token": "t"}
        content |= {"since": "2026-01-01T00:00:00+00:00", "held": True, "holder": ELSEWHERE}
        lock = StageLock(**{**content, **changes})
        self.s3.put_object(Bucket=BUCKET, Key=f"locks/{self.site.pipeline}.json", Body=lock.written())
        return lock

    def wait(self, status: str) -> None:
        client = self.site.client("cloudformation", account=PREPROD)
        wait_until(lambda: client.describe_stacks(StackName=self.site.stack)["Stacks"][0]["StackStatus"] == status)

    def is_free(self) -> bool:
        body = self.s3.get_object(Bucket=BUCKET, Key=f"locks/{self.site.pipeline}.json")["Body"].read()
        return not json.loads(body)["held"]


@pytest.fixture(scope="module")
def place(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield Place(Site(tmp_path_factory.mktemp("site"), embedded_aws.address, embedded_aws.client))


def test_each_thing_that_was_done_is_one_entry_and_they_follow_one_another(place: Place) -> None:
    assert place.kinds() == ["promotion", "deployment", "verification"] * 2
    entries = place.entries()
    releases = [place.first["release_id"]] * 3 + [place.second["release_id"]] * 3
    assert [each["release_id"] for each in entries] == releases
    assert (entries[4]["from_release"], entries[5]["passed"]) == (place.first["release_id"], True)
    assert entries[0]["by"] == f"arn:aws:iam::{DEV}:root"
    assert place.is_free()
    checked = place.site.json("history", *STAGE, "--verify")
    assert (checked["whole"], checked["entries"]) == (True, 6)
    unchanged = place.site.json("deploy", *STAGE)
    assert (unchanged["changed"], len(place.entries())) == (False, 6)
    shown = place.site.run("history", *STAGE).stdout
    ledger = shown[shown.index("Ledger") :].splitlines()
    assert max(map(len, ledger[:13])) <= 80, shown


def test_all_stages_are_shown_side_by_side_in_eighty_columns(place: Place) -> None:
    shown = place.site.run("status")
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80, shown.stdout
    for each in ("preprod", "prod", place.second["release_id"], "nothing is deployed", "Succeeded, ", "version 2"):
        assert each in shown.stdout, shown.stdout
    told = place.site.json("status")["stages"]
    assert [(each["stage"], each["pipeline"]) for each in told] == [
        ("preprod", place.site.pipeline),
        ("prod", place.site.pipeline),
    ]
    assert told[0]["live_since"] and told[0]["executions"][0]["seconds"] is not None


def test_going_back_deploys_the_former_release_in_a_third_of_a_deployment_s_calls_and_forth_again(place: Place) -> None:
    before, runs = len(place.entries()), len(place.site.executions())
    back = place.site.json("rollback", *STAGE, "--reason", "worse figures")
    assert (back["changed"], back["release_id"]) == (True, place.first["release_id"])
    assert back["aws_calls"] < place.second["aws_calls"] / 3, back["aws_calls_by_operation"]
    assert place.live() == place.first["release_id"]
    (entry,) = place.entries()[before:]
    assert (entry["kind"], entry["reason"]) == ("rollback", "worse figures")
    assert (entry["from_release"], len(place.site.executions())) == (place.second["release_id"], runs)
    assert place.is_free()
    # What was gone back from is not gone back to, unless it is named.
    nowhere = place.site.run("rollback", *STAGE)
    assert (nowhere.returncode, "no earlier release" in nowhere.stderr) == (8, True), nowhere.stderr
    forth = place.site.json("rollback", *STAGE, "--release", place.second["release_id"])
    assert forth["release_id"] == place.live() == place.second["release_id"]
    assert place.site.json("rollback", *STAGE, "--release", place.second["release_id"])["changed"] is False
    assert place.site.run("drift", *STAGE).returncode == 0
    assert place.site.json("history", *STAGE, "--verify")["whole"]


def test_it_works_when_dev_cannot_be_reached(place: Place) -> None:
    """Neither its registry nor its buckets are asked; the CodePipeline is, and that it does not answer is told."""
    answer = place.site.json("rollback", *STAGE, "--release", place.first["release_id"])
    asked = {each.partition(":")[0] for each in answer["aws_calls_by_operation"]}
    assert "codepipeline" in asked
    s3 = place.site.client("s3")
    bucket = place.site.bucket("dev")
    kept = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    assert kept
    registry = place.site.client("sagemaker")
    group = {"ModelPackageGroupName": place.site.group}
    for each in registry.list_model_packages(**group)["ModelPackageSummaryList"]:
        registry.delete_model_package(ModelPackageName=each["ModelPackageArn"])
    registry.delete_model_package_group(**group)
    answer = place.site.json("rollback", *STAGE, "--release", place.second["release_id"])
    assert (answer["changed"], place.live()) == (True, place.second["release_id"])


def test_who_comes_second_is_told_whose_it_is_and_what_to_run(place: Place) -> None:
    place.lock()
    before = len(place.entries())
    back = ("rollback", "--release", place.first["release_id"])
    for verb, *options in (back, ("destroy", "--yes"), ("schedule", "--state", "off", "--reason", "late")):
        refused = place.site.run(verb, *STAGE, *options)
        assert refused.returncode == 11, refused.stderr
        assert "in bos-laptop" in refused.stderr
        assert "make unlock STAGE=preprod" in refused.stderr
    assert place.live() == place.second["release_id"]
    young = place.lock(since="2999-01-01T00:00:00+00:00")
    assert place.site.run("unlock", *STAGE, "--reason", "gone").returncode == 11
    place.lock()
    assert place.site.run("unlock", *STAGE).returncode == 2
    done = place.site.run("unlock", *STAGE, "--reason", "bo has left")
    assert done.returncode == 0, done.stderr
    assert f"It was held by: {young.holder.verb} by {ELSEWHERE.by}" in done.stdout
    entry = place.entries()[-1]
    assert (entry["kind"], entry["reason"]) == ("unlock", "bo has left")
    assert "bos-laptop" in entry["details"][0]
    assert place.is_free()
    assert [each["kind"] for each in place.entries()[before:]] == ["schedule", "unlock"]
    on = place.site.run("schedule", *STAGE, "--state", "on", "--reason", "again")
    assert on.returncode == 0, on.stderr


def test_the_lock_of_a_command_that_died_here_is_taken_over_and_a_half_change_is_gone_back_from(place: Place) -> None:
    place.site.register()
    place.site.write_script(SCORE + "# third\n")
    place.site.kill_when("deploy", "~ Pipeline  AWS::SageMaker::Pipeline", *STAGE)
    assert not place.is_free()
    half = place.site.run("rollback", *STAGE)
    assert half.returncode == 0, half.stderr
    assert "lock taken over from one that has ended" in half.stderr
    assert place.live() == place.second["release_id"]
    assert place.kinds()[-2:] == ["unlock", "rollback"]
    assert place.site.json("history", *STAGE, "--verify")["whole"]


def test_a_stack_that_is_stuck_in_its_own_rollback_is_freed_without_what_is_lost_which_then_comes_back(
    place: Place,
) -> None:
    cloudformation = place.site.client("cloudformation", account=PREPROD)
    sagemaker = place.site.client("sagemaker", account=PREPROD)
    found = cloudformation.describe_stacks(StackName=place.site.stack)["Stacks"][0]
    template = (place.site.folder / "cloudformation" / "batch-inference.yml").read_text()
    bad = "Resources:\n  Bad: {Type: AWS::SNS::Topic, DependsOn: Pipeline, Properties: {No: 1}}\n"
    cloudformation.update_stack(
        StackName=place.site.stack,
        TemplateBody=template.replace("Batch inference of ${Sage", "Half of ${Sage").replace("Resources:\n", bad, 1),
        Parameters=[{"ParameterKey": each["ParameterKey"], "UsePreviousValue": True} for each in found["Parameters"]],
        DisableRollback=True,
    )
    place.wait("UPDATE_FAILED")
    sagemaker.delete_pipeline(PipelineName=place.site.stack, ClientRequestToken="d" * 32)
    cloudformation.rollback_stack(StackName=place.site.stack)
    place.wait("UPDATE_ROLLBACK_FAILED")
    stuck = place.site.run("deploy", *STAGE)
    assert stuck.returncode == 11, stuck.stderr
    assert "make rollback STAGE=preprod" in stuck.stderr
    freed = place.site.run("rollback", *STAGE, "--release", place.first["release_id"])
    assert freed.returncode == 0, freed.stderr
    assert "left out of the stack's own rollback, put back after it: Pipeline" in freed.stderr
    assert place.live() == place.first["release_id"]
    assert place.kinds()[-2:] == ["rollback", "repair"]
    assert place.site.run("drift", *STAGE).returncode == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("forged", "00000002: it is not the entry|00000003: it does not follow 00000002"),
        ("truncated", "00000002: it is broken"),
        ("absent", "00000002: it is absent"),
        ("reordered", "00000002: it is entry 00000003, put in another's place"),
    ],
)
def test_a_ledger_that_is_not_whole_is_refused_by_the_entry_s_name(place: Place, change: str, told: str) -> None:
    folder = f"ledger/{place.site.pipeline}/"
    key, other = f"{folder}00000002.json", f"{folder}00000003.json"
    read = {each: place.s3.get_object(Bucket=BUCKET, Key=each)["Body"].read() for each in (key, other)}
    versions = place.s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]
    if change == "absent":
        place.s3.delete_object(Bucket=BUCKET, Key=key)
    else:
        forged = {**json.loads(read[key]), "by": "arn:aws:iam::012345670123:user/mallory"}
        bodies = {"forged": json.dumps(forged).encode(), "truncated": read[key][:50], "reordered": read[other]}
        place.s3.put_object(Bucket=BUCKET, Key=key, Body=bodies[change])
    refused = place.site.run("history", *STAGE, "--verify")
    assert refused.returncode == 24, refused.stderr
    assert any(each in refused.stderr for each in told.split("|")), refused.stderr
    after = place.s3.list_object_versions(Bucket=BUCKET, Prefix=key)
    for each in (*after.get("Versions", []), *after.get("DeleteMarkers", [])):
        if each["VersionId"] not in {kept["VersionId"] for kept in versions}:
            place.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=each["VersionId"])
    assert place.site.json("history", *STAGE, "--verify")["whole"]


def test_destroying_a_stage_is_its_last_entry_and_takes_the_ledger_not_along(place: Place) -> None:
    done = place.site.run("destroy", *STAGE, "--yes", "--delete-data")
    assert done.returncode == 0, done.stderr
    assert place.kinds()[-1] == "destruction"
    assert place.site.json("history", *STAGE, "--verify")["whole"]
    assert place.is_free()
    assert PROJECT in place.site.stack
