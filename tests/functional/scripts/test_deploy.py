"""A release's whole way: deployed to preprod, verified, deployed again without a change, and brought to prod."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.conftest import PREPROD, PROD, REGION
from tests.functional.scripts.site import BUCKETS, SCORE, EmbeddedAws, Site

MOST_CALLS = 26


@dataclass(frozen=True)
class Deployed:
    """A site whose first deployment to preprod is done; tests leave it as it is."""

    site: Site
    first: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def deployed(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    folder: Path = tmp_path_factory.mktemp("site")
    site = Site(folder, embedded_aws.address, embedded_aws.client)
    site.register()
    site.put_input()
    first = site.run("deploy", "--stage", "preprod")
    assert first.returncode == 0, first.stderr
    return Deployed(site, first)


def test_a_deployment_shows_what_it_does_and_ends_with_a_summary(deployed: Deployed) -> None:
    shown, progress = deployed.first.stdout, deployed.first.stderr
    assert "is live in preprod and verified" in shown
    assert f"(none) -> arn:aws:sagemaker:{REGION}:{PREPROD}:model-package/" in shown
    assert "0  a  0.5" in shown
    for part in ("ModelName", "ArtifactBucketName", "s3://", ":pipeline/", "AWS calls: ", "total "):
        assert part in shown
    for part in ("+ Model  AWS::SageMaker::Model", "CREATE_COMPLETE", "Score", "checksums agree"):
        assert part in progress


def test_a_second_deployment_changes_nothing_and_takes_few_calls(deployed: Deployed) -> None:
    again = deployed.site.json("deploy", "--stage", "preprod")
    assert again["changed"] is False
    assert again["aws_calls"] <= MOST_CALLS, again["aws_calls_by_operation"]
    assert len(deployed.site.promoted()) == 1
    assert len(deployed.site.executions()) == 1
    for _ in range(15):
        deployed.site.register("Rejected")
    assert deployed.site.json("deploy", "--stage", "preprod")["aws_calls"] == again["aws_calls"]


def test_everything_of_the_model_package_is_kept(deployed: Deployed) -> None:
    (package,) = deployed.site.promoted()
    assert package["ModelPackageGroupName"] == deployed.site.group
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["SourceUri"] == "https://git.example.com/models"
    metadata = package["CustomerMetadataProperties"]
    assert metadata["release_id"] in deployed.first.stdout
    assert metadata["source_model_package_arn"].endswith(f"/{deployed.site.group}/1")
    assert metadata["training_id"]
    s3 = deployed.site.client("s3", account=PREPROD)
    for member in ("ModelMetrics", "DriftCheckBaselines"):
        uri = package[member]["ModelQuality"]["Statistics"]["S3Uri"]
        assert uri.startswith(f"s3://{BUCKETS['preprod']}/model-metrics/")
        key = uri.split("/", 3)[3]
        assert s3.get_object(Bucket=BUCKETS["preprod"], Key=key)["Body"].read() == b'{"auc": 0.9}'


def test_a_plan_shows_the_change_set_and_leaves_none_behind(deployed: Deployed) -> None:
    assert deployed.site.json("plan", "--stage", "preprod")["nothing_to_do"]
    deployed.site.edit_stage("preprod", "schedule: 1 day", "schedule: 2 days")
    shown = deployed.site.run("plan", "--stage", "preprod")
    deployed.site.edit_stage("preprod", "schedule: 2 days", "schedule: 1 day")
    assert "ScheduleExpressionforPipeline: 1 day -> 2 days" in shown.stdout
    assert "~ Schedule  AWS::Events::Rule" in shown.stdout
    cloudformation = deployed.site.client("cloudformation", account=PREPROD)
    left = cloudformation.list_change_sets(StackName=deployed.site.stack)["Summaries"]
    assert [each for each in left if each["ExecutionStatus"] == "AVAILABLE"] == []


def test_a_plan_of_a_new_stage_changes_nothing(ready_site: Site) -> None:
    planned = ready_site.json("plan", "--stage", "preprod")
    assert (planned["promotes"], planned["stack"]["readiness"]) == (True, "create")
    assert not ready_site.stack_exists()
    assert ready_site.promoted() == []


def test_a_change_of_code_alone_is_a_new_release_of_the_same_package_and_an_earlier_one_can_be_named(
    ready_site: Site,
) -> None:
    first = ready_site.json("deploy", "--stage", "preprod")
    ready_site.write_script(SCORE.replace("0.5", "0.7"))
    second = ready_site.json("deploy", "--stage", "preprod")
    assert second["release_id"] != first["release_id"]
    assert second["first_rows"][0].endswith("0.7")
    assert len(ready_site.promoted()) == 1
    back = ready_site.json("deploy", "--stage", "preprod", "--release", first["release_id"])
    assert back["release_id"] == first["release_id"]
    assert back["first_rows"][0].endswith("0.5")


def test_prod_gets_what_preprod_verified_though_a_newer_version_was_approved(ready_site: Site) -> None:
    verified = ready_site.json("deploy", "--stage", "preprod")
    ready_site.register()
    ready_site.write_script("raise SystemExit('not what was tested')")
    deployed = ready_site.json("deploy", "--stage", "prod")
    assert deployed["release_id"] == verified["release_id"]
    (package,) = ready_site.promoted("prod")
    assert package["CustomerMetadataProperties"]["source_model_package_arn"].endswith("/1")
    again = ready_site.json("deploy", "--stage", "prod")
    # The script in the tree is another one since: the release's own is read from preprod's bucket.
    assert (again["changed"], again["aws_calls"] <= MOST_CALLS + 1) == (False, True), again["aws_calls_by_operation"]


def test_an_unverified_release_goes_to_prod_only_when_told_and_that_is_recorded(ready_site: Site) -> None:
    ready_site.register("Rejected")
    release = ready_site.json("release")
    assert release["model_package"]["version"] == 1  # the newest Approved one
    release_id = release["release_id"]
    refused = ready_site.run("deploy", "--stage", "prod", "--release", release_id)
    assert refused.returncode == 8
    assert "make deploy STAGE=preprod" in refused.stderr
    assert ready_site.promoted("prod") == []
    done = ready_site.run("deploy", "--stage", "prod", "--release", release_id, UNVERIFIED="1")
    assert done.returncode == 0, done.stderr
    s3 = ready_site.client("s3", account=PROD)
    record = s3.get_object(Bucket=BUCKETS["prod"], Key=f"releases/{release_id}/deployment.json")["Body"].read()
    assert json.loads(record)["unverified_in_preprod"] is True


@pytest.mark.parametrize(
    ("sign", "how"),
    [
        ("Promote the model package", signal.SIGKILL),
        ("Model  AWS::SageMaker::Model", signal.SIGKILL),
        ("CREATE_IN_PROGRESS", signal.SIGINT),
        ("Executing", signal.SIGKILL),
    ],
)
def test_a_deployment_ended_anywhere_and_repeated_ends_in_the_same_state(
    ready_site: Site, sign: str, how: signal.Signals
) -> None:
    code = ready_site.kill_when("deploy", sign, "--stage", "preprod", how=how)
    assert code == (130 if how == signal.SIGINT else -signal.SIGKILL)
    done = ready_site.run("deploy", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert [each["ModelPackageStatus"] for each in ready_site.promoted()] == ["Completed"]
    assert [each["PipelineExecutionStatus"] for each in ready_site.executions()] == ["Succeeded"]


def test_a_version_that_was_deleted_in_the_stage_is_promoted_again(ready_site: Site) -> None:
    ready_site.json("release")
    first = ready_site.json("promote", "--stage", "preprod")["model_package_arn"]
    ready_site.client("sagemaker", account=PREPROD).delete_model_package(ModelPackageName=first)
    ready_site.json("promote", "--stage", "preprod")
    assert [each["ModelPackageStatus"] for each in ready_site.promoted()] == ["Completed"]
