"""``run``, ``predictions``, ``verify`` and ``status`` of a deployed stage."""

from __future__ import annotations

from tests.functional.conftest import PREPROD
from tests.functional.scripts.site import BUCKETS, SCORE, Site


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


def test_settings_changed_and_changed_back_are_verified_by_an_execution_of_their_own(ready_site: Site) -> None:
    ready_site.write_script(SCORE + "assert 'broken' not in Path('/opt/ml/processing/input/rows.csv').read_text()\n")
    ready_site.json("deploy", "--stage", "preprod")
    ready_site.edit_stage("preprod", "minimum: 0.0", "minimum: 0.1")
    ready_site.json("deploy", "--stage", "preprod")
    ready_site.edit_stage("preprod", "minimum: 0.1", "minimum: 0.0")
    key = f"input/{ready_site.pipeline}/rows.csv"
    ready_site.client("s3", account=PREPROD).put_object(Bucket=BUCKETS["preprod"], Key=key, Body=b"broken\n")
    done = ready_site.run("deploy", "--stage", "preprod")
    assert done.returncode == 12, done.stdout
    assert "verified" not in done.stdout
