"""Transform jobs: the model's own code really predicts, and every way to go wrong has its reason."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from botocore.exceptions import ClientError
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from localaws.server import Server
from tests.functional.job_site import IMAGE, JobSite, archive

# Adds up the numbers of each row; standard library only, so that a worker starts at once.
SUMS = """
def model_fn(model_dir):
    print('model loaded', flush=True)
    return sum

def input_fn(data, content_type):
    return [[float(field) for field in line.split(',')] for line in data.splitlines()]

def predict_fn(rows, model):
    return [model(row) for row in rows]

def output_fn(prediction, accept):
    return ''.join(f'{value:g}\\n' for value in prediction)
"""
ECHO = """
def model_fn(model_dir):
    return None

def transform_fn(model, data, content_type, accept):
    return data
"""
# What a worker with environment and files sees, as one line of JSON.
LOOK = """
import glob, json, os
def model_fn(model_dir):
    return [model_dir, sorted(p for p in glob.glob('/opt/ml/model/**', recursive=True) if '__pycache__' not in p)]
def transform_fn(model, data, content_type, accept):
    return json.dumps({'model': model, 'environment': dict(os.environ), 'data': data, 'types': [content_type, accept]})
"""
SKLEARN = """
import os, joblib
def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, 'model.joblib'))
"""


def test_predictions_are_those_of_the_model(site: JobSite, unique: str) -> None:
    data = load_breast_cancer()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data.data, data.target)
    pickled = io.BytesIO()
    joblib.dump(model, pickled)
    site.model(unique, {"model.joblib": pickled.getvalue(), "code/inference.py": SKLEARN})
    rows = np.tile(data.data, (36, 1))[:20_000]
    for number in range(4):
        part = io.StringIO()
        np.savetxt(part, rows[number * 5000 : (number + 1) * 5000], delimiter=",", fmt="%s")
        site.put(f"in/deep/part-{number}.csv", part.getvalue())
    job = site.transform(unique, f"s3://{site.bucket}/in")
    assert job["TransformJobStatus"] == "Completed", job
    predictions = site.predictions(unique)
    assert list(predictions) == [f"deep/part-{number}.csv.out" for number in range(4)]
    values = np.array(b"".join(predictions.values()).split()).astype(float)
    assert (values == model.predict(rows)).all()


@pytest.mark.aws_rule(
    "A CSV join appends the prediction to its row; a JSON join adds it as SageMakerOutput",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html",
)
def test_filter_join_and_output_filter(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": SUMS})
    site.put("in/a.csv", "100,1,2\n200,3,4\n")
    processing = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    site.transform(unique, f"s3://{site.bucket}/in/", DataProcessing=processing)
    assert site.predictions(unique) == {"a.csv.out": b"100,3\n200,7\n"}


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
@pytest.mark.parametrize("assemble", ["Line", "None"])
def test_output_is_assembled_in_order(site: JobSite, unique: str, strategy: str, assemble: str) -> None:
    site.model(unique, {"code/inference.py": ECHO})
    lines = [f"{number},{'x' * 3000}" for number in range(1000)]
    content = "".join(f"{line}\n" for line in lines).encode()
    site.put("in/a.csv", content)
    options = {"BatchStrategy": strategy, "MaxPayloadInMB": 1, "MaxConcurrentTransforms": 2}
    job = site.transform(unique, f"s3://{site.bucket}/in/", target={"AssembleWith": assemble}, **options)
    assert job["TransformJobStatus"] == "Completed", job
    together = content if (assemble, strategy) != ("None", "SingleRecord") else "".join(lines).encode()
    assert site.predictions(unique) == {"a.csv.out": together}


@pytest.mark.aws_rule(
    "A record that fails fails its file; other files are written",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html",
)
def test_a_bad_record_fails_its_file_alone_and_is_named(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": SUMS})
    site.put("in/good-1.csv", "1,2\n3,4\n")
    site.put("in/bad.csv", "".join(f"{number},1\n" for number in range(40)) + "x,1\n5,1\n")
    site.put("in/good-2.csv", "5,6\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: 1 of 3 objects failed: s3://{site.bucket}/in/bad.csv")
    assert "record 41: ValueError: could not convert string to float: 'x'" in job["FailureReason"]
    assert "See job logs" in job["FailureReason"]
    assert site.predictions(unique) == {"good-1.csv.out": b"3\n7\n", "good-2.csv.out": b"11\n"}
    logs = site.logs("transform", unique)
    (output,) = (lines for stream, lines in logs.items() if not stream.endswith("/data-log"))
    (data_log,) = (lines for stream, lines in logs.items() if stream.endswith("/data-log"))
    assert output[0] == "model loaded"
    assert output.count("Traceback (most recent call last):") == 1
    assert "inference.py" in "".join(output)
    assert any(f"{site.bucket}/in/bad.csv: Bad HTTP status received from algorithm: 500" in line for line in data_log)


@pytest.mark.aws_rule(
    "An invocation that fails is tried again as ModelClientConfig says",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html",
)
def test_a_model_that_fails_at_first_is_asked_again(site: JobSite, unique: str) -> None:
    flaky = (
        ECHO + "calls = []\ndef transform_fn(*a):\n    calls.append(1)\n    assert len(calls) > 2\n    return 'ok'\n"
    )
    site.model(unique, {"code/inference.py": flaky})
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/", ModelClientConfig={"InvocationsMaxRetries": 2})
    assert job["TransformJobStatus"] == "Completed", job
    other = f"{unique}-never"
    job = site.transform(other, f"s3://{site.bucket}/in/", model=unique, ModelClientConfig={"InvocationsMaxRetries": 1})
    assert job["TransformJobStatus"] == "Failed"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import time\ntime.sleep(60)", "no response within InvocationsTimeoutInSeconds (1 s)"),
        ("import os\nos._exit(9)", "the model's process ended with exit code 9"),
        ("return 7", "TypeError: the inference code returned a int"),
    ],
)
def test_a_model_that_does_not_answer_fails_the_record(site: JobSite, unique: str, code: str, said: str) -> None:
    body = "\n    ".join(code.splitlines())
    site.model(unique, {"code/inference.py": f"{ECHO}\ndef transform_fn(*a):\n    {body}\n"})
    site.put("in/a.csv", "1\n")
    client = {"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0}
    job = site.transform(unique, f"s3://{site.bucket}/in/", ModelClientConfig=client)
    assert said in job["FailureReason"]
    assert site.predictions(unique) == {}


@pytest.mark.aws_rule(
    "A record larger than MaxPayloadInMB fails its file",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
def test_a_record_above_the_limit_fails_its_file(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": ECHO})
    site.put("in/a.csv", "1\n" + "x" * (1024 * 1024 + 1) + "\n")
    site.put("in/b.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/", MaxPayloadInMB=1)
    assert "in/a.csv: record 2 has 1048577 bytes" in job["FailureReason"]
    assert list(site.predictions(unique)) == ["b.csv.out"]
    job = site.transform(f"{unique}-0", f"s3://{site.bucket}/in/", model=unique, MaxPayloadInMB=0)
    assert job["TransformJobStatus"] == "Completed", job


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py"])
def test_an_artifact_that_reaches_outside_is_refused(site: JobSite, unique: str, name: str) -> None:
    site.model(unique, {"code/inference.py": ECHO, name: "x"})
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert job["TransformJobStatus"] == "Failed"
    assert f"its member {name} lies outside" in job["FailureReason"]


@pytest.mark.aws_rule(
    "A model archive is unpacked into /opt/ml/model, and nothing of it outside",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html#your-algorithms-inference-code-load-artifacts",
)
def test_a_link_to_an_absolute_path_is_refused(site: JobSite, unique: str) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as made:
        info = tarfile.TarInfo("code")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc"
        made.addfile(info)
    container = {"Image": IMAGE, "ModelDataUrl": site.put("evil.tar.gz", target.getvalue())}
    site.sagemaker.create_model(ModelName=unique, ExecutionRoleArn=site.role, PrimaryContainer=container)
    site.put("in/a.csv", "1\n")
    assert "absolute path /etc" in site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]


def test_a_model_without_inference_code_says_what_was_looked_for(site: JobSite, unique: str) -> None:
    site.model(unique, {"model.joblib": "x", "inference.py": ECHO})
    site.put("in/a.csv", "1\n")
    reason = site.transform(unique, f"s3://{site.bucket}/in/")["FailureReason"]
    assert "Looked for /opt/ml/model/code/inference.py" in reason
    assert "inference.py, model.joblib" in reason
    assert IMAGE in reason


def test_a_script_that_cannot_be_imported_fails_the_job_with_its_error(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": "import no_such_library"})
    site.put("in/a.csv", "1\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert (
        "The model could not be loaded: ModuleNotFoundError: No module named 'no_such_library'" in job["FailureReason"]
    )
    assert any("Traceback" in line for lines in site.logs("transform", unique).values() for line in lines)


def test_an_artifact_that_is_gone_and_a_prefix_without_objects(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": ECHO})
    reason = site.transform(unique, f"s3://{site.bucket}/empty/")["FailureReason"]
    assert reason.startswith(f'ClientError: No S3 objects found under S3 URL "s3://{site.bucket}/empty/"')
    site.client("s3").delete_object(Bucket=site.bucket, Key=f"models/{unique}/model.tar.gz")
    site.put("in/a.csv", "1\n")
    reason = site.transform(f"{unique}-2", f"s3://{site.bucket}/in/", model=unique)["FailureReason"]
    assert "model.tar.gz cannot be read" in reason
    assert "NoSuchKey" in reason


def test_the_worker_sees_what_sagemaker_tells_it(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": LOOK, "weights": "x"}, Environment={"FROM_MODEL": "1", "BOTH": "model"})
    site.put("in/a.csv", "1,2\n")
    options = {"MaxPayloadInMB": 3, "BatchStrategy": "SingleRecord", "Environment": {"BOTH": "job"}}
    site.transform(unique, f"s3://{site.bucket}/in/a.csv", target={"Accept": "application/json"}, **options)
    seen = json.loads(site.predictions(unique)["a.csv.out"])
    environment = seen["environment"]
    assert environment["SAGEMAKER_BATCH"] == "true"
    assert environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "3"
    assert environment["SAGEMAKER_BATCH_STRATEGY"] == "SINGLE_RECORD"
    assert "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS" not in environment
    assert (environment["FROM_MODEL"], environment["BOTH"]) == ("1", "job")
    assert seen["data"] == "1,2"
    assert seen["types"] == ["text/csv", "application/json"]
    assert seen["model"] == [
        "/opt/ml/model",
        ["/opt/ml/model/", "/opt/ml/model/code", "/opt/ml/model/code/inference.py", "/opt/ml/model/weights"],
    ]


def test_the_output_of_one_container_is_the_input_of_the_next(site: JobSite, unique: str) -> None:
    first = ECHO.replace("return data", "return ''.join(f'{l},1000\\n' for l in data.splitlines()), 'text/csv'")
    containers = [
        {
            "Image": IMAGE,
            "ModelDataUrl": site.put(f"m/{name}.tar.gz", archive({"code/serve.py": code})),
            "ContainerHostname": name,
            "Environment": {"SAGEMAKER_PROGRAM": "serve.py"},
        }
        for name, code in (("prepare", first), ("predict", SUMS))
    ]
    site.sagemaker.create_model(ModelName=unique, ExecutionRoleArn=site.role, Containers=containers)
    site.put("in/a.csv", "1,2\n3,4\n")
    job = site.transform(unique, f"s3://{site.bucket}/in/")
    assert site.predictions(unique) == {"a.csv.out": b"1003\n1007\n"}, job
    assert any(stream.endswith("/predict") for stream in site.logs("transform", unique))


def test_an_uncompressed_model_prefix_is_served(site: JobSite, unique: str) -> None:
    site.put("model-files/code/inference.py", SUMS)
    source = {"S3Uri": f"s3://{site.bucket}/model-files/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    site.sagemaker.create_model(ModelName=unique, ExecutionRoleArn=site.role, PrimaryContainer=container)
    site.put("in/a.csv", "1,2\n")
    site.transform(unique, f"s3://{site.bucket}/in/")
    assert site.predictions(unique) == {"a.csv.out": b"3\n"}


def test_manifest_gzip_and_key_of_the_output(site: JobSite, unique: str) -> None:
    site.model(unique, {"code/inference.py": SUMS})
    site.put("in/x/a.csv.gz", gzip.compress(b"1,2\n"))
    site.put("in/broken.csv.gz", b"1,2\n")
    manifest = [{"prefix": f"s3://{site.bucket}/in/"}, "x/a.csv.gz", "broken.csv.gz"]
    key = site.client("kms").create_key()["KeyMetadata"]["Arn"]
    job = site.transform(
        unique,
        site.put("manifest.json", json.dumps(manifest)),
        data_type="ManifestFile",
        source={"CompressionType": "Gzip"},
        target={"KmsKeyId": key},
    )
    assert "in/broken.csv.gz: it is not gzip" in job["FailureReason"]
    assert site.predictions(unique) == {"x/a.csv.gz.out": b"3\n"}
    head = site.client("s3").head_object(Bucket=site.bucket, Key=f"out/{unique}/x/a.csv.gz.out")
    assert head["SSEKMSKeyId"] == key


def test_submitted_code_in_s3_is_used(site: JobSite, unique: str) -> None:
    code = site.put("sourcedir.tar.gz", archive({"entry.py": SUMS}))
    environment = {"SAGEMAKER_PROGRAM": "entry.py", "SAGEMAKER_SUBMIT_DIRECTORY": code}
    site.model(unique, {"model.bin": "x"}, Environment=environment)
    site.put("in/a.csv", "1,2\n")
    site.transform(unique, f"s3://{site.bucket}/in/")
    assert site.predictions(unique) == {"a.csv.out": b"3\n"}


def test_framed_records_reach_the_model(site: JobSite, unique: str) -> None:
    count = ECHO.replace("return data", "return b'%d;' % len(data)")
    site.model(unique, {"code/inference.py": count})
    frames = [struct.pack("<QI", size, 0) + b"x" * size + struct.pack("<I", 0) for size in (3, 5)]
    site.put("in/a.tfrecord", b"".join(frames))
    source = {"SplitType": "TFRecord", "ContentType": "application/x-tfexample"}
    target = {"AssembleWith": "None"}
    site.transform(unique, f"s3://{site.bucket}/in/", source=source, target=target, BatchStrategy="SingleRecord")
    assert site.predictions(unique) == {"a.tfrecord.out": b"3;5;"}


def test_stop_ends_the_model_and_uploads_no_part(site: JobSite, unique: str) -> None:
    slow = ECHO.replace("return data", "import time; print('asked', flush=True); time.sleep(300)")
    site.model(unique, {"code/inference.py": slow})
    site.put("in/a.csv", "1\n")
    site.start_transform(unique, f"s3://{site.bucket}/in/")
    deadline = time.monotonic() + 30
    while not any(lines == ["asked"] for lines in site.logs("transform", unique).values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    site.sagemaker.stop_transform_job(TransformJobName=unique)
    assert site.ended("transform", unique)["TransformJobStatus"] == "Stopped"
    assert site.predictions(unique) == {}


def test_events_metrics_and_lists_tell_of_the_job(site: JobSite, unique: str, server: Server) -> None:
    events: list[Any] = []
    server.cloud.on_event(lambda event: events.append(event) if unique in str(event.resources) else None)
    site.model(unique, {"code/inference.py": SUMS})
    site.put("in/a.csv", "1\n")
    tags = [{"Key": "team", "Value": "x"}]
    job = site.transform(unique, f"s3://{site.bucket}/in/", Tags=tags, ExperimentConfig={"TrialName": "trial"})
    assert job["ExperimentConfig"] == {"TrialName": "trial"}
    assert events[-1].detail_type == "SageMaker Transform Job State Change"
    assert events[-1].detail["TransformJobStatus"] == "Completed"
    assert events[-1].detail["ModelName"] == unique
    with pytest.raises(ClientError, match="already exists"):
        site.start_transform(unique, f"s3://{site.bucket}/in/")
    listed = site.sagemaker.list_transform_jobs(NameContains=unique)["TransformJobSummaries"]
    assert [(each["TransformJobName"], each["TransformJobStatus"]) for each in listed] == [(unique, "Completed")]
    assert all(value > 0 for value in highest_metrics(site, unique, server).values())
    assert site.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"] == tags


@pytest.mark.aws_rule(
    "MaxConcurrentTransforms times MaxPayloadInMB is at most 100; a payload is at most 100 MB",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
@pytest.mark.aws_rule(
    "A join needs output that is assembled by line and of the input's content type; filters have at most 63 characters",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html",
)
@pytest.mark.aws_rule(
    "A transform job is refused whose members do not go together: payload and concurrency, batches and splitting, "
    "joins, volume key and local disks",
    page="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html",
)
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"model": "no-such-model"}, "ValidationException", 'Could not find model ".*model/no-such-model"'),
        ({"MaxPayloadInMB": 101}, "ValidationException", "100 MB"),
        ({"MaxPayloadInMB": 10, "MaxConcurrentTransforms": 11}, "ValidationException", "100 MB"),
        ({"MaxConcurrentTransforms": 17}, "ValidationException", "100 MB"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "target": {"Accept": "application/json"}},
            "ValidationException",
            "the same",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "target": {"AssembleWith": "None"}},
            "ValidationException",
            "AssembleWith",
        ),
        (
            {
                "DataProcessing": {"JoinSource": "Input"},
                "source": {"SplitType": "None"},
                "target": {"AssembleWith": "None"},
            },
            "ValidationException",
            "text/csv needs SplitType and AssembleWith Line",
        ),
        (
            {"BatchStrategy": "MultiRecord", "source": {"SplitType": "None"}},
            "ValidationException",
            "MultiRecord needs a SplitType",
        ),
        (
            {"TransformResources": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeKmsKeyId": "alias/k"}},
            "ValidationException",
            "VolumeKmsKeyId is not supported for instance type ml.g5.xlarge",
        ),
        (
            {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 101}},
            "ValidationException",
            "greater than 100",
        ),
        ({"DataProcessing": {"InputFilter": "$" * 64}}, "ValidationException", "less than or equal to 63"),
        ({"DataProcessing": {"OutputFilter": "$.id"}}, "ValidationException", "by index only"),
        ({"data_type": "AugmentedManifestFile"}, "NotImplemented", "AugmentedManifestFile"),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/x"}}, "NotImplemented", "DataCaptureConfig"),
        (
            {"TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 21}},
            "ResourceLimitExceeded",
            "20 Instances",
        ),
    ],
)
def test_what_aws_refuses_is_refused(site: JobSite, unique: str, change: dict[str, Any], code: str, said: str) -> None:
    site.model(unique, {"code/inference.py": ECHO})
    with pytest.raises(ClientError, match=said) as refused:
        site.start_transform(unique, f"s3://{site.bucket}/in/", **change)
    assert refused.value.response["Error"]["Code"] == code


def test_a_job_that_a_former_server_left_is_failed(site: JobSite, unique: str, tmp_path: Path) -> None:
    from localaws.core.caller import Caller
    from localaws.core.cloud import Cloud
    from localaws.core.state_file import StateFile
    from localaws.moto.backend import MotoBackend
    from localaws.services.sagemaker.jobs.records import TRANSFORM, JobRecords

    caller = Caller.root("111111111111", "eu-west-1")
    former = Cloud(tmp_path, tmp_path, ["111111111111"], MotoBackend(), file=StateFile(tmp_path, {}))
    JobRecords(former, TRANSFORM).create(caller, {"TransformJobName": unique}, [])
    former.generations.settle()
    later = Cloud(tmp_path, tmp_path, ["111111111111"], MotoBackend(), file=StateFile(tmp_path, {}))
    records = JobRecords(later, TRANSFORM)
    later.start("http://127.0.0.1:1")
    job = records.describe(caller, unique)
    later.stop()
    assert job["TransformJobStatus"] == "Failed"
    assert "localaws was stopped" in job["FailureReason"]


def highest_metrics(site: JobSite, job: str, server: Server) -> dict[str, float]:
    """The highest value of each metric of the job's one host, by the metric's name."""
    cloudwatch, namespace = site.client("cloudwatch"), "/aws/sagemaker/TransformJobs"
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
    found = {
        metric["MetricName"]: metric["Dimensions"]
        for page in pages
        for metric in page["Metrics"]
        if metric["Dimensions"][0]["Value"].startswith(f"{job}/i-")
    }
    assert found.keys() == {"CPUUtilization", "MemoryUtilization"}
    now, ten_minutes = server.cloud.clock.now(), timedelta(minutes=10)  # other tests move the clock
    span = {"StartTime": now - ten_minutes, "EndTime": now + ten_minutes, "Period": 1200, "Statistics": ["Maximum"]}
    return {
        name: cloudwatch.get_metric_statistics(Namespace=namespace, MetricName=name, Dimensions=dimensions, **span)[
            "Datapoints"
        ][0]["Maximum"]
        for name, dimensions in found.items()
    }
