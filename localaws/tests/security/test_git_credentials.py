"""git over HTTP: who shows no credentials of the repository's account, or somebody else's, reads and writes nothing."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localaws.core.git_credentials import password
from localaws.server import Server
from tests.functional.git_client import GIT_ENVIRONMENT, HELPER, credentials_by
from tests.functional.server_process import ServerProcess
from tests.security.test_signatures import session_keys
from tests.security.wire import Answer, Wire
from tests.shared_server import DEV, PREPROD, REGION, secret_of

Client = Callable[..., Any]


@pytest.fixture
def repository(client: Client, unique: str) -> str:
    """The path of an empty repository of DEV's."""
    client("codecommit").create_repository(repositoryName=unique)
    return f"/_localaws/git/{DEV}/{REGION}/{unique}"


def asked(server: Server, path: str, user: str, given: str) -> Answer:
    basic = base64.b64encode(f"{user}:{given}".encode()).decode()
    target = f"{path}/info/refs?service=git-upload-pack"
    return Wire("GET", target, {"Authorization": f"Basic {basic}"}).sent(server)


def made(server: Server, path: str, account: str = DEV, secret: str = "", minutes: int = 0) -> str:
    host = server.endpoint_url.removeprefix("http://")
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return password(account, secret or secret_of(server, account), REGION, host, path, moment)


@pytest.mark.aws_rule(
    "CodeCommit asks git for credentials that are signed for one repository and expire after 15 minutes",
    page="https://docs.aws.amazon.com/codecommit/latest/userguide/troubleshooting-ch.html",
)
def test_git_without_true_credentials_reads_nothing(server: Server, client: Client, repository: str) -> None:
    assert asked(server, repository, DEV, made(server, repository)).status == 200
    nobody = Wire("GET", f"{repository}/info/refs?service=git-receive-pack").sent(server)
    assert (nobody.status, nobody.headers["www-authenticate"]) == (401, 'Basic realm="localaws"')
    other = f"{repository}-other"
    client("codecommit").create_repository(repositoryName=other.rpartition("/")[2])
    assert asked(server, other, DEV, made(server, repository)).status == 401  # of another repository
    for wrong in (
        made(server, repository, secret="local"),
        made(server, repository, minutes=-16),
        made(server, repository, minutes=16),
        "x",
        "",
        secret_of(server, DEV),
    ):
        assert asked(server, repository, DEV, wrong).status == 401
    assert asked(server, repository, "AKIAUNKNOWN", made(server, repository)).status == 401
    assert asked(server, repository, PREPROD, made(server, repository, PREPROD)).status == 403  # of another account


def test_a_session_shows_its_token_too(server: Server, client: Client, repository: str, unique: str) -> None:
    key, secret, token = session_keys(client, unique)
    given = made(server, repository, key, secret)
    assert asked(server, repository, f"{key}%{token}", given).status == 200
    assert asked(server, repository, key, given).status == 401
    assert asked(server, repository, f"{key}%x", given).status == 401


@pytest.mark.parametrize("helper", ["localaws", "aws"])
def test_a_push_is_signed_by_either_helper(
    server: Server, client: Client, repository: str, tmp_path: Path, helper: str
) -> None:
    command = {
        "localaws": f"{HELPER} --from-environment",
        "aws": f"!{sys.executable} -m awscli codecommit credential-helper --ignore-host-check $@",
    }[helper]
    keys = {"AWS_ACCESS_KEY_ID": DEV, "AWS_SECRET_ACCESS_KEY": secret_of(server, DEV), "AWS_DEFAULT_REGION": REGION}
    environment = {**GIT_ENVIRONMENT, **credentials_by(command, **keys)}

    def git(*arguments: str, **changed: str) -> int:
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, env={**environment, **changed}, capture_output=True, check=False
        )
        return done.returncode

    assert git("init", "-q", "-b", "main", ".") == 0
    assert git("commit", "-q", "--allow-empty", "-m", "first") == 0
    url = f"{server.endpoint_url}{repository}"
    assert git("push", "-q", url, "main", AWS_SECRET_ACCESS_KEY="local") != 0
    assert git("push", "-q", url, "main") == 0
    name = repository.rpartition("/")[2]
    assert client("codecommit").get_branch(repositoryName=name, branchName="main")["branch"]["commitId"]


@pytest.mark.aws_rule(
    "git reads with codecommit:GitPull and writes with codecommit:GitPush",
    page="https://docs.aws.amazon.com/codecommit/latest/userguide/auth-and-access-control-permissions-reference.html",
)
def test_where_iam_is_enforced_git_needs_the_actions_of_codecommit(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, [DEV], REGION, "--enforce-iam")
    try:
        server.client("codecommit", DEV).create_repository(repositoryName="r")
        iam = server.client("iam", DEV)
        iam.create_user(UserName="reader")
        allowed = {
            "Effect": "Allow",
            "Action": "codecommit:GitPull",
            "Resource": f"arn:aws:codecommit:{REGION}:{DEV}:r",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        path, host = f"/_localaws/git/{DEV}/{REGION}/r", server.endpoint_url.removeprefix("http://")
        user, secret = key["AccessKeyId"], key["SecretAccessKey"]
        given = password(user, secret, REGION, host, path, datetime.now(UTC))
        shown = base64.b64encode(f"{user}:{given}".encode()).decode()
        at: Any = server
        found = [
            Wire("GET", f"{path}/info/refs?service={service}", {"Authorization": f"Basic {shown}"}).sent(at).status
            for service in ("git-upload-pack", "git-receive-pack")
        ]
    finally:
        server.stop()
    assert found == [200, 403]
