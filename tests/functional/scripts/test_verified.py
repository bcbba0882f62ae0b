"""What is called verified: a result on just what is live, set and given; and the ways out of broken records."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

import pytest
from boto3.session import Session

from scripts.gateways.accounts import Account
from scripts.gateways.artifacts import Objects
from scripts.gateways.aws_errors import Actor
from tests.functional.conftest import PREPROD, REGION
from tests.functional.scripts.site import BUCKETS, PIPELINE, PROJECT, SCORE, EmbeddedAws, Site

BUCKET = BUCKETS["preprod"]
REPORTING = PIPELINE.replace(
    '"S3UploadMode": "EndOfJob"}}]},',
    '"S3UploadMode": "EndOfJob"}}, {"OutputName": "report", "S3Output": {'
    '"S3Uri": {"Std:Join": {"On": "/", "Values": [where, "report"]}}, "LocalPath": local("report"),'
    ' "S3UploadMode": "EndOfJob"}}]},',
)
SCORE_AND_REPORT = """
import json
from pathlib import Path
files, rejected = {}, {}
for path in sorted(Path("/opt/ml/processing/input").rglob("*.csv")):
    rows = [row for row in path.read_text().splitlines() if row]
    good = [row for row in rows if "bad" not in row]
    Path("/opt/ml/processing/output", path.name).write_text("".join(f"{row},0.5\\n" for row in good))
    files[path.name] = {"read": len(rows), "written": len(good), "rejected": len(rows) - len(good)}
    if len(good) < len(rows):
        rejected["radius is not a number"] = len(rows) - len(good)
report = {"host": "algo-1", "read": sum(each["read"] for each in files.values()),
          "written": sum(each["written"] for each in files.values()), "rejected": rejected, "examples": [],
          "ignored_columns": [], "files": files, "max_rejected_fraction": 0.05}
