"""``run``, ``predictions``, ``verify`` and ``status`` of a deployed stage."""

from __future__ import annotations

from tests.functional.scripts.site import Site


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
