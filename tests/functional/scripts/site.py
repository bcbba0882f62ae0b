"""A team's repository in a folder of its own, and the verbs run in it as processes against an embedded AWS."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import sealed
from scripts.workspace.pipelines import current_digests
from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.server_process import Address, ServerProcess
from tests.functional.warm_python import run_verb

ROOT = Path(__file__).parents[3]
PROJECT = "harbour"
DEV_BUCKET = f"{PROJECT}-dev-{DEV}-{REGION}"
BUCKETS = {"preprod": f"{PROJECT}-preprod-{PREPROD}-{REGION}", "prod": f"{PROJECT}-prod-{PROD}-{REGION}"}
ACCOUNTS = {"preprod": PREPROD, "prod": PROD}
DEADLINE = 60.0

# A pipeline of one processing step, written as the plain dictionary that get_pipeline may return: it renders without
# the SageMaker SDK and runs in a second.
PIPELINE = """
def get_pipeline(**_):
    get = lambda name: {"Get": f"Parameters.{name}"}
    names = ["ModelName", "InputDataUrl", "RoleArn", "KmsKeyId", "ProcessingImageUri", "PreprocessScriptUrl",
             "OutputDataUrl", "ProcessingInstanceType"]
    where = {"Std:Join": {"On": "/", "Values": [get("OutputDataUrl"), {"Get": "Execution.PipelineExecutionId"}]}}
    local = lambda name: f"/opt/ml/processing/{name}"
    source = lambda name, uri: {"InputName": name, "S3Input": {
        "S3Uri": get(uri), "LocalPath": local(name), "S3DataType": "S3Prefix", "S3InputMode": "File"}}
    arguments = {
        "ProcessingResources": {"ClusterConfig": {
            "InstanceType": get("ProcessingInstanceType"), "InstanceCount": 1, "VolumeSizeInGB": 1,
            "VolumeKmsKeyId": get("KmsKeyId")}},
        "AppSpecification": {"ImageUri": get("ProcessingImageUri"),
                             "ContainerEntrypoint": ["/bin/sh", "-c", "exec python3 /opt/ml/processing/code/*.py"]},
        "RoleArn": get("RoleArn"),
        "Environment": {"MODEL_NAME": get("ModelName")},
        "ProcessingInputs": [source("input", "InputDataUrl"), source("code", "PreprocessScriptUrl")],
        "ProcessingOutputConfig": {"KmsKeyId": get("KmsKeyId"), "Outputs": [{"OutputName": "out", "S3Output": {
            "S3Uri": where, "LocalPath": local("output"), "S3UploadMode": "EndOfJob"}}]},
    }
    parameters = [{"Name": name, "Type": "String"} for name in names]
    parameters[4]["DefaultValue"] = "012345670123.dkr.ecr.ap-southeast-2.amazonaws.com/python:3"
    return {"Version": "2020-12-01", "Parameters": parameters,
            "Steps": [{"Name": "Score", "Type": "Processing", "Arguments": arguments}]}
"""
SCORE = """
from pathlib import Path
for path in Path("/opt/ml/processing/input").glob("*.csv"):
    rows = path.read_text().splitlines()
    Path("/opt/ml/processing/output", path.name).write_text("".join(f"{row},0.5\\n" for row in rows))
"""

# Settings of its own: the team's stage files may say anything.
STAGE = """\
account: "{account}"
dev_account: "{dev}"
region: {region}
project:
  name: {project}
  id: p-site
model_package_group: {group}
pipeline: {pipeline}
deployed_by_hand: {by_hand}
schedule: 1 day
processing:
  instance_type: ml.m5.large
  instance_count: 1
inference:
  instance_type: ml.m5.large
  instance_count: 1
input_prefix: input/{pipeline}/
output_prefix: predictions/
transform:
  batch_strategy: MultiRecord
  split_type: Line
  max_payload_in_mb: 6
  max_concurrent_transforms: 2
  content_type: text/csv
  accept: text/csv
  input_filter: "$[1:]"
  output_filter: "$"
  join_source: Input
verification:
  sample: 1000
  minimum_rows: 1
  equal_rows: true
  input_header: false
  prediction: -1
  minimum: 0.0
  maximum: 1.0
alarms:
  hours_without_success: 26