Path("/opt/ml/processing/report/report.json").write_text(json.dumps(report))
"""


def put(site: Site, key: str, body: bytes) -> None:
    site.client("s3", account=PREPROD).put_object(Bucket=BUCKET, Key=key, Body=body)


def get(site: Site, key: str) -> bytes:
    content: bytes = site.client("s3", account=PREPROD).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def status(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.json("status", "--stage", "preprod")["stages"][0]
    return found


def record_key(release_id: str) -> str:
    return f"releases/{release_id}/verification.json"


@pytest.fixture
def deployed(ready_site: Site) -> tuple[Site, str]:
    """A site with a release live and verified in preprod; its id."""
    release_id: str = ready_site.json("deploy", "--stage", "preprod")["release_id"]
    return ready_site, release_id


def test_other_input_is_not_verified_until_a_deployment_has_run_on_it(deployed: tuple[Site, str]) -> None:
    site, _ = deployed
    assert status(site)["verified"] is True
    site.put_input(rows=20)
    found = status(site)
    assert (found["verified"], found["passed_once"]) == (None, True)
    assert "the input in" in found["doubts"][0]
    planned = site.run("plan", "--stage", "preprod")
    assert "Verification: run the pipeline" in planned.stdout
    assert "has 1 objects, 90 bytes now" in planned.stdout
    again = site.json("deploy", "--stage", "preprod")
    assert again["changed"] is True
    assert "20 rows in, 20 predictions out" in {each["detail"] for each in again["checks"]}
    assert site.json("deploy", "--stage", "preprod")["changed"] is False
    assert status(site)["verified"] is True


def test_the_record_names_what_ran_and_input_written_anew_is_something_else(deployed: tuple[Site, str]) -> None:
    site, release_id = deployed
    record = json.loads(get(site, record_key(release_id)))
    (execution,) = site.executions()
    assert record["execution_arn"] == execution["PipelineExecutionArn"]
    assert record["attempt"] == execution["PipelineExecutionDisplayName"]
    subject = record["subject"]
    assert subject["parameters"]["ReleaseId"] == subject["release_id"] == release_id
    assert (subject["input"]["objects"], subject["thresholds"]["minimum"]) == (1, 0.0)
    assert record["by"].startswith("arn:aws:")
    attempt = json.loads(get(site, f"releases/{release_id}/verification-attempt.json"))
    assert (attempt["attempt"], attempt["subject"]) == (record["attempt"], subject)
    key = f"input/{site.pipeline}/rows.csv"
    before = get(site, key)
    put(site, key, b"other\n")
    put(site, key, before)
    assert status(site)["verified"] is None


def test_a_verification_that_was_cut_off_is_not_taken_for_one_on_other_input(ready_site: Site) -> None:
    ready_site.write_script(SCORE + "assert 'broken' not in Path('/opt/ml/processing/input/rows.csv').read_text()\n")
    ready_site.kill_when("deploy", "Executing", "--stage", "preprod")
    assert status(ready_site)["verified"] is None
    put(ready_site, f"input/{ready_site.pipeline}/rows.csv", b"broken\n")
    done = ready_site.run("deploy", "--stage", "preprod")
    assert (done.returncode, "verified" in done.stdout) == (12, False), done.stdout + done.stderr
    assert status(ready_site)["verified"] is False


def test_what_was_changed_by_hand_is_not_verified(deployed: tuple[Site, str]) -> None:
    site, _ = deployed
    sagemaker = site.client("sagemaker", account=PREPROD)
    name = site.stack
    text = sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]
    definition = json.loads(text)
    definition["Steps"][0]["Description"] = "by hand"
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=json.dumps(definition))
    assert "SageMaker has another pipeline definition" in status(site)["doubts"][0]
    sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=text)
    assert status(site)["verified"] is True
    (code,) = [
        each["Key"]
        for each in site.client("s3", account=PREPROD).list_objects_v2(
            Bucket=BUCKET, Prefix=f"pipeline/{site.pipeline}/code-"
        )["Contents"]
        if each["Key"].endswith("/preprocess.py")
    ]
    put(site, code, b"print('by hand')\n")
    assert "other code of the pipeline" in status(site)["doubts"][0]
    site.edit_stage("preprod", "maximum: 1.0", "maximum: 0.9")
    assert any("threshold maximum" in each for each in status(site)["doubts"])
    sagemaker.delete_pipeline(PipelineName=name, ClientRequestToken=uuid.uuid4().hex)
    assert status(site)["verified"] is None
    told = site.run("plan", "--stage", "prod", "--evidence", "evidence.html")
    assert told.returncode == 0, told.stderr
    assert "There is no execution to estimate from" in (site.folder / "evidence.html").read_text()


BROKEN: list[tuple[dict[str, Any] | None, str]] = [
    (None, "the record is broken: it is not JSON"),
    ({"release_id": "f" * 16}, "the record is of release ffffffffffffffff"),
    ({"stage": "prod"}, "in prod, not of"),
    ({"figures": [1, 2]}, "the record is broken: figures: "),
    ({"execution_arn": "arn:other"}, "the record was edited"),
    ({"passed": "no"}, "the record is broken: passed: "),
]


def test_a_broken_record_stops_nothing_but_a_release_to_prod_and_is_written_anew(deployed: tuple[Site, str]) -> None:
    site, release_id = deployed
    good = json.loads(get(site, record_key(release_id)))
    for change, words in BROKEN:
        put(site, record_key(release_id), b"{" if change is None else json.dumps({**good, **change}).encode())
        found = status(site)
        assert found["verified"] is None
        assert words in found["doubts"][0]
        refused = site.run("plan", "--stage", "prod")
        assert refused.returncode == 8
        assert f"s3://{BUCKET}/{record_key(release_id)}: " in refused.stderr
        assert words in refused.stderr
        assert "next:  make verify STAGE=preprod" in refused.stderr
    planned = site.run("plan", "--stage", "preprod")
    assert planned.returncode == 0, planned.stderr
    assert words in planned.stdout
    told = site.run("plan", "--stage", "prod", "--unverified", "--evidence", "evidence.html")
    assert told.returncode == 0, told.stderr
    assert site.json("deploy", "--stage", "preprod")["changed"] is True
    assert (status(site)["verified"], len(site.executions())) == (True, 2)
    put(site, record_key(release_id), b"{")
    site.json("verify", "--stage", "preprod")
    assert (status(site)["verified"], len(site.executions())) == (True, 3)
    assert site.run("plan", "--stage", "prod").returncode == 0


def test_a_broken_pointer_to_what_was_verified_last_leads_out(deployed: tuple[Site, str]) -> None:
    site, release_id = deployed
    pointer = f"releases/verified-{site.pipeline}.json"
    for content in (b"{", b'{"release_id": "0000000000000000"}'):
        put(site, pointer, content)
        put(site, f"releases/live-{site.pipeline}.json", content)
        refused = site.run("plan", "--stage", "prod")
        assert refused.returncode == 8, refused.stdout + refused.stderr
        assert f"s3://{BUCKET}/{pointer} does not say which release preprod verified last" in refused.stderr
        assert "next:  make verify STAGE=preprod" in refused.stderr
    assert site.run("plan", "--stage", "prod", "--release", release_id).returncode == 0
    site.json("verify", "--stage", "preprod")
    assert site.json("plan", "--stage", "prod")["release"]["to"] == release_id


def test_a_release_whose_approval_waits_is_still_verified_when_preprod_is_ahead(deployed: tuple[Site, str]) -> None:
    site, release_id = deployed
    pinned = site.folder / "pinned.json"
    pinned.write_bytes((site.folder / "release.json").read_bytes())
    site.write_script(f"print('another release')\n{SCORE}")
    site.put_input(rows=5)
    assert site.json("deploy", "--stage", "preprod")["release_id"] != release_id
    planned = site.json("plan", "--stage", "prod", "--file", "pinned.json")
    assert (planned["release"]["to"], planned["unverified"]) == (release_id, False)


def test_rows_are_what_preprocessing_reports(ready_site: Site) -> None:
    ready_site.write_pipeline(REPORTING)
    ready_site.write_script(SCORE_AND_REPORT)
    folder = f"input/{ready_site.pipeline}"
    put(ready_site, f"{folder}/rows.csv", b"".join(b"%d,%s\n\n" % (n, b"bad" if n == 7 else b"a") for n in range(100)))
    put(ready_site, f"{folder}/.rows.csv.crc", b"\0crc")
    done = ready_site.json("deploy", "--stage", "preprod")
    checks = {each["name"]: each for each in done["checks"]}
    assert checks["one prediction per accepted row"]["detail"] == "100 rows in, 99 of 99 accepted rows predicted"
    assert checks["few enough rejected rows"]["detail"] == "1 of 100 rows rejected: radius is not a number; 5% allowed"
    assert checks["every input file is read"]["detail"] == "ignored, being no data: .rows.csv.crc"
    put(ready_site, f"{folder}/more.csv.gz", b"\x1f\x8b")
    failed = ready_site.run("deploy", "--stage", "preprod")
    assert failed.returncode == 13, failed.stdout + failed.stderr
    assert "every input file is read: not read: more.csv.gz" in failed.stderr
    assert status(ready_site)["verified"] is False


def test_of_two_writers_the_second_finds_the_first(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", embedded_aws.endpoint_url)
    session = Session(PREPROD, embedded_aws.secret(PREPROD), region_name=REGION)
    objects = Objects(Account(session, Actor(PREPROD), Counter()))
    kms = embedded_aws.client("kms", account=PREPROD)
    kms_key_arn = kms.describe_key(KeyId=f"alias/{PROJECT}-preprod")["KeyMetadata"]["Arn"]
    key = f"releases/{uuid.uuid4().hex}"
    assert objects.replace(BUCKET, key, b"1", kms_key_arn, None)
    assert not objects.replace(BUCKET, key, b"2", kms_key_arn, None)
    first = objects.head(BUCKET, key)
    assert first is not None
    assert objects.replace(BUCKET, key, b"3", kms_key_arn, first.etag)
    assert not objects.replace(BUCKET, key, b"4", kms_key_arn, first.etag)
    assert objects.read(BUCKET, key) == b"3"
    assert not objects.replace(BUCKET, f"{key}-gone", b"5", kms_key_arn, first.etag)
