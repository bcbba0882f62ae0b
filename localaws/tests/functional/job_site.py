"""What the tests of SageMaker jobs need before they can say anything: a bucket, a role, short requests, a wait."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

IMAGE = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/any:1"
CODE = "/opt/ml/processing/input/code/script.py"
ENDED = ("Completed", "Failed", "Stopped")
_LONGEST = 60.0


@dataclass(frozen=True)
class JobSite:
    """One test's own bucket, and the role that its jobs run as."""

    client: Callable[..., Any]
    bucket: str
    role: str

    @property
    def sagemaker(self) -> Any:
        return self.client("sagemaker")

    def put(self, key: str, content: bytes | str) -> str:
        """The object's address."""
        body = content.encode() if isinstance(content, str) else content
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Every object below ``prefix``, by its name there."""
        s3 = self.client("s3")
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())]
        return {key.removeprefix(prefix): s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def process(self, name: str, script: str, **options: Any) -> dict[str, Any]:
        """Run a script to its end; returns what DescribeProcessingJob answers."""
        self.start_processing(name, script, **options)
        return self.ended("processing", name)

    def start_processing(self, name: str, script: str, **options: Any) -> str:
        """``inputs`` and ``outputs`` are {folder below /opt/ml/processing: S3 address}; other options are AWS's."""
        code = self.put(f"code/{name}/script.py", script)
        inputs = {"input/code": code, **options.pop("inputs", {})}
        outputs, mode = options.pop("outputs", {}), options.pop("mode", "EndOfJob")
        request = {
            "ProcessingJobName": name,
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", CODE]},
            "ProcessingResources": cluster(options.pop("hosts", 1)),
            "ProcessingInputs": [
                source if isinstance(source, dict) else processing_input(folder, source)
                for folder, source in inputs.items()
            ],
            "ProcessingOutputConfig": {"Outputs": [output(folder, uri, mode) for folder, uri in outputs.items()]},
            **options,
        }
        return self.sagemaker.create_processing_job(**request)["ProcessingJobArn"]

    def transform(self, name: str, data: str, **options: Any) -> dict[str, Any]:
        """Run a transform of ``data`` (an S3 address) to its end; ``source`` and ``target`` add to input and output."""
        self.start_transform(name, data, **options)
        return self.ended("transform", name)

    def start_transform(self, name: str, data: str, **options: Any) -> None:
        location = {"S3DataType": options.pop("data_type", "S3Prefix"), "S3Uri": data}
        source = {"DataSource": {"S3DataSource": location}, "ContentType": "text/csv", "SplitType": "Line"}
        target = {"S3OutputPath": f"s3://{self.bucket}/out/{name}/", "Accept": "text/csv", "AssembleWith": "Line"}
        request = {
            "TransformJobName": name,
            "ModelName": options.pop("model", name),
            "TransformInput": {**source, **options.pop("source", {})},
            "TransformOutput": {**target, **options.pop("target", {})},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **options,
        }
        self.sagemaker.create_transform_job(**request)

    def predictions(self, name: str) -> dict[str, bytes]:
        return self.objects(f"out/{name}/")

    def model(self, name: str, files: Mapping[str, bytes | str], isolated: bool = False, **container: Any) -> None:
        """A model whose artifact holds ``files``; ``isolated`` models have no network."""
        artifact = self.put(f"models/{name}/model.tar.gz", archive(files))
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self.role,
            EnableNetworkIsolation=isolated,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": artifact, **container},
        )

    def ended(self, kind: str, name: str) -> dict[str, Any]:
        """The job once it has ended."""
        prefix = f"{kind.title()}Job"
        return self.until(kind, name, lambda job: job[f"{prefix}Status"] in ENDED)

    def until(self, kind: str, name: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        describe = getattr(self.sagemaker, f"describe_{kind}_job")
        deadline = time.monotonic() + _LONGEST
        while time.monotonic() < deadline:
            job: dict[str, Any] = describe(**{f"{kind.title()}JobName": name})
            if reached(job):
                return job
            time.sleep(0.02)
        raise AssertionError(f"{kind} job {name} did not get there within {_LONGEST:g} s: {job}")

    def logs(self, kind: str, name: str) -> dict[str, list[str]]:
        """The lines of each of a job's log streams, by the stream's name after the job's."""
        client, group = self.client("logs"), f"/aws/sagemaker/{kind.title()}Jobs"
        try:
            streams = client.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        except client.exceptions.ResourceNotFoundException:
            return {}
        names = [stream["logStreamName"] for stream in streams]
        return {
            stream.removeprefix(f"{name}/"): [
                event["message"] for event in client.get_log_events(logGroupName=group, logStreamName=stream)["events"]
            ]
            for stream in names
        }


def processing_input(folder: str, uri: str, **options: Any) -> dict[str, Any]:
    return {
        "InputName": folder.replace("/", "-"),
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/{folder}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            **options,
        },
    }


def output(folder: str, uri: str, mode: str) -> dict[str, Any]:
    return {
        "OutputName": folder.replace("/", "-"),
        "S3Output": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{folder}", "S3UploadMode": mode},
    }


def cluster(hosts: int, instance_type: str = "ml.m5.large", **more: Any) -> dict[str, Any]:
    return {"ClusterConfig": {"InstanceCount": hosts, "InstanceType": instance_type, "VolumeSizeInGB": 1, **more}}


def archive(files: Mapping[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as made:
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
    return target.getvalue()


def trust(*services: str) -> str:
    principal = {"Service": list(services)}
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})
