"""Two pipelines in one project, each with a CodePipeline of its own over one toolchain.

One story in three tests, which share what the earlier ones left.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import yaml

from tests.functional.conftest import DEV, REGION
from tests.functional.scripts.site import ACCOUNTS, BUCKETS, DEV_BUCKET, PIPELINE, SCORE, EmbeddedAws, Site
from tests.functional.toolchain import repository
from tests.functional.toolchain.repository import codepipeline_of, executions, make, started_by

SECOND = "churn_score"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both pipelines are deployed in both stages by hand; then the CodePipelines are made."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"), "--enforce-iam")
    try:
        site = Site(tmp_path_factory.mktemp("team"), aws.address, aws.client)
        second = second_pipeline(site)
        repository.make_repository(site)
        repository.commit(site, "Two pipelines")
        where = {"LocationConstraint": REGION}
        site.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration=where)
        for each in (site, second):
            each.register()
        foundations = make(site, "bootstrap", "ARGS=--yes --no-toolchain")
        assert foundations.returncode == 0, foundations.stderr
        for each in (site, second):
            for stage in ACCOUNTS:
                each.put_input(stage)
                done = make(site, "deploy", f"STAGE={stage}", f"PIPELINE={each.pipeline}")
                assert done.returncode == 0, done.stderr
        whole = make(site, "bootstrap", "ARGS=--yes")
        assert whole.returncode == 0, whole.stderr
        yield site
    finally:
        aws.stop()


def second_pipeline(site: Site) -> Site:
    """The site's folder under another name, with a group and input of its own; as a site that registers and uploads."""
    shutil.copytree(site.folder / "pipelines" / site.pipeline, site.folder / "pipelines" / SECOND)
    second = object.__new__(Site)
    vars(second).update(vars(site), pipeline=SECOND, group="churn-models")
    second.write_script("# ruff: noqa\n# fmt: off\n" + SCORE)
    second.write_pipeline("# ruff: noqa\n# mypy: ignore-errors\n# fmt: off\n" + PIPELINE)
    own = {"model_package_group": second.group, "input_prefix": f"input/{SECOND}/"}
    for stage in ACCOUNTS:
        path = site.folder / "stages" / f"{stage}.yml"
        path.write_text(path.read_text() + yaml.safe_dump({"pipelines": {SECOND: own}}))
    return second


def test_what_is_live_and_verified_already_is_skipped_without_asking_anybody(team: Site) -> None:
    for pipeline in (team.pipeline, SECOND):
        followed = make(team, "codepipeline", f"PIPELINE={pipeline}", "ARGS=--newest")
        assert followed.returncode == 0, followed.stderr
        assert f"Succeeded: nothing changed for {pipeline}: skipped" in followed.stdout
        (only,) = executions(team, pipeline)
        rules = team.client("codepipeline").list_rule_executions(
            pipelineName=codepipeline_of(team, pipeline),
            filter={"pipelineExecutionId": only["pipelineExecutionId"]},
        )["ruleExecutionDetails"]
        assert {each["stageName"] for each in rules} == {"Preprod", "ApproveProd", "Prod"}


def test_a_push_that_changes_one_pipeline_releases_only_that_one(team: Site) -> None:
    team.put_input(rows=11)  # of the first one: what came since is its next run's matter, and releases nothing
    script = team.folder / "pipelines" / SECOND / "preprocess.py"
    script.write_text(script.read_text() + "# changed\n")
    repository.commit(team, "The second alone")
    repository.git(team, "push", "--quiet", "localaws")
    started_by(team, "CommitPushed", pipeline=SECOND)
    started_by(team, "CommitPushed")
    first = make(team, "codepipeline", "ARGS=--newest")
    assert f"nothing changed for {team.pipeline}: skipped" in first.stdout, first.stderr
    second = make(team, "codepipeline", f"PIPELINE={SECOND}", "ARGS=--newest")
    assert f"Waiting for an approval: {SECOND}: release " in second.stdout, second.stderr
    assert f"make approve PIPELINE={SECOND}" in second.stdout
    nothing = make(team, "approve", "SUMMARY=yes")  # the first one's, which waits for nobody
    assert "no approval of" in nothing.stderr
    approved = make(team, "approve", f"PIPELINE={SECOND}", "SUMMARY=good figures")
    assert approved.returncode == 0, approved.stderr
    assert "Succeeded   Prod / Verify" in approved.stderr


def test_an_approved_package_starts_only_the_codepipeline_of_its_own_group(team: Site) -> None:
    before = len(executions(team))
    group = f"arn:aws:sagemaker:{REGION}:{DEV}:model-package/churn-models"
    second = object.__new__(Site)
    vars(second).update(vars(team), pipeline=SECOND, group="churn-models")
    pending = second.register("PendingManualApproval")
    assert pending.startswith(group)
    repository.aws_cli(
        team,
        *("sagemaker", "update-model-package", "--model-package-arn", pending),
        *("--model-approval-status", "Approved"),
    )
    started_by(team, "ModelPackageApproved", pipeline=SECOND)
    waiting = make(team, "codepipeline", f"PIPELINE={SECOND}", "ARGS=--newest")
    assert "model version 2: changes ModelPackageName" in waiting.stdout, waiting.stderr
    assert len(executions(team)) == before
    written = team.client("s3", account=ACCOUNTS["prod"]).list_objects_v2(Bucket=BUCKETS["prod"], Prefix="predictions/")
    assert written["KeyCount"]