tags: {{}}
"""


def administrators(folder: Path, address: Address) -> dict[str, str]:
    """Variables that name an administrator's profile of each stage's account; its file is beside ``folder``."""
    path = folder.with_name(f"{folder.name}.aws-config")
    path.write_text(
        "".join(
            f"[profile {stage}-admin]\naws_access_key_id = {account}\n"
            f"aws_secret_access_key = {address.secret(account)}\n"
            for stage, account in ACCOUNTS.items()
        )
    )
    named = " ".join(f"{stage}={stage}-admin" for stage in ACCOUNTS)
    return {"AWS_CONFIG_FILE": str(path), "BOOTSTRAP_PROFILES": named}


# Where people deploy. A team keeps prod out of it, as the tests of the toolchain and of the broken glass do; those of
# what a deployment does take the short way to both.
BOTH = ("preprod", "prod")


def write_stages(folder: Path, pipeline: str, group: str, by_hand: Sequence[str] = BOTH, region: str = REGION) -> None:
    """Stage files of both stages, for one pipeline and its model package group."""
    (folder / "stages").mkdir(exist_ok=True)
    for stage, account in ACCOUNTS.items():
        values = {"dev": DEV, "region": region, "project": PROJECT, "pipeline": pipeline, "group": group}
        text = STAGE.format(account=account, by_hand=str(stage in by_hand).lower(), **values)
        (folder / "stages" / f"{stage}.yml").write_text(text)


class Site:
    """One repository: its own pipeline, and with it its own stacks; its own model package group; shared accounts."""

    def __init__(
        self,
        folder: Path,
        address: Address,
        client: Callable[..., Any],
        by_hand: Sequence[str] = BOTH,
        region: str = REGION,
    ) -> None:
        self.folder = folder
        self.region = region
        self.deadline = DEADLINE
        self.address = address
        self.client = client
        self.pipeline = f"p{uuid.uuid4().hex[:10]}"
        self.group = f"group-{self.pipeline}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": address.endpoint_url,
            "AWS_ACCESS_KEY_ID": DEV,
            "AWS_SECRET_ACCESS_KEY": address.secret(DEV),
            "AWS_EC2_METADATA_DISABLED": "true",
            "CODECOMMIT_CREDENTIAL_HELPER": address.git_helper,
            **administrators(folder, address),
        }
        shutil.copytree(ROOT / "cloudformation", folder / "cloudformation", dirs_exist_ok=True)
        (folder / "pipelines" / self.pipeline).mkdir(parents=True)
        for name in ("__init__.py", "get_pipeline_definition.py", "framework_images.json"):
            shutil.copy(ROOT / "pipelines" / name, folder / "pipelines" / name)
        write_stages(folder, self.pipeline, self.group, by_hand, region)
        self.write_pipeline(PIPELINE)
        self.write_script(SCORE)

    @property
    def stack(self) -> str:
        return f"{PROJECT}-{self.pipeline}-preprod"

    def run(self, verb: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end."""
        try:
            return run_verb(verb, arguments, self.folder, {**self.environment, **environment}, self.deadline)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{verb} did not end; its progress: {error.stderr!r}") from error

    def json(self, verb: str, *arguments: str) -> Any:
        """What a verb that succeeds writes with --output json."""
        done = self.run(verb, *arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def kill_when(self, verb: str, sign: str, *arguments: str, how: int = signal.SIGKILL) -> int:
        """Start a verb, and end it as soon as its progress shows ``sign``; the exit code (negative: the signal)."""
        process = subprocess.Popen(
            [sys.executable, "-m", f"scripts.verbs.{verb}", *arguments],
            cwd=self.folder,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if sign in line:
                process.send_signal(how)
                break
        process.stderr.read()
        process.stderr.close()
        code = process.wait(DEADLINE)
        assert any(sign in line for line in seen), "".join(seen)
        return code

    def edit_stage(self, stage: str, old: str, new: str) -> None:
        path = self.folder / "stages" / f"{stage}.yml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def write_pipeline(self, source: str) -> None:
        """Write pipeline.py and its definition, as rendering does."""
        folder = self.folder / "pipelines" / self.pipeline
        (folder / "__init__.py").touch()
        (folder / "pipeline.py").write_text(source)
        scope: dict[str, Any] = {}
        exec(source, scope)
        digests = current_digests(self.pipeline, self.folder)
        text = definition_text(sealed(scope["get_pipeline"](), digests))
        (folder / "definition.json").write_text(text)

    def write_script(self, source: str) -> None:
        (self.folder / "pipelines" / self.pipeline / "preprocess.py").write_text(source)

    def bucket(self, stage: str) -> str:
        return f"{PROJECT}-{stage}-{ACCOUNTS.get(stage, DEV)}-{self.region}"

    def put_input(self, stage: str = "preprod", rows: int = 10) -> None:
        body = "".join(f"{number},a\n" for number in range(rows)).encode()
        key = f"input/{self.pipeline}/rows.csv"
        self.client("s3", account=ACCOUNTS[stage]).put_object(Bucket=self.bucket(stage), Key=key, Body=body)

    def register(self, approval: str = "Approved", content: bytes | None = None, **more: Any) -> str:
        """Register a version in dev, with a model artifact and metrics of its own; its ARN."""
        sagemaker, name = self.client("sagemaker"), uuid.uuid4().hex
        existing = sagemaker.list_model_package_groups(NameContains=self.group)["ModelPackageGroupSummaryList"]
        if not existing:
            sagemaker.create_model_package_group(ModelPackageGroupName=self.group)
        model = self._put(f"models/{name}/model.tar.gz", content if content is not None else _tarball(name))
        metrics = self._put(f"models/{name}/quality.json", b'{"auc": 0.9}')
        quality = {"Statistics": {"ContentType": "application/json", "S3Uri": metrics}}
        request = {
            "ModelPackageGroupName": self.group,
            "ModelApprovalStatus": approval,
            "ModelPackageDescription": f"model {name}",
            "InferenceSpecification": {
                "Containers": [{"Image": f"{DEV}.dkr.ecr.{self.region}.amazonaws.com/model:1", "ModelDataUrl": model}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            "ModelMetrics": {"ModelQuality": quality},
            "DriftCheckBaselines": {"ModelQuality": quality},
            "CustomerMetadataProperties": {"training_id": name},
            "SourceUri": "https://git.example.com/models",
            **more,
        }
        return str(sagemaker.create_model_package(**request)["ModelPackageArn"])

    def artifact_key(self, arn: str) -> str:
        """The key of a version's model data in dev's bucket."""
        package = self.client("sagemaker").describe_model_package(ModelPackageName=arn)
        url: str = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
        return url.removeprefix(f"s3://{DEV_BUCKET}/")

    def promoted(self, stage: str = "preprod") -> list[dict[str, Any]]:
        """Every version of the group in a stage's account, oldest first."""
        sagemaker = self.client("sagemaker", account=ACCOUNTS[stage])
        if not sagemaker.list_model_package_groups(NameContains=self.group)["ModelPackageGroupSummaryList"]:
            return []
        answer = sagemaker.list_model_packages(ModelPackageGroupName=self.group, SortOrder="Ascending")
        arns = [each["ModelPackageArn"] for each in answer["ModelPackageSummaryList"]]
        return [sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns]

    def executions(self, stage: str = "preprod") -> list[dict[str, Any]]:
        sagemaker = self.client("sagemaker", account=ACCOUNTS[stage])
        answer = sagemaker.list_pipeline_executions(PipelineName=f"{PROJECT}-{self.pipeline}-{stage}")
        return list(answer["PipelineExecutionSummaries"])

    def stack_exists(self) -> bool:
        stacks = self.client("cloudformation", account=PREPROD).describe_stacks()["Stacks"]
        return any(each["StackName"] == self.stack for each in stacks)

    def _put(self, key: str, body: bytes) -> str:
        bucket = self.bucket("dev")
        # tags, as a team's training has them: a copy takes them along, and needs permissions for that
        tags = {"Tagging": "owner=science"}
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256", **tags)
        return f"s3://{bucket}/{key}"


class EmbeddedAws(ServerProcess):
    """A localaws process with state of its own, bootstrapped once for all sites."""

    def __init__(self, folder: Path, *options: str, region: str = REGION) -> None:
        super().__init__(folder, [DEV, PREPROD, PROD], region, *options)

    def client(self, service: str, account: str = DEV, **keys: str) -> Any:
        return super().client(service, account, **keys)

    def prepare(self, site: Site) -> None:
        """Make dev's bucket and deploy the foundation of both stages."""
        where = {"LocationConstraint": site.region}
        self.client("s3").create_bucket(Bucket=site.bucket("dev"), CreateBucketConfiguration=where)
        done = site.run("bootstrap", "--yes", "--no-toolchain")
        assert done.returncode == 0, done.stderr


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _tarball(content: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        data = content.encode()
        entry = tarfile.TarInfo("model.txt")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()
