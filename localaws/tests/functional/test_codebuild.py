"""CodeBuild: builds that really run, as boto3 sees them."""

from __future__ import annotations

import functools
import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import DEV, REGION

Client = Callable[..., Any]
Build = dict[str, Any]

TRUST = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}


@pytest.fixture
def client(client: Client) -> Client:
    """These tests ask often, and making a client takes longer than an answer."""
    return functools.cache(client)


@pytest.fixture
def role(client: Client, unique: str) -> str:
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    return str(client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=document)["Role"]["Arn"])


@pytest.fixture
def project(client: Client, role: str, unique: str) -> Callable[..., str]:
    """``project(buildspec, **members)`` creates a NO_SOURCE project and returns its name."""

    def create(buildspec: str, **members: Any) -> str:
        request = {
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": ENVIRONMENT,
            "serviceRole": role,
            **members,
        }
        client("codebuild").create_project(name=unique, **request)
        return unique

    return create


def finished(client: Client, build: Build, longest: float = 30) -> Build:
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        found: Build = client("codebuild").batch_get_builds(ids=[build["id"]])["builds"][0]
        if found["buildComplete"]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"the build has not ended: {found}")


def run(client: Client, name: str, **overrides: Any) -> Build:
    return finished(client, client("codebuild").start_build(projectName=name, **overrides)["build"])


def output(client: Client, build: Build) -> list[str]:
    """What the build's commands wrote: its log without CodeBuild's own lines."""
    return [line for line in whole_log(client, build) if not line.startswith("[Container]")]


def whole_log(client: Client, build: Build) -> list[str]:
    logs = build["logs"]
    events = client("logs").get_log_events(
        logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
    )["events"]
    return [event["message"].rstrip("\n") for event in events]


def phases(build: Build) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


def context(build: Build, phase: str) -> str:
    found = next(entry for entry in build["phases"] if entry["phaseType"] == phase)["contexts"][0]
    return f"{found['statusCode']}: {found['message']}"


@pytest.mark.aws_rule(
    "With version 0.2 all commands of a build run in one shell",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
def test_one_shell_runs_all_phases(client: Client, project: Callable[..., str]) -> None:
    name = project(
        """
version: 0.2
phases:
  install:
    commands:
      - GREETING=hello; greet() { echo "$GREETING $1"; }
  pre_build:
    commands:
      - mkdir sub && cd sub
  build:
    commands:
      - greet "$(basename "$PWD")"
      - |
        if [ "$GREETING" = hello ]; then
          echo several lines
        fi
"""
    )
    build = run(client, name)
    assert build["buildStatus"] == "SUCCEEDED"
    assert output(client, build) == ["hello sub", "several lines"]
    assert list(phases(build)) == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
        "COMPLETED",
    ]
    assert any(" Entering phase PRE_BUILD" in line for line in whole_log(client, build))


