"""The whole pipeline on the embedded AWS: raw files in, predictions out, equal to what the model itself says."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from examples.candidates import CANDIDATES
from examples.packaging import model_archive
from examples.records import FEATURES, RECORD_ID
from examples.scoring_data import scoring_files
from examples.tests.conftest import PREPROD, REGION, ROOT
from examples.train import train
from scripts.decisions.definition_binding import bind_definition, definition_text
from scripts.workspace.pipeline_code import pipeline_code
from scripts.workspace.pipelines import read_fresh_definition

ROWS = 600
IMAGE = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
DEADLINE_SECONDS = 90


@pytest.fixture(scope="module")
def model() -> Any:
    return train(CANDIDATES[2]).model


@pytest.fixture
def run(client: Callable[..., Any], unique: str, model: Any) -> Callable[[dict[str, bytes]], dict[str, Any]]:
    """Score raw files with the committed definition, bound to a small stage; the execution's description."""
    s3, sagemaker = client("s3", PREPROD), client("sagemaker", PREPROD)
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="model.tar.gz", Body=model_archive(model))
    for path, content in pipeline_code("batch_inference", ROOT).items():
        s3.put_object(Bucket=unique, Key=f"pipeline/code/{path}", Body=content)
    role = _role(client("iam", PREPROD), unique)
    sagemaker.create_model(
        ModelName=unique,
        ExecutionRoleArn=role,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{unique}/model.tar.gz"},
    )
    infrastructure = {
        "RoleArn": role,
        **dict.fromkeys(
            ("KmsKeyId", "ProcessingVolumeKmsKeyId", "InferenceVolumeKmsKeyId"),
            client("kms", PREPROD).create_key()["KeyMetadata"]["Arn"],
        ),
        "SubnetIds": [],
        "SecurityGroupIds": [],
        "ProcessingImageUri": IMAGE,
        "CodeUrl": f"s3://{unique}/pipeline/code/",
        "OutputDataUrl": f"s3://{unique}/predictions/",
    }
    defaults = {"InputDataUrl": f"s3://{unique}/input/"}
    definition = bind_definition(read_fresh_definition("batch_inference", ROOT).definition, infrastructure, defaults)
    sagemaker.create_pipeline(
        PipelineName=unique, PipelineDefinition=definition_text(definition), RoleArn=role, ClientRequestToken=unique * 3
    )

    def start(files: dict[str, bytes]) -> dict[str, Any]:
        for name, content in files.items():
            s3.put_object(Bucket=unique, Key=f"input/{name}", Body=content)
        arn = sagemaker.start_pipeline_execution(
            PipelineName=unique, PipelineParameters=[{"Name": "ModelName", "Value": unique}]
        )["PipelineExecutionArn"]
        return _ended(sagemaker, arn)

    return start


def test_predictions_equal_what_the_model_itself_predicts(
    run: Callable[..., dict[str, Any]], client: Callable[..., Any], unique: str, model: Any
) -> None:
    files = scoring_files(rows=ROWS, files=2)
    execution = run(files)
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    folder = f"predictions/{execution['PipelineExecutionArn'].rpartition('/')[2]}"
    written = _objects(client("s3", PREPROD), unique, folder)
    assert sorted(written) == sorted(
        [f"{kind}/{name}{end}" for name in files for kind, end in (("features", ""), ("predictions", ".out"))]
        + ["report/report.json"]
    )
    for name, raw in files.items():
        given = list(csv.DictReader(io.StringIO(raw.decode())))
        features = np.array([[float(row[name] or "nan") for name in FEATURES] for row in given])
        predicted = list(csv.reader(io.StringIO(written[f"predictions/{name}.out"].decode())))
        assert [row[0] for row in predicted] == [row[RECORD_ID] for row in given]
        assert [row[1:-2] for row in predicted] == [[row[name] for name in FEATURES] for row in given]
        assert [int(row[-2]) for row in predicted] == model.predict(features).tolist()
        assert [float(row[-1]) for row in predicted] == pytest.approx(model.predict_proba(features)[:, 1].tolist())
    assert json.loads(written["report/report.json"])["written"] == ROWS


def test_a_wrong_header_fails_the_execution_and_says_which_file(
    run: Callable[..., dict[str, Any]], client: Callable[..., Any]
) -> None:
    execution = run({"bad.csv": b"id,colour\n1,red\n"})
    assert execution["PipelineExecutionStatus"] == "Failed"
    sagemaker = client("sagemaker", PREPROD)
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution["PipelineExecutionArn"])
    step = next(step for step in steps["PipelineExecutionSteps"] if step["StepName"] == "Preprocess")
    name = step["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    assert job["ExitMessage"].startswith("bad.csv line 1: the header lacks 31 of 31 columns")


def _ended(sagemaker: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        execution: dict[str, Any] = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
            return execution
        time.sleep(0.1)
    raise AssertionError(f"{arn} did not end within {DEADLINE_SECONDS} s")


def _objects(s3: Any, bucket: str, folder: str) -> dict[str, bytes]:
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")["Contents"]]
    return {key.removeprefix(f"{folder}/"): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def _role(iam: Any, name: str) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
        ],
    }
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(allow))
    return arn
