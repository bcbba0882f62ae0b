"""CodePipeline's other providers: git sources, CloudFormation in every mode, S3 deployments, roles of actions."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localaws.server import Server
from tests.functional.codepipelines import Workshop, action
from tests.functional.conftest import PREPROD, REGION
from tests.functional.git_client import GIT_ENVIRONMENT
from tests.functional.server_process import page

Client = Callable[..., Any]

TEMPLATE = json.dumps(
    {
        "Parameters": {"Value": {"Type": "String"}, "Name": {"Type": "String"}, "Bucket": {"Type": "String"}},
        "Resources": {
            "Parameter": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Name": {"Ref": "Name"}, "Value": {"Ref": "Value"}},
            }
        },
        "Outputs": {"Made": {"Value": {"Ref": "Parameter"}}, "Bucket": {"Value": {"Ref": "Bucket"}}},
    }
)


@pytest.fixture
def workshop(client: Client, unique: str) -> Workshop:
    return Workshop.open(client, unique)


def configuration(workshop: Workshop, mode: str, **members: str) -> dict[str, str]:
    return {"ActionMode": mode, "StackName": workshop.name, **members}


def deploy(workshop: Workshop, mode: str, name: str, **members: Any) -> dict[str, Any]:
    return action(
        "Deploy",
        "CloudFormation",
        name,
        inputs=["Source"],
        configuration=configuration(workshop, mode, **members.pop("configuration", {})),
        **members,
    )


def overrides(workshop: Workshop) -> str:
    return json.dumps(
        {
            "Name": f"/{workshop.name}",
            "Value": {"Fn::GetParam": ["Source", "values.json", "value"]},
            "Bucket": {"Fn::GetArtifactAtt": ["Source", "BucketName"]},
        }
    )


@pytest.mark.aws_rule(
    "CHANGE_SET_REPLACE replaces the change set of that name, CHANGE_SET_EXECUTE executes it",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html",
)
def test_a_change_set_is_replaced_and_executed(workshop: Workshop, client: Client) -> None:
    file = {"Parameters": {"Value": "from the file", "Name": f"/{workshop.name}"}, "Tags": {"team": "a"}}
    workshop.put_source(
        {"template.json": TEMPLATE, "values.json": '{"value": "overridden"}', "stage.json": json.dumps(file)}
    )
    replace = deploy(
        workshop,
        "CHANGE_SET_REPLACE",
        "Change",
        configuration={
            "ChangeSetName": "release",
            "TemplatePath": "Source::template.json",
            "TemplateConfiguration": "Source::stage.json",
            "ParameterOverrides": overrides(workshop),
            "Capabilities": "CAPABILITY_IAM,CAPABILITY_NAMED_IAM",
        },
    )
    execute = deploy(
        workshop,
        "CHANGE_SET_EXECUTE",
        "Execute",
        runOrder=2,
        namespace="Stack",
        outputs=["Outputs"],
        configuration={"ChangeSetName": "release", "OutputFileName": "outputs.json"},
    )
    shown = action("Approval", "Manual", runOrder=3, configuration={"CustomData": "#{Stack.Made}"})
    execution = workshop.create(workshop.declare([replace, execute, shown]))
    workshop.answer(workshop.token())
    assert workshop.ended(execution) == "Succeeded"
    assert client("ssm").get_parameter(Name=f"/{workshop.name}")["Parameter"]["Value"] == "overridden"
    stack = client("cloudformation").describe_stacks(StackName=workshop.name)["Stacks"][0]
    assert stack["Tags"] == [{"Key": "team", "Value": "a"}]
    found = workshop.actions(execution)
    assert found["Manual"]["input"]["resolvedConfiguration"]["CustomData"] == f"/{workshop.name}"
    assert found["Execute"]["output"]["outputVariables"]["Bucket"] == workshop.name
    again = workshop.start()
    workshop.answer(workshop.until(lambda: _token_of(workshop, again)))
    assert workshop.ended(again) == "Succeeded", workshop.actions(again)


def _token_of(workshop: Workshop, execution: str) -> str | None:
    if workshop.stage("S1")["latestExecution"]["pipelineExecutionId"] != execution:
        return None
    return workshop._token("S1", "Manual")


def test_stacks_are_created_updated_and_deleted(workshop: Workshop, client: Client) -> None:
    workshop.put_source({"template.json": TEMPLATE, "values.json": '{"value": "one"}'})
    settings = {"TemplatePath": "Source::template.json", "ParameterOverrides": overrides(workshop)}
    declaration = workshop.declare(
        [deploy(workshop, "CREATE_UPDATE", "Deploy", configuration=settings)],
        [action("Approval", "Manual")],
        [deploy(workshop, "DELETE_ONLY", "Delete")],
    )
    execution = workshop.create(declaration)
    workshop.token("S2")
    assert client("ssm").get_parameter(Name=f"/{workshop.name}")["Parameter"]["Value"] == "one"
    workshop.put_source({"template.json": TEMPLATE, "values.json": '{"value": "two"}'})
    workshop.start()
    workshop.until(lambda: client("ssm").get_parameter(Name=f"/{workshop.name}")["Parameter"]["Value"] == "two")
    workshop.answer(workshop.token("S2"), stage="S2")
    assert workshop.ended(execution) == "Succeeded"


@pytest.mark.aws_rule(
    "A template that does not validate fails its action",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html",
)
@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Resources: {Bad: {Type: AWS::SSM::Parameter, Properties: {Type: String}}}", "Value"),
        ("{ not a template", ""),
        ("Resources: {Bad: {Type: AWS::No::Such}}", "AWS::No::Such"),
    ],
)
def test_a_template_that_does_not_validate_is_the_actions_error(
    workshop: Workshop, template: str, message: str
) -> None:
    workshop.put_source({"template.yml": template})
    settings = {"TemplatePath": "Source::template.yml"}
    execution = workshop.create(workshop.declare([deploy(workshop, "CREATE_UPDATE", "Deploy", configuration=settings)]))
    assert workshop.ended(execution) == "Failed"
    assert message in workshop.error(execution, "Deploy")


@pytest.mark.aws_rule(
    "REPLACE_ON_FAILURE deletes a stack that failed and makes it anew",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html",
)
def test_a_failed_stack_is_replaced_where_the_mode_says_so(workshop: Workshop, client: Client) -> None:
    broken = "Resources: {Bad: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: '/aws/x', Value: a}}}"
    client("ssm").put_parameter(Name=f"/{workshop.name}", Value="taken", Type="String")
    broken = broken.replace("/aws/x", f"/{workshop.name}")
    workshop.put_source({"template.yml": broken})
    settings = {"TemplatePath": "Source::template.yml"}
    execution = workshop.create(
        workshop.declare([deploy(workshop, "REPLACE_ON_FAILURE", "Deploy", configuration=settings)])
    )
    assert workshop.ended(execution) == "Failed"
    assert "ROLLBACK_COMPLETE: Bad (AWS::SSM::Parameter)" in workshop.error(execution, "Deploy")
    client("ssm").delete_parameter(Name=f"/{workshop.name}")
    assert workshop.ended(workshop.start()) == "Succeeded"


def test_a_file_that_the_artifact_lacks_is_the_actions_error(workshop: Workshop) -> None:
    workshop.put_source({"a": "b"})
    settings = {"TemplatePath": "Source::absent.yml"}
    execution = workshop.create(workshop.declare([deploy(workshop, "CREATE_UPDATE", "Deploy", configuration=settings)]))
    assert workshop.ended(execution) == "Failed"
    assert workshop.error(execution, "Deploy") == (
        "ConfigurationError: File [absent.yml] does not exist in artifact [Source]"
    )


def test_an_action_deploys_into_another_account_by_its_role(workshop: Workshop, client: Client) -> None:
    workshop.put_source({"template.json": TEMPLATE, "values.json": '{"value": "there"}'})
    role = Workshop.make_role(
        client,
        f"{workshop.name}-deploy",
        {"AWS": workshop.role},
        account=PREPROD,
    )
    settings = {"TemplatePath": "Source::template.json", "ParameterOverrides": overrides(workshop)}
    execution = workshop.create(
        workshop.declare([deploy(workshop, "CREATE_UPDATE", "Deploy", configuration=settings, roleArn=role)])
    )
    assert workshop.ended(execution) == "Succeeded", workshop.actions(execution)
    value = client("ssm", account=PREPROD).get_parameter(Name=f"/{workshop.name}")["Parameter"]["Value"]
    assert value == "there"


def test_a_role_that_may_not_be_assumed_fails_the_action_in_words(workshop: Workshop, client: Client) -> None:
    workshop.put_source({"template.json": TEMPLATE})
    role = Workshop.make_role(
        client, f"{workshop.name}-deploy", {"AWS": f"arn:aws:iam::{PREPROD}:root"}, account=PREPROD
    )
    settings = {"TemplatePath": "Source::template.json"}
    execution = workshop.create(
        workshop.declare([deploy(workshop, "CREATE_UPDATE", "Deploy", configuration=settings, roleArn=role)])
    )
    assert workshop.ended(execution) == "Failed"
    error = workshop.error(execution, "Deploy")
    assert error.startswith(f"PermissionError: The role {role} of action Deploy cannot be assumed: ")
    assert "sts:AssumeRole" in error


def git(directory: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=directory, env=GIT_ENVIRONMENT, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(directory: Path, name: str = "file", content: str = "one", message: str = "First") -> str:
    directory.mkdir(exist_ok=True)
    if not (directory / ".git").exists():
        git(directory, "init", "--quiet")
    (directory / name).write_text(content)
    git(directory, "add", name)
    git(directory, "commit", "--quiet", "-m", message)
    return git(directory, "rev-parse", "HEAD")


def codecommit_source(workshop: Workshop, **configuration: str) -> dict[str, Any]:
    settings = {"RepositoryName": workshop.name, "BranchName": "main", "PollForSourceChanges": "false", **configuration}
    return action("Source", "CodeCommit", "Source", outputs=["Source"], namespace="Source", configuration=settings)


def with_source(workshop: Workshop, source: dict[str, Any], **members: Any) -> dict[str, Any]:
    shown = "#{Source.CommitId} #{Source.CommitMessage} #{Source.BranchName}"
    declaration = workshop.declare([action("Approval", "Manual", configuration={"CustomData": shown})], **members)
    declaration["stages"][0]["actions"] = [source]
    return declaration


def shown(workshop: Workshop, execution: str) -> str:
    workshop.until(lambda: "Manual" in workshop.actions(execution))
    return str(workshop.actions(execution)["Manual"]["input"]["resolvedConfiguration"]["CustomData"])


@pytest.mark.aws_rule(
    "A CodeCommit source polls for changes unless told not to",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html",
)
def test_a_push_to_codecommit_starts_a_codepipeline_that_polls(
    workshop: Workshop, client: Client, tmp_path: Path
) -> None:
    url = client("codecommit").create_repository(repositoryName=workshop.name)["repositoryMetadata"]["cloneUrlHttp"]
    first = commit(tmp_path / "work")
    git(tmp_path / "work", "push", "--quiet", url, "HEAD:refs/heads/main")
    source = codecommit_source(workshop, PollForSourceChanges="true", OutputArtifactFormat="CODEBUILD_CLONE_REF")
    execution = workshop.create(with_source(workshop, source))
    assert shown(workshop, execution) == f"{first} First main"
    second = commit(tmp_path / "work", content="two", message="Second")
    git(tmp_path / "work", "push", "--quiet", url, "HEAD:refs/heads/main")
    workshop.until(lambda: len(workshop.executions()) == 2)
    newest = workshop.executions()[0]
    assert newest["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": second}
    s3 = client("s3")
    key = s3.list_objects_v2(Bucket=workshop.name, Prefix=f"{workshop.name[:20]}/Source")["Contents"][0]["Key"]
    clone = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=workshop.name, Key=key)["Body"].read()))
    origin = f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/{workshop.name}"
    assert origin in clone.read(".git/config").decode()


def test_a_branch_that_does_not_exist_is_the_source_actions_error(
    workshop: Workshop, client: Client, tmp_path: Path
) -> None:
    url = client("codecommit").create_repository(repositoryName=workshop.name)["repositoryMetadata"]["cloneUrlHttp"]
    commit(tmp_path / "work")
    git(tmp_path / "work", "push", "--quiet", url, "HEAD:refs/heads/trunk")
    execution = workshop.create(with_source(workshop, codecommit_source(workshop)))
    assert workshop.ended(execution) == "Failed"
    assert workshop.error(execution, "Source") == (
        f"ConfigurationError: No branch with the name main was found for the repository {workshop.name}; it has: trunk"
    )


def test_an_older_commit_can_be_asked_for(workshop: Workshop, client: Client, tmp_path: Path) -> None:
    url = client("codecommit").create_repository(repositoryName=workshop.name)["repositoryMetadata"]["cloneUrlHttp"]
    first = commit(tmp_path / "work")
    commit(tmp_path / "work", content="two", message="Second")
    git(tmp_path / "work", "push", "--quiet", url, "HEAD:refs/heads/main")
    workshop.create(with_source(workshop, codecommit_source(workshop), executionMode="PARALLEL"))
    revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": first}
    assert shown(workshop, workshop.start(sourceRevisions=[revision])).startswith(f"{first} First")


def test_a_connection_leads_to_a_local_git_folder(
    workshop: Workshop, client: Client, server: Server, tmp_path: Path
) -> None:
    connections = client("codeconnections")
    arn = connections.create_connection(ProviderType="GitHub", ConnectionName=workshop.name)["ConnectionArn"]
    first = commit(tmp_path / "work")
    mapping = {"connection_arn": arn, "repositories": {"acme/app": str(tmp_path / "work")}}
    page(server.endpoint_url, server.cloud.control_token, "/_localaws/connections", mapping)
    settings = {"ConnectionArn": arn, "FullRepositoryId": "acme/app", "BranchName": "main"}
    source = action(
        "Source",
        "CodeStarSourceConnection",
        "Source",
        outputs=["Source"],
        namespace="Source",
        configuration=settings,
    )
    trigger = {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Source", "push": [{"filePaths": {"excludes": ["docs/**"]}}]},
    }
    execution = workshop.create(with_source(workshop, source, triggers=[trigger]))
    assert shown(workshop, execution) == f"{first} First main"
    (tmp_path / "work" / "docs").mkdir()
    commit(tmp_path / "work", "docs/page.md", "words", "Ignored")
    workshop.until(lambda: _head_seen(server, arn, git(tmp_path / "work", "rev-parse", "HEAD")))
    commit(tmp_path / "work", content="two", message="Second")
    workshop.until(lambda: len(workshop.executions()) > 1)
    assert len(workshop.executions()) == 2
    assert workshop.executions()[0]["trigger"]["triggerType"] == "WebhookV2"


@pytest.mark.aws_rule(
    "A branch or tag trigger builds the commit that was pushed, and its filters look at all commits of a push",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html",
)
def test_a_trigger_builds_the_commit_that_was_pushed(
    workshop: Workshop, client: Client, server: Server, tmp_path: Path
) -> None:
    connections = client("codeconnections")
    arn = connections.create_connection(ProviderType="GitHub", ConnectionName=workshop.name)["ConnectionArn"]
    work = tmp_path / "work"
    commit(work)
    bare = tmp_path / "bare"
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    mapping = {"connection_arn": arn, "repositories": {"acme/app": str(bare)}}
    page(server.endpoint_url, server.cloud.control_token, "/_localaws/connections", mapping)
    settings = {"ConnectionArn": arn, "FullRepositoryId": "acme/app", "BranchName": "main"}
    source = action("Source", "CodeStarSourceConnection", outputs=["Source"], namespace="Source")
    source |= {"name": "Source", "configuration": settings}
    branches = {"branches": {"includes": ["feature/*"]}, "filePaths": {"includes": ["src/**"]}}
    trigger = {
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Source", "push": [branches, {"tags": {"includes": ["v*"]}}]},
    }
    workshop.create(with_source(workshop, source, triggers=[trigger], executionMode="PARALLEL"))
    (work / "src").mkdir()
    commit(work, "src/a.py", "one", "Code")
    pushed = commit(work, "words", "two", "Words")
    git(work, "push", "--quiet", str(bare), "HEAD:refs/heads/feature/a")
    workshop.until(lambda: len(workshop.executions()) == 2)
    assert shown(workshop, workshop.executions()[0]["pipelineExecutionId"]) == f"{pushed} Words feature/a"
    commit(work, "words", "three", "More words")
    git(work, "push", "--quiet", str(bare), "HEAD:refs/heads/feature/a")
    tagged = git(work, "rev-parse", "HEAD~1")
    git(work, "push", "--quiet", str(bare), f"{tagged}:refs/tags/v1")
    workshop.until(lambda: len(workshop.executions()) == 3)
    assert shown(workshop, workshop.executions()[0]["pipelineExecutionId"]).startswith(f"{tagged} Words")


def _head_seen(server: Server, arn: str, head: str) -> bool:
    seen = server.cloud.store.table("codeconnections.head").get(f"{arn}|acme/app") or {}
    return seen.get("main") == head


@pytest.mark.aws_rule(
    "The S3 deploy action unpacks an artifact, or writes it whole under a key",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3Deploy.html",
)
def test_an_unpacked_or_whole_artifact_is_deployed_to_s3(workshop: Workshop, client: Client) -> None:
    workshop.put_source({"site/index.html": "<p>"})
    settings = {"BucketName": workshop.name}
    unpacked = {**settings, "Extract": "true", "ObjectKey": "live"}
    whole = {**settings, "Extract": "false", "ObjectKey": "site.zip"}
    execution = workshop.create(
        workshop.declare(
            [
                action("Deploy", "S3", "Unpacked", inputs=["Source"], configuration=unpacked),
                action("Deploy", "S3", "Whole", inputs=["Source"], configuration=whole),
            ]
        )
    )
    assert workshop.ended(execution) == "Succeeded"
    page = client("s3").get_object(Bucket=workshop.name, Key="live/site/index.html")
    assert (page["Body"].read(), page["ContentType"]) == (b"<p>", "text/html")
    assert client("s3").head_object(Bucket=workshop.name, Key="site.zip")["ContentLength"] > 0