def test_nothing_of_the_servers_own_environment_leaks_in(
    client: Client, project: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "leaked")
    build = run(client, project("version: 0.2\nphases: {build: {commands: [env, 'ls -A $HOME']}}"))
    assert "leaked" not in "\n".join(whole_log(client, build))
    variables = dict(line.partition("=")[::2] for line in output(client, build) if "=" in line)
    assert variables["CODEBUILD_BUILD_ID"] == build["id"]
    assert variables["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert variables["CODEBUILD_BUILD_NUMBER"] == "1"
    assert variables["AWS_REGION"] == REGION


@pytest.mark.aws_rule(
    "A build acts as its project's service role",
    page="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html",
)
def test_a_build_acts_as_the_projects_service_role(client: Client, project: Callable[..., str], role: str) -> None:
    build = run(client, project("version: 0.2\nphases: {build: {commands: [aws sts get-caller-identity]}}"))
    assert f"arn:aws:sts::{DEV}:assumed-role/{role.rpartition('/')[2]}/AWSCodeBuild-" in "".join(output(client, build))


@pytest.mark.aws_rule(
    "After a failed INSTALL or PRE_BUILD the next phases are skipped; after a failed BUILD the POST_BUILD phase still "
    "runs",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html",
)
@pytest.mark.aws_rule(
    "git in a build has the role's credentials for CodeCommit with git-credential-helper: yes, and none without it",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
@pytest.mark.parametrize(("answer", "status"), [("yes", "SUCCEEDED"), ("no", "FAILED")])
def test_git_in_a_build_acts_as_the_role_where_the_buildspec_says_so(
    client: Client, project: Callable[..., str], unique: str, answer: str, status: str
) -> None:
    url = client("codecommit").create_repository(repositoryName=unique)["repositoryMetadata"]["cloneUrlHttp"]
    spec = f"""
version: 0.2
env: {{git-credential-helper: "{answer}"}}
phases: {{build: {{commands: ["GIT_TERMINAL_PROMPT=0 git clone {url} cloned"]}}}}
"""
    build = run(client, project(spec))
    assert build["buildStatus"] == status, whole_log(client, build)


def test_a_command_that_fails_in_pre_build_skips_build(client: Client, project: Callable[..., str]) -> None:
    spec = """
version: 0.2
phases:
  pre_build:
    commands: [echo before, exit 3, echo never]
    finally: [echo cleaned]
  build:
    commands: [echo built]
  post_build:
    commands: [echo after]
"""
    build = run(client, project(spec))
    assert build["buildStatus"] == "FAILED"
    assert output(client, build) == ["before", "cleaned"]
    assert context(build, "PRE_BUILD") == (
        "COMMAND_EXECUTION_ERROR: Error while executing command: exit 3. Reason: exit status 3"
    )
    assert "BUILD" not in phases(build)


@pytest.mark.aws_rule(
    "After a failed INSTALL or PRE_BUILD the next phases are skipped; after a failed BUILD the POST_BUILD phase still "
    "runs",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html",
)
def test_a_command_that_fails_in_build_still_runs_post_build(client: Client, project: Callable[..., str]) -> None:
    spec = """
version: 0.2
phases:
  build:
    commands: [X=kept; cd /tmp, exit 1]
  post_build:
    commands: ['echo "after $CODEBUILD_BUILD_SUCCEEDING $X $PWD"']
"""
    build = run(client, project(spec))
    assert (build["buildStatus"], phases(build)["BUILD"], phases(build)["POST_BUILD"]) == (
        "FAILED",
        "FAILED",
        "SUCCEEDED",
    )
    assert output(client, build) == ["after 0 kept /tmp"]


@pytest.mark.aws_rule(
    "on-failure decides what follows a phase that failed",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
def test_on_failure_decides_what_follows(client: Client, project: Callable[..., str]) -> None:
    spec = """
version: 0.2
phases:
  pre_build: {on-failure: CONTINUE, commands: ['false']}
  build: {on-failure: ABORT, commands: [echo built, 'false']}
  post_build: {commands: [echo never]}
"""
    build = run(client, project(spec))
    assert output(client, build) == ["built"]
    assert "POST_BUILD" not in phases(build)


@pytest.mark.aws_rule(
    "A buildspec has a version, the documented phases and keys, and commands that are text",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        ("version: 0.2\nphases:\n  build:\n   - : x\n  - y", "YAML_FILE_ERROR: "),
        (
            "version: 0.2\nphases:\n  compile:\n    commands: [ls]",
            "YAML_FILE_ERROR: Invalid buildspec phase name: compile.",
        ),
        (
            "version: 0.3\nphases:\n  build:\n    commands: [ls]",
            "YAML_FILE_ERROR: Unknown buildspec version: 0.3",
        ),
        ("version: 0.2\nphases:\n  build:\n    run-as: me\n    commands: [ls]", "YAML_FILE_ERROR: another Linux user"),
    ],
)
def test_a_wrong_buildspec_fails_the_download_phase(
    client: Client, project: Callable[..., str], buildspec: str, message: str
) -> None:
    build = run(client, project(buildspec))
    assert build["buildStatus"] == "FAILED"
    assert context(build, "DOWNLOAD_SOURCE").startswith(message)


@pytest.mark.aws_rule(
    "Variables of StartBuild win over the project's, and those over the buildspec's",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html",
)
def test_variables_of_the_start_win_over_the_projects_and_the_buildspecs(
    client: Client, project: Callable[..., str], unique: str
) -> None:
    client("ssm").put_parameter(Name=f"/{unique}", Value="from the store", Type="SecureString")
    client("secretsmanager").create_secret(Name=unique, SecretString='{"key": "from a secret"}')
    spec = f"""
version: 0.2
env:
  variables: {{A: buildspec, B: buildspec, C: buildspec}}
  parameter-store: {{P: /{unique}}}
  secrets-manager: {{S: "{unique}:key"}}
  exported-variables: [MADE, A, ABSENT]
phases:
  build:
    commands: ['echo $A $B $C ${{#P}} ${{#S}} ${{#Q}}', MADE=here]
"""
    variables = [{"name": "B", "value": "project"}, {"name": "C", "value": "project"}]
    typed = [*variables, {"name": "Q", "value": f"/{unique}", "type": "PARAMETER_STORE"}]
    name = project(spec, environment={**ENVIRONMENT, "environmentVariables": typed})
    build = run(client, name, environmentVariablesOverride=[{"name": "C", "value": "start"}])
    assert output(client, build) == ["buildspec project start 14 13 14"]
    exported = {variable["name"]: variable["value"] for variable in build["exportedEnvironmentVariables"]}
    assert exported == {"MADE": "here", "A": "buildspec"}


def test_a_parameter_that_does_not_exist_fails_the_build(client: Client, project: Callable[..., str]) -> None:
    build = run(client, project("version: 0.2\nenv: {parameter-store: {P: /none}}\nphases: {build: {commands: [ls]}}"))
    assert context(build, "DOWNLOAD_SOURCE").endswith("parameter does not exist: /none")


def test_sources_and_artifacts_in_s3(client: Client, project: Callable[..., str], unique: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("buildspec.yml", SPEC_WITH_ARTIFACTS)
        archive.writestr("src/deep/a.txt", "a")
        archive.writestr("src/b.tmp", "b")
    s3.put_object(Bucket=unique, Key="in/source.zip", Body=content.getvalue())
    artifacts = {"type": "S3", "location": unique, "path": "out", "packaging": "ZIP", "namespaceType": "BUILD_ID"}
    name = project(
        "buildspec.yml",
        source={"type": "S3", "location": f"{unique}/in/source.zip"},
        artifacts={**artifacts, "name": "app.zip"},
        secondaryArtifacts=[{"type": "S3", "location": unique, "artifactIdentifier": "plain", "name": "plain"}],
    )
    build = run(client, name)
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    key = f"out/{build['id'].rpartition(':')[2]}/app.zip"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{unique}/{key}"
    with zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=unique, Key=key)["Body"].read())) as archive:
        assert archive.namelist() == ["deep/a.txt"]
    assert s3.get_object(Bucket=unique, Key="plain/a.txt")["Body"].read() == b"a"


