"""What a user can get wrong: each says what was found and what to do, has its exit code, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.functional.conftest import DEV, PREPROD
from tests.functional.scripts.site import DEV_BUCKET, PROJECT, ROOT, Site, wait_until


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert "\nTraceback" not in done.stderr
    assert "next:" in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_an_unknown_or_missing_stage_lists_the_stages(site: Site) -> None:
    refused(site.run("deploy", "--stage", "preprdo"), 2, 'did you mean "preprod"?', "preprod, prod")
    refused(site.run("deploy"), 2, "no stage given", "preprod, prod")


@pytest.mark.parametrize(
    "verb", ["plan", "deploy", "run", "verify", "status", "predictions", "logs", "release", "schedule"]
)
def test_a_pipeline_that_there_is_not_lists_those_there_are(site: Site, verb: str) -> None:
    state = ("--state", "off") if verb == "schedule" else ()
    done = site.run(verb, "--stage", "preprod", "--pipeline", f"{site.pipeline}x", *state)
    refused(done, 2, f'there is no pipeline "{site.pipeline}x"; did you mean "{site.pipeline}"?')


def test_a_script_that_is_no_python_is_refused_before_anything_is_released(ready_site: Site) -> None:
    ready_site.write_script("this is no python\n")
    for verb in ("release", "plan", "deploy"):
        refused(
            ready_site.run(verb, "--stage", "preprod"), 10, "preprocess.py line 1 is not Python", "this is no python"
        )
    assert not (ready_site.folder / "release.json").exists()


def test_a_parameter_that_nobody_gives_a_value_is_refused_at_plan(ready_site: Site) -> None:
    source = (ready_site.folder / "pipelines" / ready_site.pipeline / "pipeline.py").read_text()
    ready_site.write_pipeline(source.replace('"ProcessingInstanceType"]', '"ProcessingInstanceType", "Threshold"]'))
    refused(ready_site.run("plan", "--stage", "preprod"), 10, "Threshold", "set Threshold under parameters:")
    ready_site.edit_stage("preprod", "tags: {}", "parameters: {Threshold: '0.5'}\ntags: {}")
    ready_site.json("plan", "--stage", "preprod")


def test_an_unknown_option_is_a_wrong_argument(site: Site) -> None:
    refused(site.run("deploy", "--stag-e", "preprod"), 2, "--help")


def test_invalid_settings_stop_everything(ready_site: Site) -> None:
    ready_site.edit_stage("preprod", "schedule: 1 day", "schedule: rate(1 days)")
    refused(ready_site.run("deploy", "--stage", "preprod"), 3, 'write "1 day"', "stages/preprod.yml line")
    refused(ready_site.run("deploy", "--stage", "prod", AWS_PROD_ACCOUNT_NUMBER="1"), 3, "AWS_PROD_ACCOUNT_NUMBER")


def test_a_group_that_does_not_exist_is_told(site: Site) -> None:
    refused(site.run("deploy", "--stage", "preprod"), 7, f'no model package group "{site.group}"')


def test_without_an_approved_version_the_versions_are_listed(site: Site) -> None:
    site.register("Rejected")
    site.register("PendingManualApproval")
    refused(site.run("deploy", "--stage", "preprod"), 7, "version 1: Rejected", "version 2: PendingManualApproval")
    assert site.promoted() == []


def test_an_artifact_that_is_gone_is_told(site: Site) -> None:
    arn = site.register()
    site.put_input()
    site.client("s3").delete_object(Bucket=DEV_BUCKET, Key=site.artifact_key(arn))
    refused(site.run("deploy", "--stage", "preprod"), 9, "does not exist", site.artifact_key(arn))
    assert site.promoted() == []


def test_an_artifact_that_is_not_what_the_release_pinned_is_not_promoted(ready_site: Site) -> None:
    ready_site.json("release")
    arn = json.loads((ready_site.folder / "release.json").read_text())["model_package"]["arn"]
    ready_site.client("s3").put_object(Bucket=DEV_BUCKET, Key=ready_site.artifact_key(arn), Body=b"another model")
    refused(ready_site.run("promote", "--stage", "preprod"), 9, "differs from what the release pinned", "13 bytes")
    assert ready_site.promoted() == []


def test_unknown_credentials_are_told(site: Site) -> None:
    refused(site.run("deploy", "--stage", "preprod", AWS_ACCESS_KEY_ID="AKIAUNKNOWN"), 4, "InvalidClientTokenId", DEV)


def test_credentials_of_another_account_are_told(site: Site) -> None:
    refused(site.run("deploy", "--stage", "preprod", **site.address.keys(PREPROD)), 4, DEV, PREPROD)


def test_missing_credentials_are_told(site: Site) -> None:
    del site.environment["AWS_ACCESS_KEY_ID"]
    refused(site.run("deploy", "--stage", "preprod"), 4, "no credentials")


def test_an_endpoint_that_does_not_answer_is_told(site: Site) -> None:
    done = site.run("resolve", AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    refused(done, 16, "did not answer")


def test_a_stage_without_a_foundation_names_the_command(ready_site: Site) -> None:
    done = ready_site.run("deploy", "--stage", "preprod", AWS_PREPROD_ACCOUNT_NUMBER="444444444444")
    refused(done, 6, "make bootstrap", "444444444444", f"{PROJECT}-preprod-reader")
    assert not (ready_site.folder / "release.json").exists()


def test_a_stack_in_rollback_complete_is_explained(ready_site: Site) -> None:
    cloudformation = ready_site.client("cloudformation", account=PREPROD)
    template = {
        "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"maxReceiveCount": 1}}}}
    }
    cloudformation.create_stack(StackName=ready_site.stack, TemplateBody=json.dumps(template))
    wait_until(
        lambda: (
            cloudformation.describe_stacks(StackName=ready_site.stack)["Stacks"][0]["StackStatus"]
            == "ROLLBACK_COMPLETE"
        )
    )
    refused(ready_site.run("deploy", "--stage", "preprod"), 11, "ROLLBACK_COMPLETE", "make destroy STAGE=preprod")
    assert ready_site.promoted() == []
    assert ready_site.run("destroy", "--stage", "preprod", "--yes").returncode == 0
    assert ready_site.run("deploy", "--stage", "preprod").returncode == 0


def test_a_change_that_fails_is_undone_and_its_reason_told(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    path = ready_site.folder / "cloudformation" / "batch-inference.yml"
    good = path.read_text()
    queue = "  Broken:\n    Type: AWS::SQS::Queue\n    Properties: { RedrivePolicy: { maxReceiveCount: 1 } }\n"
    path.write_text(good.replace("Resources:\n", f"Resources:\n{queue}", 1))
    refused(ready_site.run("deploy", "--stage", "preprod"), 11, "UPDATE_ROLLBACK_COMPLETE", "Broken (AWS::SQS::Queue)")
    path.write_text(good)
    assert ready_site.run("deploy", "--stage", "preprod").returncode == 0


def test_somebody_elses_change_set_under_review_is_explained(ready_site: Site) -> None:
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    ready_site.client("cloudformation", account=PREPROD).create_change_set(
        StackName=ready_site.stack, ChangeSetName="by-hand", ChangeSetType="CREATE", TemplateBody=json.dumps(template)
    )
    refused(ready_site.run("deploy", "--stage", "preprod"), 11, "REVIEW_IN_PROGRESS", "by-hand")


def test_a_stale_definition_names_the_command(ready_site: Site) -> None:
    path = ready_site.folder / "pipelines" / ready_site.pipeline / "pipeline.py"
    path.write_text(path.read_text().replace('"VolumeSizeInGB": 1', '"VolumeSizeInGB": 2'))
    refused(ready_site.run("deploy", "--stage", "preprod"), 10, "is stale", "make render")


@pytest.mark.parametrize("text", ["{", "[]", '{"Version": "2020-12-01"}'])
def test_a_definition_broken_by_hand_is_refused(ready_site: Site, text: str) -> None:
    (ready_site.folder / "pipelines" / ready_site.pipeline / "definition.json").write_text(text)
    refused(ready_site.run("deploy", "--stage", "preprod"), 10, "make render")


def test_an_edited_release_is_refused(ready_site: Site) -> None:
    ready_site.json("release")
    path = ready_site.folder / "release.json"
    document = json.loads(path.read_text())
    document["model_package"]["version"] = 99
    path.write_text(json.dumps(document))
    refused(ready_site.run("promote", "--stage", "preprod"), 8, "release.json was edited")


def test_a_release_that_does_not_exist_is_told(ready_site: Site) -> None:
    refused(ready_site.run("deploy", "--stage", "preprod", "--release", "f" * 16), 8, "f" * 16)


def test_preprocessing_that_raises_shows_its_last_lines(ready_site: Site) -> None:
    ready_site.write_script("print('reading rows')\nraise ValueError('row 7 has no age')\n")
    done = ready_site.run("deploy", "--stage", "preprod")
    refused(done, 12, "step Score", "ValueError: row 7 has no age", "reading rows")
    refused(ready_site.run("deploy", "--stage", "prod"), 8, "make deploy STAGE=preprod")


def test_an_empty_input_prefix_stops_before_anything_is_deployed(site: Site) -> None:
    site.register()
    refused(site.run("deploy", "--stage", "preprod"), 18, f"input/{site.pipeline}/")
    assert site.promoted() == []
    assert not site.stack_exists()


def test_predictions_that_are_lost_fail_the_verification(ready_site: Site) -> None:
    ready_site.write_script("open('/opt/ml/processing/output/rows.csv', 'w').write('0,a,0.5\\n')\n")
    done = ready_site.run("deploy", "--stage", "preprod")
    refused(done, 13, "10 rows in, 1 predictions out")
    refused(ready_site.run("deploy", "--stage", "prod"), 8)


def test_destroying_asks_keeps_data_and_protects_prod(ready_site: Site) -> None:
    ready_site.json("deploy", "--stage", "preprod")
    refused(ready_site.run("destroy", "--stage", "preprod"), 2, "--yes")
    refused(ready_site.run("destroy", "--stage", "prod", "--yes"), 2, "--yes-delete-prod")
    assert ready_site.stack_exists()
    gone = ready_site.json("destroy", "--stage", "preprod", "--yes")
    assert (gone["deleted"], gone["deleted_objects"]) == (True, 0)
    assert not ready_site.stack_exists()
    assert ready_site.promoted()
    assert ready_site.json("destroy", "--stage", "preprod", "--yes")["deleted"] is False


def test_help_is_quick_and_needs_no_settings() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "scripts.verbs.deploy", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--stage" in done.stdout
    for slow in ("boto3", "pydantic", "yaml", "rich"):
        assert f"| {slow}\n" not in done.stderr.replace(" ", "")
