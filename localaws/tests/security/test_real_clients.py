"""Clients that people use, unchanged, against a server that verifies: names that are hard to sign, URLs and forms."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localaws.server import Server
from tests.functional.server_process import session
from tests.security.test_signatures import keys_of
from tests.security.wire import Wire, signed
from tests.shared_server import DEV, REGION, secret_of

Client = Callable[..., Any]
NAMES = [
    "plain.txt",
    "with space.txt",
    "ünïcödé/日本語.txt",
    "plus+sign.txt",
    "a//b",
    "/leading",
    "x/../y",
    "./x",
    "100%",
    "%41%2f",
    "a&b=c?d#e",
    "~tilde!'()*",
    "trailing/",
    "semi;colon,comma:at@",
    '<>"{}|\\^`[]',
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_any_name_is_written_read_listed_and_presigned(server: Server, bucket: str, name: str, style: str) -> None:
    address = server.endpoint_url.replace("127.0.0.1", "localhost")
    keys = session(REGION, aws_access_key_id=DEV, aws_secret_access_key=secret_of(server, DEV))
    s3 = keys.client(
        "s3", endpoint_url=address, config=Config(s3={"addressing_style": style}, signature_version="s3v4")
    )
    s3.meta.events.register("before-send.s3", resolved)
    s3.put_object(Bucket=bucket, Key=name, Body=name.encode(), Metadata={"under_score": "two  spaces", "a": "b"})
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == name.encode()
    assert s3.head_object(Bucket=bucket, Key=name)["Metadata"]["under_score"]
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=name)["Contents"]] == [name]
    s3.copy_object(Bucket=bucket, Key=f"{name}.copy", CopySource={"Bucket": bucket, "Key": name})
    if style == "path":
        url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": name})
        assert through(url).body == name.encode()


def resolved(request: Any, **_: Any) -> None:
    """Send what is for a name below localhost to this machine, as a resolver does (RFC 6761)."""
    host = request.url.split("/")[2]
    request.headers["Host"] = host
    request.url = request.url.replace(f"//{host}", f"//127.0.0.1:{host.rpartition(':')[2]}", 1)


class _At:
    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url


def through(url: str) -> Any:
    """Follow a URL as it stands: HTTP libraries would make ``..`` of it another one."""
    host, _, rest = url.removeprefix("http://").partition("/")
    at: Any = _At(f"http://127.0.0.1:{host.rpartition(':')[2]}")
    return Wire("GET", f"/{rest}", {"Host": host}).sent(at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
def test_every_name_is_signed_as_it_is_verified(client: Client, bucket: str, name: str) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key=name, Body=b"1")
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=name)["Contents"]][:1] == [name]
    s3.delete_object(Bucket=bucket, Key=name)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls_put_and_get(server: Server, client: Client, bucket: str, version: str) -> None:
    s3 = client("s3", config=Config(signature_version=version))
    put = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "p", "ContentType": "text/plain"})
    plain = {"Content-Type": "text/plain"}
    assert requests.put(put, b"presigned", headers=plain, timeout=10).status_code == 200
    assert client("s3").get_object(Bucket=bucket, Key="p")["Body"].read() == b"presigned"
    assert requests.put(put, b"x", headers={"Content-Type": "text/html"}, timeout=10).status_code == 403
    assert requests.put(put, b"x", headers={**plain, "x-amz-acl": "public-read"}, timeout=10).status_code == 403
    copy = {**plain, "x-amz-copy-source": f"/{bucket}/a.txt"}
    assert requests.put(put, b"", headers=copy, timeout=10).status_code == 403
    assert requests.delete(put, timeout=10).status_code == 403
    assert requests.put(put.replace("/p?", "/q?"), b"x", headers=plain, timeout=10).status_code == 403
    assert requests.put(f"{put}&acl", b"x", headers=plain, timeout=10).status_code == 403
    for more in ("renameObject", "%61cl", "x%2Damz-acl=public-read", "encryption"):  # what version 2 does not sign
        assert requests.put(f"{put}&{more}", b"x", headers=plain, timeout=10).status_code == 403


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.aws_rule(
    "A form uploads what its signed policy allows, and nothing else",
    page="https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html",
)
def test_a_form_uploads_what_its_policy_allows(server: Server, client: Client, bucket: str, version: str) -> None:
    s3 = client("s3", config=Config(signature_version=version))
    conditions = [["content-length-range", 1, 10], {"Content-Type": "text/plain"}, ["starts-with", "$key", "up/"]]
    post = s3.generate_presigned_post(bucket, "up/${filename}", {"Content-Type": "text/plain"}, conditions)

    def upload(content: bytes = b"by form", address: str = "", **changed: Any) -> requests.Response:
        fields = {**post["fields"], **changed}
        return requests.post(address or post["url"], data=fields, files={"file": ("n.txt", content)}, timeout=10)

    assert upload().status_code == 204
    found = client("s3").get_object(Bucket=bucket, Key="up/n.txt")
    assert (found["Body"].read(), found["ContentType"]) == (b"by form", "text/plain")
    assert upload(b"more than ten bytes").status_code == 400
    assert upload(key="elsewhere").status_code == 403
    assert upload(acl="public-read").status_code == 403
    html: dict[str, Any] = {"Content-Type": "text/html"}
    assert upload(**html).status_code == 403
    assert upload(policy=post["fields"]["policy"][:-4] + "AAA=").status_code == 403
    forged: dict[str, Any] = {"x-amz-signature" if version == "s3v4" else "signature": "0" * 64}
    assert upload(**forged).status_code == 403
    other = f"{bucket}-2"
    client("s3").create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert upload(address=post["url"].replace(bucket, other)).status_code == 403


def test_an_expired_form_is_refused(client: Client, bucket: str) -> None:
    post = client("s3").generate_presigned_post(bucket, "late", ExpiresIn=-1)
    answer = requests.post(post["url"], data=post["fields"], files={"file": b"x"}, timeout=10)
    assert (answer.status_code, "Policy expired" in answer.text) == (403, True)


def test_the_aws_cli_moves_files_and_presigns(server: Server, bucket: str, tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": DEV,
        "AWS_SECRET_ACCESS_KEY": secret_of(server, DEV),
        "AWS_DEFAULT_REGION": REGION,
        "HOME": "/nonexistent",
    }

    def aws(*arguments: str) -> str:
        command = [sys.executable, "-m", "awscli", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    (tmp_path / "a b+ü.txt").write_bytes(b"content" * 2_000_000)  # in parts
    aws("s3", "cp", "a b+ü.txt", f"s3://{bucket}/d/")
    aws("s3", "cp", f"s3://{bucket}/d/a b+ü.txt", "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "a b+ü.txt").read_bytes()
    assert requests.get(aws("s3", "presign", f"s3://{bucket}/a.txt"), timeout=10).content == b"content"
    assert aws("sts", "get-caller-identity", "--query", "Account", "--output", "text") == DEV


def test_what_is_signed_encoded_may_be_sent_bare(server: Server, client: Client, bucket: str) -> None:
    """Browsers and others send ``'()*`` as they are, and sign them encoded as AWS does."""
    request = signed(server, keys_of(server), "PUT", f"/{bucket}/it%27s%20%28a%29%2A", body=b"1")
    assert replace(request, target=f"/{bucket}/it's%20(a)*").sent(server).status == 200
    assert client("s3").head_object(Bucket=bucket, Key="it's (a)*")["ContentLength"] == 1