SPEC_WITH_ARTIFACTS = """
version: 0.2
phases: {build: {commands: [FOLDER=src]}}
artifacts:
  base-directory: $FOLDER
  files: ['**/*']
  exclude-paths: ['*.tmp']
  secondary-artifacts:
    plain:
      files: ['src/**/*.txt']
      discard-paths: yes
"""


@pytest.mark.aws_rule(
    "An artifact pattern that matches nothing fails the build",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.artifacts",
)
def test_an_artifact_that_is_missing_fails_the_upload(client: Client, project: Callable[..., str], unique: str) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    spec = "version: 0.2\nphases: {build: {commands: [ls]}}\nartifacts: {files: [none.txt]}"
    build = run(client, project(spec, artifacts={"type": "S3", "location": unique}))
    assert context(build, "UPLOAD_ARTIFACTS") == "CLIENT_ERROR: no matching artifact paths found"


def test_the_local_cache_is_a_link_that_is_kept_between_builds(client: Client, project: Callable[..., str]) -> None:
    spec = """
version: 0.2
phases: {build: {commands: ['test -L .kept && test -d .kept && ls .kept', 'touch .kept/file; pwd']}}
cache: {paths: ['.kept/**/*']}
"""
    name = project(spec, cache={"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]})
    first, second = run(client, name), run(client, name)
    assert len(output(client, first)) == 1
    assert output(client, second) == ["file", output(client, first)[-1]]
    assert any(" Symlinking: " in line for line in whole_log(client, first))
    client("codebuild").invalidate_project_cache(projectName=name)
    assert output(client, run(client, name)) == output(client, first)


def test_an_s3_cache_is_unpacked_into_plain_folders(client: Client, project: Callable[..., str], unique: str) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    spec = """
version: 0.2
phases: {build: {commands: ['test ! -L .kept && mkdir -p .kept && ls .kept', 'touch .kept/file']}}
cache: {paths: ['.kept/**/*']}
"""
    name = project(spec, cache={"type": "S3", "location": f"{unique}/cache"})
    assert [output(client, run(client, name)) for _ in range(2)] == [[], ["file"]]


@pytest.mark.aws_rule(
    "A build that is stopped or times out ends its commands",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html",
)
def test_stop_build_ends_the_commands(client: Client, project: Callable[..., str]) -> None:
    build = client("codebuild").start_build(
        projectName=project("version: 0.2\nphases: {build: {commands: [echo begun, sleep 600]}}")
    )["build"]
    wait_for_line(client, build, "begun")
    client("codebuild").stop_build(id=build["id"])
    stopped = finished(client, build, 10)
    assert (stopped["buildStatus"], phases(stopped)["BUILD"]) == ("STOPPED", "STOPPED")


def test_the_log_is_live_and_a_build_times_out_by_the_clouds_clock(
    client: Client, project: Callable[..., str], server: Server
) -> None:
    spec = "version: 0.2\nphases: {build: {commands: [echo begun, sleep 600]}}"
    build = client("codebuild").start_build(projectName=project(spec, timeoutInMinutes=5))["build"]
    wait_for_line(client, build, "begun")
    server.cloud.clock.advance(301)
    ended = finished(client, build, 10)
    assert ended["buildStatus"] == "TIMED_OUT"
    assert context(ended, "BUILD") == "BUILD_TIMED_OUT: Build has timed out after 5 minutes."


def wait_for_line(client: Client, build: Build, line: str) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if line in output(client, build):
                return
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceNotFoundException"
        time.sleep(0.05)
    raise AssertionError(f"the log has no line {line}")


@pytest.mark.aws_rule(
    "A start with the same idempotency token and request is one build",
    page="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html",
)
def test_an_idempotency_token_starts_one_build(client: Client, project: Callable[..., str], unique: str) -> None:
    name = project("version: 0.2\nphases: {build: {commands: [ls]}}")
    first, second = (client("codebuild").start_build(projectName=name, idempotencyToken=unique) for _ in range(2))
    assert first["build"]["id"] == second["build"]["id"]
    finished(client, first["build"])
    assert client("codebuild").list_builds_for_project(projectName=name)["ids"] == [first["build"]["id"]]
    again = client("codebuild").retry_build(id=first["build"]["id"])["build"]
    assert finished(client, again)["buildStatus"] == "SUCCEEDED"
    answer = client("codebuild").batch_delete_builds(ids=[again["id"], "none:1"])
    assert answer["buildsDeleted"] == [again["arn"]]


@pytest.mark.aws_rule(
    "A project's service role must exist and trust CodeBuild",
    page="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html",
)
def test_a_role_that_cannot_be_assumed_is_refused_at_creation(client: Client, unique: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("codebuild").create_project(
            name=unique,
            source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment=ENVIRONMENT,
            serviceRole=f"arn:aws:iam::{DEV}:role/nobody",
        )
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"
    assert "sts:AssumeRole" in refused.value.response["Error"]["Message"]


def test_other_sources_are_refused_at_creation(client: Client, project: Callable[..., str]) -> None:
    with pytest.raises(ClientError, match="localaws does not build sources of type GITHUB"):
        project("buildspec.yml", source={"type": "GITHUB", "location": "https://github.com/a/b"})


@pytest.mark.aws_rule(
    "A project whose source is CODEPIPELINE is started by a CodePipeline alone",
    page="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html",
)
def test_only_a_codepipeline_starts_a_project_of_that_source(client: Client, project: Callable[..., str]) -> None:
    name = project("x", source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    with pytest.raises(ClientError, match="only a CodePipeline can start it"):
        client("codebuild").start_build(projectName=name)


def test_projects_are_changed_listed_and_deleted(client: Client, project: Callable[..., str]) -> None:
    codebuild = client("codebuild")
    name = project("version: 0.2")
    codebuild.update_project(name=name, description="changed", timeoutInMinutes=7)
    found = codebuild.batch_get_projects(names=[name, "absent"])
    assert (found["projects"][0]["description"], found["projects"][0]["timeoutInMinutes"]) == ("changed", 7)
    assert found["projectsNotFound"] == ["absent"]
    assert name in codebuild.list_projects()["projects"]
    codebuild.delete_project(name=name)
    with pytest.raises(ClientError, match="Project cannot be found"):
        codebuild.start_build(projectName=name)


def test_what_a_build_installs_stays_in_the_build(client: Client, project: Callable[..., str]) -> None:
    spec = """
version: 0.2
phases:
  build:
    commands:
      - python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
      - dirname "$HOME"
      - test "$(command -v pip)" = "$(dirname "$(command -v python3)")/pip"
"""
    build = run(client, project(spec))
    assert build["buildStatus"] == "SUCCEEDED"
    packages, folder = output(client, build)
    assert packages.startswith(folder)


def test_names_of_artifacts_are_expanded(client: Client, project: Callable[..., str], unique: str) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    spec = """
version: 0.2
phases: {build: {commands: [VERSION=7, touch file]}}
artifacts: {files: [file], name: "app-$VERSION-$(AWS_REGION)-$(echo x).zip"}
"""
    artifacts = {"type": "S3", "location": unique, "packaging": "ZIP", "overrideArtifactName": True}
    build = run(client, project(spec, artifacts=artifacts))
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{unique}/app-7-{REGION}-x.zip"
