"""A release's whole way: deployed to preprod, verified, deployed again without a change, and brought to prod."""

from __future__ import annotations

import json
import signal

import pytest

from tests.functional.conftest import PREPROD, PROD
from tests.functional.scripts.site import BUCKETS, SCORE, Site

MOST_CALLS = 15


def test_a_deployment_promotes_deploys_verifies_and_shows_predictions(ready_site: Site) -> None:
    done = ready_site.run("deploy_stage", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert "is live in preprod and verified" in done.stdout
    assert "0,a,0.5" in done.stdout.replace("  ", ",").replace(",,", ",")
    assert "ModelName" in done.stdout
    assert "CREATE_COMPLETE" in done.stderr
    assert "Score" in done.stderr


def test_a_second_deployment_changes_nothing_and_takes_few_calls(ready_site: Site) -> None:
    first = ready_site.json("deploy_stage", "--stage", "preprod")
    second = ready_site.json("deploy_stage", "--stage", "preprod")
    assert (first["changed"], second["changed"]) == (True, False)
    assert second["release_id"] == first["release_id"]
    assert second["aws_calls"] <= MOST_CALLS, second["aws_calls_by_operation"]
    assert len(ready_site.promoted()) == 1
    assert len(ready_site.executions()) == 1


def test_the_number_of_versions_does_not_change_the_number_of_calls(ready_site: Site) -> None:
    ready_site.json("deploy_stage", "--stage", "preprod")
    few = ready_site.json("deploy_stage", "--stage", "preprod")["aws_calls"]
    for _ in range(25):
        ready_site.register("Rejected")
    assert ready_site.json("deploy_stage", "--stage", "preprod")["aws_calls"] == few


def test_everything_of_the_model_package_is_kept(ready_site: Site) -> None:
    release_id = ready_site.json("deploy_stage", "--stage", "preprod")["release_id"]
    (package,) = ready_site.promoted()
    assert package["ModelPackageGroupName"] == ready_site.group
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["SourceUri"] == "https://git.example.com/models"
    metadata = package["CustomerMetadataProperties"]
    assert metadata["release_id"] == release_id
    assert metadata["source_model_package_arn"].endswith(f"/{ready_site.group}/1")
    assert metadata["training_id"]
    s3 = ready_site.client("s3", account=PREPROD)
    for member in ("ModelMetrics", "DriftCheckBaselines"):
        uri = package[member]["ModelQuality"]["Statistics"]["S3Uri"]
        assert uri.startswith(f"s3://{BUCKETS['preprod']}/model-metrics/")
        key = uri.split("/", 3)[3]
        assert s3.get_object(Bucket=BUCKETS["preprod"], Key=key)["Body"].read() == b'{"auc": 0.9}'


def test_the_newest_approved_version_is_deployed(ready_site: Site) -> None:
    newest = ready_site.register()
    ready_site.register("Rejected")
    ready_site.register("PendingManualApproval")
    deployed = ready_site.json("deploy_stage", "--stage", "preprod")
    assert ready_site.promoted()[-1]["CustomerMetadataProperties"]["source_model_package_arn"] == newest
    assert deployed["model_package"]["from"] is None


def test_a_change_of_code_alone_is_a_new_release_of_the_same_model_package(ready_site: Site) -> None:
    first = ready_site.json("deploy_stage", "--stage", "preprod")
    ready_site.write_script(SCORE.replace("0.5", "0.7"))
    second = ready_site.json("deploy_stage", "--stage", "preprod")
    assert second["changed"]
    assert second["release_id"] != first["release_id"]
    assert second["first_rows"][0].endswith("0.7")
    assert len(ready_site.promoted()) == 1


def test_prod_gets_what_preprod_verified_though_a_newer_version_was_approved(ready_site: Site) -> None:
    verified = ready_site.json("deploy_stage", "--stage", "preprod")
    ready_site.register()
    ready_site.write_script("raise SystemExit('not what was tested')")
    deployed = ready_site.json("deploy_stage", "--stage", "prod")
    assert deployed["release_id"] == verified["release_id"]
    (package,) = ready_site.promoted("prod")
    assert package["CustomerMetadataProperties"]["source_model_package_arn"].endswith("/1")
    again = ready_site.json("deploy_stage", "--stage", "prod")
    assert (again["changed"], again["aws_calls"] <= MOST_CALLS) == (False, True)


def test_prod_refuses_a_release_that_preprod_did_not_verify(ready_site: Site) -> None:
    release_id = ready_site.json("create_release")["release_id"]
    refused = ready_site.run("deploy_stage", "--stage", "prod", "--release", release_id)
    assert refused.returncode == 8
    assert "make deploy STAGE=preprod" in refused.stderr
    assert ready_site.promoted("prod") == []


def test_an_unverified_release_goes_to_prod_only_when_told_and_that_is_recorded(ready_site: Site) -> None:
    release_id = ready_site.json("create_release")["release_id"]
    done = ready_site.run("deploy_stage", "--stage", "prod", "--release", release_id, UNVERIFIED="1")
    assert done.returncode == 0, done.stderr
    s3 = ready_site.client("s3", account=PROD)
    record = s3.get_object(Bucket=BUCKETS["prod"], Key=f"releases/{release_id}/deployment.json")["Body"].read()
    assert json.loads(record)["unverified_in_preprod"] is True


def test_an_earlier_release_can_be_named(ready_site: Site) -> None:
    first = ready_site.json("deploy_stage", "--stage", "preprod")
    ready_site.write_script(SCORE.replace("0.5", "0.7"))
    ready_site.json("deploy_stage", "--stage", "preprod")
    back = ready_site.json("deploy_stage", "--stage", "preprod", "--release", first["release_id"])
    assert back["release_id"] == first["release_id"]
    assert back["first_rows"][0].endswith("0.5")


@pytest.mark.parametrize(
    "sign",
    [
        "Promote the model package",
        "Upload definition",
        "Model  AWS::SageMaker::Model",
        "CREATE_IN_PROGRESS",
        "started arn",
        "Executing",
    ],
)
def test_a_deployment_killed_anywhere_ends_in_the_same_state(ready_site: Site, sign: str) -> None:
    assert ready_site.kill_when("deploy_stage", sign, "--stage", "preprod") == -signal.SIGKILL
    done = ready_site.run("deploy_stage", "--stage", "preprod")
    assert done.returncode == 0, done.stderr
    assert [each["ModelPackageStatus"] for each in ready_site.promoted()] == ["Completed"]
    assert [each["PipelineExecutionStatus"] for each in ready_site.executions()] == ["Succeeded"]
    assert ready_site.json("deploy_stage", "--stage", "preprod")["changed"] is False


def test_an_interrupted_deployment_says_so_and_can_be_repeated(ready_site: Site) -> None:
    code = ready_site.kill_when("deploy_stage", "CREATE_IN_PROGRESS", "--stage", "preprod", how=signal.SIGINT)
    assert code == 130
    assert ready_site.run("deploy_stage", "--stage", "preprod").returncode == 0


def test_a_plan_shows_what_a_deployment_then_does_and_changes_nothing(ready_site: Site) -> None:
    planned = ready_site.json("plan_stage", "--stage", "preprod")
    assert (planned["promotes"], planned["stack"]["readiness"]) == (True, "create")
    assert not ready_site.stack_exists()
    assert ready_site.promoted() == []
    ready_site.json("deploy_stage", "--stage", "preprod")
    assert ready_site.json("plan_stage", "--stage", "preprod")["nothing_to_do"]
    ready_site.edit_stage("preprod", "schedule: 1 day", "schedule: 2 days")
    shown = ready_site.run("plan_stage", "--stage", "preprod")
    assert "ScheduleExpressionforPipeline: 1 day -> 2 days" in shown.stdout
    assert "~ Schedule  AWS::Events::Rule" in shown.stdout
    assert ready_site.json("plan_stage", "--stage", "preprod")["change_set"]


def test_a_version_that_was_deleted_in_the_stage_is_promoted_again(ready_site: Site) -> None:
    ready_site.json("deploy_stage", "--stage", "preprod")
    ready_site.json("destroy_stage", "--stage", "preprod", "--yes")
    ready_site.client("sagemaker", account=PREPROD).delete_model_package(
        ModelPackageName=ready_site.promoted()[0]["ModelPackageArn"]
    )
    ready_site.json("deploy_stage", "--stage", "preprod")
    assert [each["ModelPackageStatus"] for each in ready_site.promoted()] == ["Completed"]
