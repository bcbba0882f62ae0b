"""Builds as CodeBuild's documentation has them where a machine of one's own would be different."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import REGION
from tests.functional.test_codebuild import (
    ENVIRONMENT,
    client,
    context,
    finished,
    output,
    project,
    role,
    run,
    whole_log,
)

__all__ = ["client", "project", "role"]  # fixtures
Client = Callable[..., Any]


def spec(*commands: str, head: str = "version: 0.2") -> str:
    listed = "".join(f"      - {json.dumps(command)}\n" for command in commands)
    return f"{head}\nphases:\n  build:\n    commands:\n{listed}"


@pytest.mark.aws_rule(
    "StartBuild's artifacts stand in place of the project's",
    page="https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html",
)
def test_artifacts_of_the_start_are_uploaded_and_those_of_a_retry_too(
    client: Client, project: Callable[..., str], unique: str
) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    buildspec = (
        f"{spec('echo hi > x.txt')}artifacts: {{files: [x.txt], secondary-artifacts: {{More: {{files: [x.txt]}}}}}}"
    )
    place = {"type": "S3", "location": unique, "path": "over", "name": "o.zip", "packaging": "ZIP"}
    more = place | {"name": "more.zip", "artifactIdentifier": "More"}
    name = project(buildspec)
    build = run(client, name, artifactsOverride=place, secondaryArtifactsOverride=[more])
    assert build["buildStatus"] == "SUCCEEDED", whole_log(client, build)
    for key in ("over/o.zip", "over/more.zip"):
        content = client("s3").get_object(Bucket=unique, Key=key)["Body"].read()
        assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["x.txt"]
        client("s3").delete_object(Bucket=unique, Key=key)
    finished(client, client("codebuild").retry_build(id=build["id"])["build"])
    assert client("s3").head_object(Bucket=unique, Key="over/o.zip")
    with pytest.raises(ClientError, match="autoRetryLimitOverride, sourceAuthOverride of StartBuild"):
        auth = {"type": "OAUTH", "resource": "x"}
        client("codebuild").start_build(projectName=name, autoRetryLimitOverride=2, sourceAuthOverride=auth)
    with pytest.raises(ClientError, match="location is required"):
        client("codebuild").start_build(projectName=name, artifactsOverride={"type": "S3"})


@pytest.mark.aws_rule(
    "Values from Parameter Store and Secrets Manager are masked in logs",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
def test_values_of_stored_variables_are_not_told_in_logs(
    client: Client, project: Callable[..., str], unique: str
) -> None:
    client("ssm").put_parameter(Name=f"/{unique}", Value="from-the-store", Type="SecureString")
    client("secretsmanager").create_secret(Name=unique, SecretString='{"user": "from\\nsecrets", "n": "7"}')
    head = f"""version: 0.2
env:
  variables: {{PLAIN: told}}
  parameter-store: {{P: /{unique}}}
  secrets-manager: {{S: "{unique}:user", N: "{unique}:n"}}"""
    build = run(
        client, project(spec('echo "[$PLAIN][$P][$N]"', 'echo "$S"', "set -x; echo ${#P}", "set +x", head=head))
    )
    assert build["buildStatus"] == "SUCCEEDED"
    told = output(client, build)
    assert told[:3] == ["[told][***][7]", "***", "***"]
    assert "14" in told
    log = "\n".join(whole_log(client, build))
    assert "from-the-store" not in log
    assert "printf" not in log.replace("Running command", ""), log  # the session's own commands


@pytest.mark.aws_rule(
    "The shell of Amazon Linux images is bash",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html",
)
def test_the_shell_is_the_images(client: Client, project: Callable[..., str]) -> None:
    name = project(spec("echo 'A=1' > vars.sh", 'source ./vars.sh && [[ "$CI" == true ]] && echo "A is $A"'))
    assert run(client, name)["buildStatus"] == "FAILED"
    image = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    build = run(client, name, imageOverride=image)
    assert (build["environment"]["image"], output(client, build)) == (image, ["A is 1"])


@pytest.mark.aws_rule(
    "With version 0.1 each command has a shell of its own",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
def test_commands_of_version_0_1_do_not_share_a_shell(client: Client, project: Callable[..., str]) -> None:
    commands = ("export X=set; cd /", 'echo "[$X][$PLAIN]"; test "$PWD" = "$CODEBUILD_SRC_DIR"')
    build = run(client, project(spec(*commands, head="version: 0.1\nenv: {variables: {PLAIN: kept}}")))
    assert (build["buildStatus"], output(client, build)) == ("SUCCEEDED", ["[][kept]"])


def test_a_build_sees_no_packages_of_this_machine_and_writes_none(
    client: Client, project: Callable[..., str], server: Server
) -> None:
    work = server.cloud.work_directory.resolve()
    find = "import importlib.util as u; print([n for n in ('boto3', 'moto', 'pytest', 'localaws') if u.find_spec(n)])"
    build = run(
        client,
        project(
            spec(
                f'python3 -c "{find}"',
                "pip --version > /dev/null",
                f"! touch {work}/codebuild-pip*/x 2> /dev/null",
                "command -v pytest cfn-lint ruff || echo none",
                'test "$NPM_CONFIG_PREFIX" = "$(dirname "$HOME")/node" && test -w "$NPM_CONFIG_PREFIX" && echo own',
            )
        ),
    )
    assert (build["buildStatus"], output(client, build)) == ("SUCCEEDED", ["[]", "none", "own"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("cobol: 1", "YAML_FILE_ERROR: Unknown runtime named 'cobol'"),
        ("dotnet: 8", "YAML_FILE_ERROR: Runtime dotnet 8 is not on this machine"),
    ],
)
def test_runtimes_that_are_not_there_fail_the_build(
    client: Client, project: Callable[..., str], asked: str, message: str
) -> None:
    text = f"version: 0.2\nphases: {{install: {{runtime-versions: {{{asked}}}}}, build: {{commands: [ls]}}}}"
    assert message in context(run(client, project(text)), "DOWNLOAD_SOURCE")


@pytest.mark.aws_rule(
    "A build pushes to CodeCommit as its role, by the address that AWS gives a repository",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html",
)
def test_a_build_pushes_what_it_committed_by_awss_address(
    client: Client, project: Callable[..., str], unique: str
) -> None:
    codecommit = client("codecommit")
    codecommit.create_repository(repositoryName=unique)
    put = {"repositoryName": unique, "branchName": "main", "filePath": "a", "fileContent": b"one"}
    first = codecommit.put_file(**put)["commitId"]
    address = f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/{unique}"
    commands = (
        "git remote get-url origin | grep -q 127.0.0.1",
        "git config --get remote.origin.url",
        "git -c user.name=B -c user.email=b@example.org commit -q --allow-empty -m built",
        "git push -q origin HEAD:refs/heads/built",
    )
    source = {"type": "CODECOMMIT", "location": address}
    source["buildspec"] = spec(*commands, head='version: 0.2\nenv: {git-credential-helper: "yes"}')
    build = run(client, project("", source=source, environment=ENVIRONMENT))
    assert build["buildStatus"] == "SUCCEEDED", whole_log(client, build)
    assert output(client, build)[0] == address
    built = codecommit.get_branch(repositoryName=unique, branchName="built")["branch"]["commitId"]
    assert codecommit.get_commit(repositoryName=unique, commitId=built)["commit"]["parents"] == [first]
