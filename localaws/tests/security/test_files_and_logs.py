"""What the server keeps is its user's alone, and no secret is in what it prints."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from localaws.core.account_keys import KEYS_FILE, AccountKeys, read_keys
from tests.functional.server_process import ServerProcess, session
from tests.shared_server import DEV, PREPROD, REGION


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*")}


def test_files_and_directories_of_the_state_are_closed_to_others(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    (state / "old").write_text("")  # of an earlier version
    (state / "old").chmod(0o644)
    server = ServerProcess(tmp_path, [DEV], REGION)
    try:
        s3 = server.client("s3", DEV)
        s3.create_bucket(Bucket="closed", CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="closed", Key="a", Body=b"1")
        server.client("codecommit", DEV).create_repository(repositoryName="closed")
    finally:
        server.stop()
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    open_to_others = {name: oct(mode) for name, mode in modes(state).items() if mode & 0o077}
    assert open_to_others == {}


def test_no_secret_is_logged_even_where_all_is(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, [DEV, PREPROD], REGION, "--log-level", "debug")
    secrets = [server.secret(DEV), server.secret(PREPROD), (tmp_path / "state/control-token").read_text().strip()]
    try:
        iam, sts = server.client("iam", DEV), server.client("sts", DEV)
        iam.create_user(UserName="u")
        secrets.append(iam.create_access_key(UserName="u")["AccessKey"]["SecretAccessKey"])
        found = sts.get_session_token()["Credentials"]
        secrets += [found["SecretAccessKey"], found["SessionToken"]]
        keys = {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }
        server.client("s3", DEV, **keys).list_buckets()
        with pytest.raises(Exception, match="signature we calculated"):
            server.client("sqs", DEV, **{**keys, "aws_secret_access_key": "wrong"}).list_queues()
        server.page("/_localaws/clock")
    finally:
        server.stop()
    log = (tmp_path / "server.log").read_text()
    assert not [each for each in secrets if each in log]


def test_keys_are_kept_over_restarts_and_made_for_new_accounts(tmp_path: Path) -> None:
    first = AccountKeys(tmp_path, [DEV])
    second = AccountKeys(tmp_path, [DEV, PREPROD])
    assert second.secret(DEV) == first.secret(DEV)
    assert len({second.secret(DEV), second.secret(PREPROD)}) == 2
    assert AccountKeys(tmp_path, [PREPROD]).secret(DEV) is None  # it is in the file, and no account of this server
    assert read_keys(tmp_path).keys() == {DEV, PREPROD}


@pytest.mark.parametrize("content", ["{", "[]", '{"1": "x"}', '{"111111111111": 1}', '{"111111111111": ""}'])
def test_damaged_keys_are_named_before_anything_listens(tmp_path: Path, content: str) -> None:
    (tmp_path / KEYS_FILE).write_text(content)
    command = [sys.executable, "-m", "localaws", "start", "--port", "0", "--state", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, KEYS_FILE in done.stderr, done.stdout) == (4, True, "")
    assert (tmp_path / KEYS_FILE).read_text() == content


def test_any_secret_is_taken_only_where_that_is_asked_for_and_said(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, [DEV], REGION, "--any-secret")
    try:
        own = session(REGION, aws_access_key_id=DEV, aws_secret_access_key="anything")
        assert own.client("sts", endpoint_url=server.endpoint_url).get_caller_identity()["Account"] == DEV
        other = session(REGION, aws_access_key_id="777777777777", aws_secret_access_key="anything")
        with pytest.raises(Exception, match="InvalidClientTokenId"):
            other.client("sts", endpoint_url=server.endpoint_url).get_caller_identity()
    finally:
        server.stop()
    assert "WARNING: --any-secret" in (tmp_path / "server.log").read_text()
    assert json.loads((tmp_path / "state" / KEYS_FILE).read_text())[DEV]
