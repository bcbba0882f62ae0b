"""resolve, release, run, verify, status, predictions and doctor."""

from __future__ import annotations

import json

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import Site


def test_resolve_shows_the_newest_approved_version(ready_site: Site) -> None:
    newest = ready_site.register()
    ready_site.register("PendingManualApproval")
    assert ready_site.json("resolve")["model_package"]["ModelPackageArn"] == newest


def test_a_release_is_the_same_for_the_same_content(ready_site: Site) -> None:
    first, second = ready_site.json("release"), ready_site.json("release")
    assert first["release_id"] == second["release_id"]
    container = first["model_package"]["containers"][0]
    assert container["objects"][0]["checksum"]["algorithm"] == "SHA256"
    assert container["image_digest"] is None
    assert set(first["templates"]) >= {"batch-inference.yml", "foundation.yml"}


def test_promoting_twice_registers_once(ready_site: Site) -> None:
    ready_site.json("release")
    first = ready_site.json("promote", "--stage", "preprod")
    second = ready_site.json("promote", "--stage", "preprod")
    assert (first["reused"], second["reused"]) == (False, True)
    assert first["model_package_arn"] == second["model_package_arn"]


def test_a_deployed_stage_can_be_run_verified_and_looked_at(ready_site: Site) -> None:
    deployed = ready_site.json("deploy", "--stage", "preprod")
    run = ready_site.json("run", "--stage", "preprod")
    assert run["status"] == "Succeeded"
    shown = ready_site.json("predictions", "--stage", "preprod", "--rows", "3")
    assert shown["execution_arn"] == run["execution_arn"]
    assert shown["first_rows"] == ["0,a,0.5", "1,a,0.5", "2,a,0.5"]
    verified = ready_site.json("verify", "--stage", "preprod")
    assert verified["figures"]["input_rows"] == verified["figures"]["output_rows"] == 10
    status = ready_site.json("status", "--stage", "preprod")["stages"][0]
    assert (status["release_id"], status["verified"]) == (deployed["release_id"], True)
    assert len(status["executions"]) == 3
    assert status["schedule"] == "rate(1 day) ENABLED"
    assert {each["name"] for each in status["alarms"]} == {
        "ExecutionFailed",
        "NoSuccess",
        "DeadLetterArrived",
    }


def test_nothing_can_be_run_before_a_deployment(ready_site: Site) -> None:
    done = ready_site.run("run", "--stage", "preprod")
    assert done.returncode == 11
    assert "make deploy STAGE=preprod" in done.stderr


def test_doctor_passes_where_all_is_there_and_names_each_fix(ready_site: Site) -> None:
    done = ready_site.run("doctor", "--stage", "preprod")
    assert done.returncode == 0, done.stdout + done.stderr
    broken = ready_site.run("doctor", "--output", "json", AWS_PREPROD_ACCOUNT_NUMBER="444444444444")
    assert broken.returncode == 20
    findings = {(each["stage"], each["subject"]): each for each in json.loads(broken.stdout)["findings"]}
    assert findings["preprod", "deployment role"]["fix"] == "make bootstrap"
    assert findings["prod", "foundation"]["state"] == "pass"


def test_bootstrapping_again_changes_nothing(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")  # with this site's model package group
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert [each["changed"] for each in answer["stacks"]] == [False, False]


def test_bootstrapping_writes_parameters_that_somebody_deleted(site: Site) -> None:
    site.json("bootstrap", "--yes", "--no-toolchain")
    ssm = site.client("ssm", account=PREPROD)
    before = ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"]
    ssm.delete_parameter(Name="/preprod/kms_key_arn")
    answer = site.json("bootstrap", "--yes", "--no-toolchain")
    assert ssm.get_parameter(Name="/preprod/kms_key_arn")["Parameter"]["Value"] == before
    assert [each["changed"] for each in answer["stacks"]] == [True, False]
