"""A toolchain of an earlier version, with the one CodePipeline in its own stack, becomes one with several over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.scripts.site import DEV_BUCKET, PROJECT, ROOT, EmbeddedAws, Site, wait_until
from tests.functional.toolchain import repository
from tests.functional.toolchain.repository import codepipeline_of, make

TOOLCHAIN = f"{PROJECT}-toolchain"
FORMER_PARAMETERS = """
Parameters:
  ModelPackageGroupNames: { Type: CommaDelimitedList }
  BatchPipelineFolder: { Type: String }
  ApprovalTimeoutInMinutes: { Type: Number, Default: 10080 }
"""
FORMER_CODEPIPELINE = """
Resources:
  CodePipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Sub ${SageMakerProjectName}-toolchain
      PipelineType: V2
      RoleArn: !GetAtt CodePipelineRole.Arn
      ArtifactStore: { Type: S3, Location: !Ref ArtifactBucket }
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
              Configuration: { S3Bucket: !Ref ArtifactBucket, S3ObjectKey: source.zip, PollForSourceChanges: "false" }
              OutputArtifacts: [{ Name: Source }]
        - Name: ApproveProd
          Actions:
            - Name: Approve
              ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" }
"""


@pytest.fixture
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project whose foundations are there, and its toolchain as it was."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"))
    try:
        site = Site(tmp_path_factory.mktemp("team"), aws.address, aws.client)
        repository.make_repository(site)
        where = {"LocationConstraint": REGION}
        site.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration=where)
        foundations = make(site, "bootstrap", "ARGS=--yes --no-toolchain")
        assert foundations.returncode == 0, foundations.stderr
        make_former_toolchain(site)
        yield site
    finally:
        aws.stop()


def make_former_toolchain(site: Site) -> None:
    text = (ROOT / "cloudformation" / "toolchain.yml").read_text()
    text = text.replace("\nParameters:\n", FORMER_PARAMETERS, 1).replace("\nResources:\n", FORMER_CODEPIPELINE, 1)
    text += "  CodePipelineName: { Value: !Ref CodePipeline }\n"
    values = {
        "SageMakerProjectName": PROJECT,
        "SageMakerProjectId": "p-site",
        "ModelPackageGroupNames": site.group,
        "BatchPipelineFolder": site.pipeline,
        "ApprovalTimeoutInMinutes": "77",
        "RepositoryName": "the-teams-own",
        "PreprodAccountId": PREPROD,
        "ProdAccountId": PROD,
        "NotificationEmail": "ann@example.com",
    }
    cloudformation = site.client("cloudformation")
    cloudformation.create_stack(
        StackName=TOOLCHAIN,
        TemplateBody=text,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    wait_until(lambda: described(site, TOOLCHAIN)["StackStatus"] == "CREATE_COMPLETE")


def described(site: Site, stack: str) -> dict[str, Any]:
    return dict(site.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0])


def parameters(site: Site, stack: str) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in described(site, stack)["Parameters"]}


def test_the_codepipeline_moves_into_a_stack_of_its_own_unless_an_execution_is_in_it(team: Site) -> None:
    codepipeline = team.client("codepipeline")
    bucket = f"{PROJECT}-toolchain-{DEV}-{REGION}"
    team.client("s3").put_object(Bucket=bucket, Key="source.zip", Body=b"PK\x05\x06" + b"\0" * 18)
    execution = codepipeline.start_pipeline_execution(name=TOOLCHAIN)["pipelineExecutionId"]

    def waits() -> bool:
        stages = codepipeline.get_pipeline_state(name=TOOLCHAIN)["stageStates"]
        return "token" in stages[1]["actionStates"][0].get("latestExecution", {})

    wait_until(waits)
    refused = make(team, "bootstrap", "ARGS=--yes")
    assert refused.returncode != 0
    assert f"CodePipeline {TOOLCHAIN} is to be replaced by one for each pipeline" in refused.stderr
    assert execution in refused.stderr
    assert waits()

    codepipeline.stop_pipeline_execution(pipelineName=TOOLCHAIN, pipelineExecutionId=execution, abandon=True)
    done = make(team, "bootstrap", "ARGS=--yes")
    assert done.returncode == 0, done.stderr
    assert [each["name"] for each in codepipeline.list_pipelines()["pipelines"]] == [codepipeline_of(team)]
    own = parameters(team, f"{codepipeline_of(team)}-codepipeline")
    assert (own["PipelineFolder"], own["ModelPackageGroupName"]) == (team.pipeline, team.group)
    assert (own["ApprovalTimeoutInMinutes"], own["RepositoryName"]) == ("77", "the-teams-own")
    shared = parameters(team, TOOLCHAIN)
    assert shared["NotificationEmail"] == "ann@example.com"
    assert not {"ModelPackageGroupNames", "BatchPipelineFolder", "ApprovalTimeoutInMinutes"} & shared.keys()

    (team.folder / "pipelines" / team.pipeline).rename(team.folder / "pipelines" / "renamed")
    for stage in ("preprod", "prod"):
        team.edit_stage(stage, f"pipeline: {team.pipeline}", "pipeline: renamed")
    again = make(team, "bootstrap", "ARGS=--yes")
    assert again.returncode == 0, again.stderr
    stack = f"{codepipeline_of(team)}-codepipeline"
    assert f"aws cloudformation delete-stack --stack-name {stack}" in again.stderr
    assert described(team, stack)["StackStatus"] == "CREATE_COMPLETE"  # it is said, not done
    assert f"{PROJECT}-renamed-codepipeline: deployed" in again.stdout
