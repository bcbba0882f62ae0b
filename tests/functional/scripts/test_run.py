"""``run``, ``predictions``, ``verify`` and ``status`` of a deployed stage."""

from __future__ import annotations

import re
from typing import Any

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
    assert status["next_run"] == "within 1 day"
    assert status["approval"] is None
    assert {each["name"] for each in status["alarms"]} == {
        "ExecutionFailed",
        "NoSuccess",
        "DeadLetterArrived",
    }
    assert all(each["since"] for each in status["alarms"])


def test_an_alarm_that_rings_is_shown_as_one_with_its_reason_and_one_that_is_gone_too(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    cloudwatch = ready_site.client("cloudwatch", account=PREPROD)
    names = {each["AlarmName"].split("-")[-2]: each["AlarmName"] for each in ours(cloudwatch, ready_site)}
    failed = next(each for each in ours(cloudwatch, ready_site) if each["AlarmName"] == names["ExecutionFailed"])
    # With a datapoint that breaches, the state that is set here stays when the alarm is evaluated.
    datum = {"MetricName": failed["MetricName"], "Dimensions": failed["Dimensions"], "Value": 1}
    cloudwatch.put_metric_data(Namespace=failed["Namespace"], MetricData=[datum])
    cloudwatch.set_alarm_state(AlarmName=names["ExecutionFailed"], StateValue="ALARM", StateReason="it broke")
    cloudwatch.delete_alarms(AlarmNames=[names["DeadLetterArrived"]])
    said = ready_site.run("status", "--stage", "preprod").stdout
    assert re.search(r"! ALARM +ExecutionFailed since 2\S+: it broke", said), said
    assert re.search(r"! GONE +DeadLetterArrived", said), said
    states = {
        each["name"]: each["state"] for each in ready_site.json("status", "--stage", "preprod")["stages"][0]["alarms"]
    }
    assert (states["ExecutionFailed"], states["DeadLetterArrived"]) == ("ALARM", "GONE")


def ours(cloudwatch: Any, site: Site) -> list[dict[str, Any]]:
    return list(cloudwatch.describe_alarms(AlarmNamePrefix=site.stack)["MetricAlarms"])


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


def test_a_run_takes_parameters_and_another_input(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    s3, bucket = ready_site.client("s3", account=PREPROD), BUCKETS["preprod"]
    s3.put_object(Bucket=bucket, Key=f"late/{ready_site.pipeline}/2026-01-31/rows.csv", Body=b"7,late\n")
    url = f"s3://{bucket}/late/{ready_site.pipeline}/{{date}}/"
    chosen = ("--input", url, "--date", "2026-01-31", "--parameters", "ProcessingInstanceType=ml.m5.xlarge")
    run = ready_site.json("run", "--stage", "preprod", *chosen)
    assert ready_site.json("predictions", "--stage", "preprod")["first_rows"] == ["7,late,0.5"]
    given = ready_site.client("sagemaker", account=PREPROD).list_pipeline_parameters_for_execution(
        PipelineExecutionArn=run["execution_arn"]
    )["PipelineParameters"]
    assert {"Name": "ProcessingInstanceType", "Value": "ml.m5.xlarge"} in given
    absent = ready_site.run("run", "--stage", "preprod", "--input", url, "--date", "2026-02-01")
    assert absent.returncode == 18
    unknown = ready_site.run("run", "--stage", "preprod", "--parameters", "ProcesingInstanceType=ml.m5.xlarge")
    assert unknown.returncode == 2
    assert "did you mean ProcessingInstanceType" in unknown.stderr
