"""Processing jobs: scripts really run, with the paths, files and environment that SageMaker gives them."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import PREPROD
from tests.functional.job_site import CODE, IMAGE, JobSite, cluster, processing_input, trust
from tests.functional.processes import running, wait_until_running

SAMPLE = """
import argparse
import os
import pandas as pd

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threshold", type=float, default=0.5)
    args, _ = parser.parse_known_args()
    print("Received arguments {}".format(args))
    input_data_path = os.path.join("/opt/ml/processing/input", "data.csv")
    df = pd.read_csv(input_data_path)
    kept = df[df["score"] > args.threshold]
    output_path = os.path.join("/opt/ml/processing/train", "train.csv")
    print("Saving {} rows to {}".format(len(kept), output_path))
    kept.to_csv(output_path, header=False, index=False)
"""


def test_a_script_of_the_samples_runs_unchanged(site: JobSite, unique: str) -> None:
    site.put("raw/data.csv", "id,score\n1,0.2\n2,0.9\n")
    entry = {"ContainerEntrypoint": ["python3", CODE], "ContainerArguments": ["--threshold", "0.5"]}
    job = site.process(
        unique,
        SAMPLE,
        inputs={"input": f"s3://{site.bucket}/raw"},
        outputs={"train": f"s3://{site.bucket}/train"},
        AppSpecification={"ImageUri": IMAGE, **entry},
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    assert site.objects("train/") == {"train.csv": b"2,0.9\n"}
    ((stream, lines),) = site.logs("processing", unique).items()
    assert stream.startswith("algo-1-")
    assert lines == [
        "Received arguments Namespace(threshold=0.5)",
        "Saving 1 rows to /opt/ml/processing/train/train.csv",
    ]


@pytest.mark.aws_rule(
    "A container fails its job by its exit code, with the reason that it wrote to /opt/ml/output/message",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html",
)
def test_exit_code_and_message_of_a_failing_script_are_the_reason(site: JobSite, unique: str) -> None:
    script = "open('/opt/ml/output/message', 'w').write('column age is missing' + ' ' * 2000)\nraise SystemExit(3)"
    job = site.process(unique, script, outputs={"out": f"s3://{site.bucket}/never"})
    assert job["ProcessingJobStatus"] == "Failed"
    assert len(job["ExitMessage"]) == 1024
    assert job["ExitMessage"].startswith("column age is missing")
    assert "column age is missing" in job["FailureReason"]


def test_a_message_of_a_job_that_succeeds_is_its_exit_message(site: JobSite, unique: str) -> None:
    job = site.process(unique, "open('/opt/ml/output/message', 'w').write('12 rows dropped')")
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"] == "12 rows dropped"
    assert "FailureReason" not in job


def test_a_message_that_is_no_text_fails_the_job(site: JobSite, unique: str) -> None:
    job = site.process(unique, r"open('/opt/ml/output/message', 'wb').write(b'\xff\xfe')")
    assert job["FailureReason"] == "ClientError: /opt/ml/output/message is not UTF-8."


def test_without_a_message_the_last_lines_are_the_reason(site: JobSite, unique: str) -> None:
    job = site.process(unique, "print('starting')\nraise ValueError('no rows left')")
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert "ValueError: no rows left, exit code: 1" in job["FailureReason"]
    assert "ExitMessage" not in job


def test_what_a_killed_script_printed_is_kept(site: JobSite, unique: str) -> None:
    job = site.process(unique, "import os, signal\nprint('last words', end='')\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert "exit code: 139" in job["FailureReason"]
    assert list(site.logs("processing", unique).values()) == [["last words"]]


def test_a_failed_job_uploads_nothing_at_its_end(site: JobSite, unique: str) -> None:
    script = "open('/opt/ml/processing/out/half.csv', 'w').write('1')\nraise SystemExit(1)"
    site.process(unique, script, outputs={"out": f"s3://{site.bucket}/never"})
    assert site.objects("never") == {}


def test_two_hosts_share_the_objects_and_know_each_other(site: JobSite, unique: str) -> None:
    for number in range(5):
        site.put(f"shards/{number}.csv", f"{number}\n")
    script = """
import json, os
hosts = json.load(open('/opt/ml/config/resourceconfig.json'))
names = sorted(os.listdir('/opt/ml/processing/in'))
everything = sorted(os.listdir('/opt/ml/processing/all'))
with open(f"/opt/ml/processing/out/{hosts['current_host']}.json", 'w') as f:
    json.dump([hosts['hosts'], names, everything], f)
