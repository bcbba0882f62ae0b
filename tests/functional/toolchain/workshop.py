"""What tests of CodePipeline share: a bucket, roles and a declaration to begin with, and waiting for a state."""

from __future__ import annotations

import functools
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.functional.conftest import REGION

Client = Callable[..., Any]


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def action(category: str, provider: str, name: str = "", **members: Any) -> dict[str, Any]:
    """An action's declaration; ``inputs`` and ``outputs`` are lists of artifact names."""
    inputs, outputs = members.pop("inputs", []), members.pop("outputs", [])
    return {
        "name": name or provider,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "inputArtifacts": [{"name": artifact} for artifact in inputs],
        "outputArtifacts": [{"name": artifact} for artifact in outputs],
        **members,
    }


@dataclass
class Workshop:
    """One test's CodePipeline and what it needs. ``name`` names everything."""

    client: Client
    name: str
    role: str
    build_role: str

    @classmethod
    def open(cls, make: Client, name: str) -> Workshop:
        client = functools.cache(make)  # these tests ask often, and making a client takes longer than an answer
        s3 = client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        role = cls.make_role(client, f"{name}-pipeline", {"Service": "codepipeline.amazonaws.com"})
        return cls(client, name, role, cls.make_role(client, f"{name}-build", {"Service": "codebuild.amazonaws.com"}))

    @staticmethod
    def make_role(client: Client, name: str, principal: dict[str, str], **options: Any) -> str:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = client("iam", **options)
        return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def put_source(self, files: dict[str, str]) -> str:
        """A new version of the source object; its version id."""
        answer = self.client("s3").put_object(Bucket=self.name, Key="source.zip", Body=zipped(files))
        return str(answer["VersionId"])

    def source(self) -> dict[str, Any]:
        configuration = {"S3Bucket": self.name, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"}
        return action("Source", "S3", "Source", outputs=["Source"], namespace="Source", configuration=configuration)

    def project(self, name: str, buildspec: str) -> str:
        """A CodeBuild project for CodePipeline; its name."""
        full = f"{self.name}-{name}"
        self.client("codebuild").create_project(
            name=full,
            source={"type": "CODEPIPELINE", "buildspec": buildspec},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.build_role,
        )
        return full

    def declare(self, *stages: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
        """A V2 declaration with pipeline stages S1, S2 ... of the given actions after the source stage."""
        return {
            "name": self.name,
            "roleArn": self.role,
            "artifactStore": {"type": "S3", "location": self.name},
            "pipelineType": "V2",
            "stages": [
                {"name": "Source", "actions": [self.source()]},
                *({"name": f"S{number}", "actions": actions} for number, actions in enumerate(stages, 1)),
            ],
            **members,
        }

    def create(self, declaration: dict[str, Any]) -> str:
        """Create it; the id of the execution that AWS starts then."""
        self.client("codepipeline").create_pipeline(pipeline=declaration)
        return str(self.executions()[-1]["pipelineExecutionId"])

    def start(self, **request: Any) -> str:
        return str(
            self.client("codepipeline").start_pipeline_execution(name=self.name, **request)["pipelineExecutionId"]
        )

    def executions(self) -> list[dict[str, Any]]:
        found = self.client("codepipeline").list_pipeline_executions(pipelineName=self.name)
        return list(found["pipelineExecutionSummaries"])

    def execution(self, execution_id: str) -> dict[str, Any]:
        found = self.client("codepipeline").get_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=execution_id
        )
        return dict(found["pipelineExecution"])

    def ended(self, execution_id: str, longest: float = 30) -> str:
        """The status in which the execution ends."""
        return self.until(lambda: self._ended(execution_id), longest)

    def _ended(self, execution_id: str) -> str | None:
        status = str(self.execution(execution_id)["status"])
        return None if status in ("InProgress", "Stopping") else status

    def stage(self, name: str) -> dict[str, Any]:
        state = self.client("codepipeline").get_pipeline_state(name=self.name)
        return next(dict(stage) for stage in state["stageStates"] if stage["stageName"] == name)

    def actions(self, execution_id: str) -> dict[str, dict[str, Any]]:
        """The latest run of each action of an execution, by action name."""
        found = self.client("codepipeline").list_action_executions(
            pipelineName=self.name, filter={"pipelineExecutionId": execution_id}
        )["actionExecutionDetails"]
        return {entry["actionName"]: entry for entry in reversed(found)}

    def token(self, stage: str = "S1", name: str = "Manual") -> str:
        """The token of an approval, once it is open."""
        return self.until(lambda: self._token(stage, name))

    def _token(self, stage: str, name: str) -> str | None:
        for state in self.stage(stage)["actionStates"]:
            if state["actionName"] == name:
                return state.get("latestExecution", {}).get("token")
        return None

    def until(self, probe: Callable[[], Any], longest: float = 30) -> Any:
        deadline = time.monotonic() + longest
        while time.monotonic() < deadline:
            found = probe()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"never came true: {self.client('codepipeline').get_pipeline_state(name=self.name)}")
