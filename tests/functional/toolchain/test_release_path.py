"""The whole way of a release, by the real toolchain, buildspecs and make targets, with IAM enforced throughout.

One story in five tests, which share what the earlier ones left; the last looks at all the calls that were made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.decisions.actors import Call, calls_never_made, unknown_calls
from scripts.decisions.stage_actors import stage_actors
from scripts.decisions.toolchain_actors import toolchain_actors
from scripts.flows.stage_context import StageContext
from scripts.flows.stage_inquiries import stage_place
from scripts.flows.toolchain_inquiries import toolchain_place
from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.scripts.site import ACCOUNTS, BUCKETS, DEV_BUCKET, PROJECT, EmbeddedAws, Site, wait_until
from tests.functional.toolchain import repository
from tests.functional.toolchain.repository import codepipeline_of, executions, live_release, make, started_by

GROUP = "berths"
APPROVER = "ann@example.com"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A repository, and accounts with one Approved version and with input, which ``make bootstrap`` has prepared."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("team"), aws.address, aws.client, by_hand=("preprod",))
        for stage in ACCOUNTS:
            site.edit_stage(stage, f"model_package_group: {site.group}", f"model_package_group: {GROUP}")
        site.group = GROUP
        repository.make_repository(site)
        site.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        site.client("s3").put_bucket_versioning(Bucket=DEV_BUCKET, VersioningConfiguration={"Status": "Enabled"})
        site.register()
        foundations = make(site, "bootstrap", "ARGS=--yes --no-toolchain")
        assert foundations.returncode == 0, foundations.stderr
        for stage in ACCOUNTS:
            site.put_input(stage)
        whole = make(site, "bootstrap", f"ARGS=--yes --notification-email {APPROVER}")
        assert whole.returncode == 0, whole.stderr
        assert f"{PROJECT}-toolchain: deployed" in whole.stdout
        assert f"{codepipeline_of(site)}-codepipeline: deployed" in whole.stdout
        repository.follow_link_in_mail(site, APPROVER)
        yield site
    finally:
        aws.stop()


def test_prod_gets_the_release_that_preprod_verified_though_a_newer_version_was_approved_meanwhile(team: Site) -> None:
    followed = make(team, "codepipeline", "ARGS=--newest")
    assert followed.returncode == 0, followed.stderr
    assert "model version 1: first deployment; verification in preprod passed, 10 predictions" in followed.stdout
    verified = live_release(team, "preprod", PREPROD)
    off = make(team, "schedule", "STAGE=preprod", "OFF", "REASON=the input is late")
    assert off.returncode == 0, off.stderr

    team.register("Rejected")
    newer = team.register("PendingManualApproval")
    repository.aws_cli(
        team,
        *("sagemaker", "update-model-package", "--model-package-arn", newer),
        *("--model-approval-status", "Approved", "--approval-description", "better"),
    )
    started_by(team, "ModelPackageApproved")

    approved = make(team, "approve", "SUMMARY=good figures")
    assert approved.returncode == 0, approved.stderr
    assert "auc" in approved.stderr  # the evidence is shown before the answer
    status = make(team, "status", "STAGE=prod", "OUTPUT=json")
    answer = json.loads(status.stdout)["stages"][0]["approval"]
    assert (answer["reason"], answer["by"]) == ("good figures", f"arn:aws:iam::{DEV}:root"), status.stderr
    live = live_release(team, "prod", PROD)
    assert live == verified
    assert live["model_package"]["version"] == 1
    # of a commit whose repository no build was handed
    assert live["source"]["git_message"] == repository.FIRST_COMMIT
    assert live["source"]["git_author"] and live["source"]["git_committed_at"], live["source"]
    written = team.client("s3", account=PROD).list_objects_v2(Bucket=BUCKETS["prod"], Prefix="predictions/")
    assert any(each["Size"] for each in written["Contents"])
    entries = ledger(team, "prod")
    assert [each["kind"] for each in entries] == ["approval", "promotion", "deployment", "verification"]
    assert (entries[0]["by"], entries[0]["reason"]) == (answer["by"], "good figures")
    assert len({each["execution"] for each in entries[:3]}) == 1
    mail = repository.mail(team, APPROVER)
    assert any("APPROVAL NEEDED" in each["subject"] and "model version 1" in each["text"] for each in mail)
    assert any("SUCCEEDED" in each["text"] for each in mail)


def test_a_rejected_release_leaves_prod_as_it_is_and_the_reason_is_told(team: Site) -> None:
    # One by the toolchain's creation and one by the approval of version 3: the rejected version 2 started nothing.
    assert len(executions(team)) == 2
    before = live_release(team, "prod", PROD)
    waiting = make(team, "codepipeline", "ARGS=--newest")
    assert "model version 3: changes ModelPackageName" in waiting.stdout, waiting.stderr
    state = team.client("codepipeline").get_pipeline_state(name=codepipeline_of(team))
    stage = next(each for each in state["stageStates"] if each["stageName"] == "ApproveProd")
    action = next(each for each in stage["actionStates"] if each["actionName"] == "Approve")
    answer = ("codepipeline", "put-approval-result", "--pipeline-name", codepipeline_of(team))
    where = ("--stage-name", "ApproveProd", "--action-name", "Approve", "--token", action["latestExecution"]["token"])
    repository.aws_cli(team, *answer, *where, "--result", json.dumps({"status": "Rejected", "summary": "too few rows"}))

    told = make(team, "codepipeline", "ARGS=--newest")
    assert "was rejected" in told.stderr
    assert "ApproveProd / Approve: too few rows" in told.stderr
    assert "Error 17" in told.stderr
    assert live_release(team, "prod", PROD) == before
    assert any("FAILED" in each["text"] for each in repository.mail(team, APPROVER))
    assert live_release(team, "preprod", PREPROD)["model_package"]["version"] == 3
    schedule = json.loads(make(team, "status", "STAGE=preprod", "OUTPUT=json").stdout)["stages"][0]
    assert schedule["schedule"] == "rate(1 day) DISABLED"  # the CodePipeline's change set kept it off
    assert "the input is late" in schedule["schedule_off"][0]


def test_a_push_starts_it_and_bootstrap_changes_nothing_the_second_time(team: Site, tmp_path: Path) -> None:
    again = make(team, "bootstrap", "ARGS=--yes")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count(": unchanged") == 4
    assert len(executions(team)) == 2  # pushing what is there already starts nothing

    repository.git(team, "push", "--quiet", "localaws", "HEAD:refs/heads/other")
    repository.commit(team, "Another commit")
    repository.git(team, "push", "--quiet", "localaws")
    started_by(team, "CommitPushed")
    assert len(executions(team)) == 3  # the other branch started none
    followed = make(team, "codepipeline", "ARGS=--newest")
    assert f"nothing changed for {team.pipeline} since approval for prod was asked: skipped" in followed.stdout
    assert live_release(team, "prod", PROD)["model_package"]["version"] == 1


def test_whoever_starts_it_by_hand_is_asked_again_what_was_rejected(team: Site) -> None:
    asked = make(team, "codepipeline")
    assert asked.returncode == 0, asked.stderr
    assert "Waiting for an approval" in asked.stdout
    assert "model version 3: changes ModelPackageName" in asked.stdout


def test_prod_goes_back_through_the_codepipeline_and_the_ledger_tells_what_was_rejected_approved_and_undone(
    team: Site,
) -> None:
    before = live_release(team, "prod", PROD)
    approved = make(team, "approve", "SUMMARY=after all")
    assert approved.returncode == 0, approved.stderr
    newer = live_release(team, "prod", PROD)
    assert newer["model_package"]["version"] == 3
    back = make(team, "rollback", "STAGE=prod")
    assert back.returncode == 0, back.stderr
    assert live_release(team, "prod", PROD) == before
    entries = ledger(team, "prod")[4:]
    kinds = ["rejection", "approval", "promotion", "deployment", "verification", "rollback", "verification"]
    assert [each["kind"] for each in entries] == kinds
    assert [each["reason"] for each in entries[:2]] == ["too few rows", "after all"]
    assert (entries[5]["release_id"], entries[5]["from_release"]) == (before["release_id"], newer["release_id"])
    (rollback,) = [each for each in executions(team) if each.get("executionType") == "ROLLBACK"]
    assert entries[5]["execution"] == rollback["pipelineExecutionId"]
    assert "Nobody holds the lock" in make(team, "unlock", "STAGE=preprod").stdout
    reject = (
        "sagemaker",
        "update-model-package",
        "--model-approval-status",
        "Rejected",
        "--approval-description",
        "no",
    )
    repository.aws_cli(team, *reject, "--model-package-arn", before["model_package"]["arn"])
    assert "version 1 is Rejected in dev" in make(team, "status", "STAGE=prod").stdout
    assert "rejected" not in make(team, "status", "STAGE=preprod").stdout
    wait_until(lambda: any("/1 was rejected" in each["text"] for each in repository.mail(team, APPROVER)))


def ledger(team: Site, stage: str) -> list[dict[str, Any]]:
    """The stage's entries, oldest first, of a ledger that is whole."""
    checked = make(team, "history", f"STAGE={stage}", "VERIFY=1")
    assert checked.returncode == 0, checked.stderr
    return list(json.loads(make(team, "history", f"STAGE={stage}", "OUTPUT=json").stdout)["ledger"][::-1])


def test_every_call_that_a_role_made_is_in_the_table_that_doctor_asks_by_and_every_one_there_is_made(
    team: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = team.address.page("/_localaws/iam")
    assert not record["full"]
    denied = {f"{each['principal']}: {each['action']}" for each in record["asked"] if not each["allowed"]}
    assert "\n".join(sorted(denied)) == ""
    calls = [Call(each["principal"], each["action"], each["resource"]) for each in record["asked"]]
    monkeypatch.chdir(team.folder)
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, team.environment[name])
    contexts = [StageContext.open(stage) for stage in ACCOUNTS]
    stages = [stage_place(context) for context in contexts]
    actors = [actor for stage in stages for actor in stage_actors(stage)]
    toolchain = toolchain_place(contexts)
    assert toolchain is not None
    actors += toolchain_actors(toolchain)
    assert "\n".join(unknown_calls(actors, calls)) == ""
    assert "\n".join(calls_never_made(actors, calls, of_any_stage)) == ""


def of_any_stage(text: str) -> str:
    """What is made in one stage need not be in the other: prod gets one release of the story alone."""
    return re.sub(r"key/[0-9a-f-]+", "key", re.sub(rf"{PREPROD}|{PROD}|preprod|prod", "stage", text))