"""
    address = f"s3://{site.bucket}/shards/"
    sharded = processing_input("in", address, S3DataDistributionType="ShardedByS3Key")
    job = site.process(
        unique, script, hosts=2, inputs={"in": sharded, "all": address}, outputs={"out": f"s3://{site.bucket}/seen/"}
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    seen = {name: json.loads(body) for name, body in site.objects("seen/").items()}
    assert seen.keys() == {"algo-1.json", "algo-2.json"}
    shares = [names for _, names, _ in seen.values()]
    assert sorted(name for share in shares for name in share) == [f"{number}.csv" for number in range(5)]
    assert all(hosts == ["algo-1", "algo-2"] and len(everything) == 5 for hosts, _, everything in seen.values())


def test_a_host_that_fails_ends_the_others(site: JobSite, unique: str) -> None:
    script = """
import json, sys, time
host = json.load(open('/opt/ml/config/resourceconfig.json'))['current_host']
if host == 'algo-2':
    sys.exit(7)
time.sleep(300)
"""
    job = site.process(unique, script, hosts=2)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "exit code: 7" in job["FailureReason"]


def test_the_environment_is_the_jobs_alone(site: JobSite, unique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    script = """
import json, os, sys
json.dump([dict(os.environ), sys.path, os.path.exists('localaws')], open('/opt/ml/processing/out/seen.json', 'w'))
"""
    site.process(unique, script, outputs={"out": f"s3://{site.bucket}/env/"}, Environment={"MINE": "1"})
    environment, path, has_repository = json.loads(site.objects("env/")["seen.json"])
    documented = {"MINE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}
    machine = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "AWS_EC2_METADATA_DISABLED"}
    assert environment.keys() - {"LC_CTYPE"} == documented | machine
    assert environment["MINE"] == "1"
    assert (environment["HOME"], environment["TMPDIR"]) == ("/root", "/tmp")
    assert not has_repository
    assert path[0] == "/opt/ml/processing/input/code"


def test_the_script_acts_as_the_jobs_role(site: JobSite, unique: str) -> None:
    script = """
import boto3
print(boto3.client('sts', region_name='eu-west-1').get_caller_identity()['Arn'])
"""
    site.process(unique, script)
    ((line,),) = site.logs("processing", unique).values()
    assert line == f"arn:aws:sts::111111111111:assumed-role/{site.role.rpartition('/')[2]}/SageMaker"


def test_without_network_there_is_none_but_the_files_are(site: JobSite, unique: str) -> None:
    script = """
import os, socket, urllib.request
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname()).close()
try:
    urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/_localaws/health', timeout=2)
except OSError as error:
    print('isolated')
"""
    job = site.process(unique, script, NetworkConfig={"EnableNetworkIsolation": True})
    assert job["ProcessingJobStatus"] == "Completed", job
    assert list(site.logs("processing", unique).values()) == [["isolated"]]


def test_configuration_and_folders_exist_and_links_are_not_uploaded(site: JobSite, unique: str) -> None:
    script = """
import json, os
config = json.load(open('/opt/ml/config/processingjobconfig.json'))
assert config['ProcessingJobName'] and config['AppSpecification']['ImageUri']
os.makedirs('/opt/ml/processing/out/deep/er')
open('/opt/ml/processing/out/deep/er/file', 'w').write('kept')
os.symlink('deep/er/file', '/opt/ml/processing/out/link')
os.symlink('/etc', '/opt/ml/processing/out/etc')
"""
    key = site.client("kms").create_key()["KeyMetadata"]["Arn"]
    outputs = {
        "Outputs": [
            {
                "OutputName": "o",
                "S3Output": {
                    "S3Uri": f"s3://{site.bucket}/up",
                    "LocalPath": "/opt/ml/processing/out",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
    }
    job = site.process(unique, script, ProcessingOutputConfig={**outputs, "KmsKeyId": key})
    assert job["ProcessingJobStatus"] == "Completed", job
    assert site.objects("up/") == {"deep/er/file": b"kept"}
    head = site.client("s3").head_object(Bucket=site.bucket, Key="up/deep/er/file")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_manifest_names_the_objects(site: JobSite, unique: str) -> None:
    site.put("m/a/1.csv", "1")
    site.put("m/b/2.csv", "2")
    manifest = site.put("manifest.json", json.dumps([{"prefix": f"s3://{site.bucket}/m/"}, "b/2.csv"]))
    script = "import os\nprint(sorted(os.listdir('/opt/ml/processing/in')), os.listdir('/opt/ml/processing/in/b'))"
    job = site.process(unique, script, inputs={"in": processing_input("in", manifest, S3DataType="ManifestFile")})
    assert job["ProcessingJobStatus"] == "Completed", job
    assert list(site.logs("processing", unique).values()) == [["['b'] ['2.csv']"]]


@pytest.mark.parametrize("prefix", ["nothing-here/", ""])
def test_an_input_without_objects_fails_the_job(site: JobSite, unique: str, prefix: str) -> None:
    bucket = site.bucket if prefix else "no-such-bucket-anywhere"
    job = site.process(unique, "", inputs={"in": f"s3://{bucket}/{prefix}"})
    assert job["FailureReason"].startswith(f'ClientError: No S3 objects found under S3 URL "s3://{bucket}/{prefix}"')


def test_continuous_output_arrives_while_the_job_runs_and_stop_keeps_it(site: JobSite, unique: str) -> None:
    script = """
import time
open('/opt/ml/processing/out/first', 'w').write('1')
print('written', flush=True)
time.sleep(300)
"""
    site.start_processing(unique, script, outputs={"out": f"s3://{site.bucket}/live/"}, mode="Continuous")
    until(lambda: site.objects("live/") == {"first": b"1"})
    assert site.sagemaker.describe_processing_job(ProcessingJobName=unique)["ProcessingJobStatus"] == "InProgress"
    assert list(site.logs("processing", unique).values()) == [["written"]]
    site.sagemaker.stop_processing_job(ProcessingJobName=unique)
    job = site.ended("processing", unique)
    assert job["ProcessingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="in status Stopped"):
        site.sagemaker.stop_processing_job(ProcessingJobName=unique)


def test_stop_sends_sigterm_first_and_ends_what_the_script_started(site: JobSite, unique: str) -> None:
    mark = f"4711.{uuid.uuid4().int % 10**12}"
    script = f"""
import signal, subprocess, sys, time
child = subprocess.Popen(['sleep', '{mark}'], start_new_session=True)
def bye(*_):
    print('asked to stop', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print('ready', flush=True)
time.sleep(300)
"""
    site.start_processing(unique, script)
    until(lambda: list(site.logs("processing", unique).values()) == [["ready"]])
    wait_until_running(mark)
    site.sagemaker.stop_processing_job(ProcessingJobName=unique)
    assert site.ended("processing", unique)["ProcessingJobStatus"] == "Stopped"
    assert list(site.logs("processing", unique).values()) == [["ready", "asked to stop"]]
    assert not running(mark)


def test_a_job_that_runs_too_long_is_stopped(site: JobSite, unique: str) -> None:
    job = site.process(unique, "import time\ntime.sleep(300)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds of 1" in job["FailureReason"]


def test_a_job_without_entrypoint_says_which_image_cannot_run(site: JobSite, unique: str) -> None:
    job = site.process(unique, "", AppSpecification={"ImageUri": IMAGE})
    assert job["ProcessingJobStatus"] == "Failed"
    assert IMAGE in job["FailureReason"]


def test_a_program_that_does_not_exist_is_named(site: JobSite, unique: str) -> None:
    specification = {"ImageUri": IMAGE, "ContainerEntrypoint": ["spark-submit", CODE]}
    job = site.process(unique, "", AppSpecification=specification)
    assert "spark-submit: No such file or directory, exit code: 127" in job["FailureReason"]


def test_metrics_and_events_tell_of_the_job(site: JobSite, unique: str, server: Server) -> None:
    events: list[Any] = []
    server.cloud.on_event(lambda event: events.append(event) if unique in str(event.resources) else None)
    job = site.process(unique, "sum(range(3_000_000))", Tags=[{"Key": "team", "Value": "x"}])
    details = [event.detail for event in events if event.detail_type == "SageMaker Processing Job State Change"]
    assert [detail["ProcessingJobStatus"] for detail in details] == ["InProgress", "InProgress", "Completed"]
    assert details[-1]["Tags"] == {"team": "x"}
    assert details[-1]["CreationTime"] == int(job["CreationTime"].timestamp() * 1000)
    assert events[-1].source == "aws.sagemaker"
    tags = site.sagemaker.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "x"}]
    now = server.cloud.clock.now()  # which other tests move
    found = site.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        MetricDataQueries=[metric(name, f"{unique}/algo-1") for name in ("CPUUtilization", "MemoryUtilization")],
    )["MetricDataResults"]
    assert all(result["Values"] and result["Values"][0] > 0 for result in found)


@pytest.mark.aws_rule(
    "A processing job has at most 20 instances, inputs of unique names below /opt/ml/processing and a role of its own "
    "account",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html",
)
@pytest.mark.aws_rule(
    "A processing job names no key for the volume of an instance type with local storage, and no volume larger than "
    "that storage",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html",
)
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"RoleArn": "arn:aws:iam::111111111111:role/nobody"}, "ValidationException", "Could not assume role"),
        ({"RoleArn": f"arn:aws:iam::{PREPROD}:role/any"}, "ValidationException", "Cross-account pass role"),
        ({"AppSpecification": {"ImageUri": ""}}, "ValidationException", "ImageUri"),
        (
            {"ProcessingResources": cluster(21)},
            "ResourceLimitExceeded",
            "ml.m5.large for processing job usage. is 20 Instances",
        ),
        (
            {"ProcessingResources": cluster(1, "ml.r5d.large", VolumeKmsKeyId="alias/k")},
            "ValidationException",
            "VolumeKmsKeyId is not supported for instance type ml.r5d.large",
        ),
        (
            {"ProcessingResources": cluster(1, "ml.r5d.large", VolumeSizeInGB=76)},
            "ValidationException",
            "VolumeSizeInGB 76 is greater than the local instance storage of ml.r5d.large, which is 75 GB",
        ),
        ({"ProcessingJobName": "under_score"}, "ValidationException", "regular expression"),
        ({"ProcessingInputs": [processing_input("../x", "s3://b/x")]}, "ValidationException", "/opt/ml/processing/"),
        (
            {"ProcessingInputs": [processing_input("a", "s3://b/x", S3CompressionType="Gzip")]},
            "ValidationException",
            "only be used if S3InputMode is Pipe",
        ),
        ({"ProcessingInputs": [processing_input("a", "s3://b/x")] * 2}, "ValidationException", "unique: a"),
        ({"ProcessingInputs": [{"InputName": "a", "DatasetDefinition": {}}]}, "NotImplemented", "DatasetDefinition"),
    ],
)
def test_what_aws_refuses_is_refused(site: JobSite, unique: str, change: dict[str, Any], code: str, said: str) -> None:
    request = {
        "ProcessingJobName": unique,
        "RoleArn": site.role,
        "AppSpecification": {"ImageUri": IMAGE},
        "ProcessingResources": cluster(1),
    }
    with pytest.raises(ClientError, match=said) as refused:
        site.sagemaker.create_processing_job(**{**request, **change})
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.aws_rule(
    "A job's role must exist and trust SageMaker",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html",
)
def test_a_role_that_sagemaker_may_not_assume_is_refused(site: JobSite, unique: str) -> None:
    other = site.client("iam").create_role(RoleName=f"{unique}-x", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    with pytest.raises(ClientError, match=r"Could not assume role .*sagemaker\.amazonaws\.com"):
        site.start_processing(unique, "", RoleArn=other["Role"]["Arn"])


def test_names_are_unique_and_deleted_jobs_are_gone(site: JobSite, unique: str) -> None:
    job = site.process(unique, "")
    with pytest.raises(ClientError, match="already exists") as refused:
        site.start_processing(unique, "")
    assert refused.value.response["Error"]["Code"] == "ResourceInUse"
    summaries = site.sagemaker.list_processing_jobs(NameContains=unique[2:], StatusEquals="Completed")
    assert [each["ProcessingJobArn"] for each in summaries["ProcessingJobSummaries"]] == [job["ProcessingJobArn"]]
    site.sagemaker.delete_processing_job(ProcessingJobName=unique)
    with pytest.raises(ClientError, match="Could not find requested job with name"):
        site.sagemaker.describe_processing_job(ProcessingJobName=unique)


def metric(name: str, host: str) -> dict[str, Any]:
    dimensions = [{"Name": "Host", "Value": host}]
    what = {"Namespace": "/aws/sagemaker/ProcessingJobs", "MetricName": name, "Dimensions": dimensions}
    return {"Id": name.lower(), "MetricStat": {"Metric": what, "Period": 60, "Stat": "Maximum"}}


def until(reached: Any) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)
