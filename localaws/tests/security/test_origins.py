"""Requests that a browser carries for somebody else's page: foreign hosts, foreign origins, simple forms; and the pages
of localaws' own, which nobody reaches without their token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from localaws.core.account_keys import TOKEN_HEADER
from localaws.server import Server
from tests.security.test_signatures import keys_of
from tests.security.wire import Wire, presigned, signed
from tests.shared_server import DEV

Client = Callable[..., Any]
EVIL = "https://evil.example"
PAGES = ("health", "clock", "capacity", "mail", "connections", "git/111111111111/eu-west-1/x/info/refs")
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:4566"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "evil-localhost"},
    {"Host": ""},
    {"Host": "169.254.169.254"},
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_comes_from_elsewhere_reaches_no_page_and_no_operation(
    server: Server, bucket: str, headers: dict[str, str]
) -> None:
    for page in PAGES:
        for method in ("GET", "POST"):
            answer = Wire(method, f"/_localaws/{page}", {**headers, TOKEN_HEADER: server.cloud.control_token}).sent(
                server
            )
            assert answer.status == 403, (page, answer)
    keys = keys_of(server)
    for request in (
        signed(server, keys, "GET", f"/{bucket}/a.txt"),
        presigned(server, keys, "GET", f"/{bucket}/a.txt"),
        Wire("GET", f"/{bucket}/a.txt"),
        Wire("OPTIONS", f"/{bucket}/a.txt", {"Access-Control-Request-Method": "GET"}),
    ):
        answer = Wire(request.method, request.target, {**request.headers, **headers}).sent(server)
        assert answer.status in (400, 403), answer
        assert b"content" not in answer.body.lower().replace(b"content-", b"")
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_name_of_amazons_is_a_host_of_signed_requests_alone(server: Server, bucket: str) -> None:
    headers = {"Host": f"{bucket}.s3.eu-west-1.amazonaws.com"}
    assert Wire("GET", "/a.txt", headers).sent(server).status == 403
    assert Wire("GET", "/_localaws/health", headers).sent(server).status == 403


def test_no_answer_lets_a_page_of_another_origin_read_it(server: Server, bucket: str) -> None:
    """moto says of each of its answers that every origin may; a page of this very server asks with its own origin."""
    keys, own = keys_of(server), {"Origin": server.endpoint_url, "Sec-Fetch-Site": "same-origin"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for request in (
        signed(server, keys, "GET", f"/{bucket}/a.txt"),
        presigned(server, keys, "GET", f"/{bucket}/a.txt"),
        signed(server, keys, "GET", f"/{bucket}/absent"),
        signed(server, keys, "POST", "/", "iam", b"Action=ListUsers&Version=2010-05-08", form),
    ):
        for headers in ({}, own):
            answer = Wire(request.method, request.target, {**request.headers, **headers}, request.body).sent(server)
            assert answer.status in (200, 404), answer
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("page", ["clock", "capacity", "mail", "connections", "iam", "nothing"])
def test_a_control_page_needs_its_token(server: Server, page: str) -> None:
    address = f"{server.endpoint_url}/_localaws/{page}"
    before = server.cloud.clock.now()
    body = {"advance_seconds": 3600}
    for headers in ({}, {TOKEN_HEADER: ""}, {TOKEN_HEADER: "guess"}, {"Authorization": server.cloud.control_token}):
        assert requests.get(address, headers=headers, timeout=10).status_code == 403
        assert requests.post(address, json=body, headers=headers, timeout=10).status_code == 403
    assert (server.cloud.clock.now() - before).total_seconds() < 3600


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_a_control_page_takes_no_body_that_a_form_can_send(server: Server, kind: str | None) -> None:
    headers = {TOKEN_HEADER: server.cloud.control_token, **({"Content-Type": kind} if kind else {})}
    answer = requests.post(
        f"{server.endpoint_url}/_localaws/clock", b'{"advance_seconds": 1}', headers=headers, timeout=10
    )
    assert answer.status_code == 415


def test_health_tells_a_stranger_that_it_is_there_and_no_more(server: Server) -> None:
    found = requests.get(f"{server.endpoint_url}/_localaws/health", timeout=10).json()
    assert found.keys() == {"service", "process"}
    headers = {TOKEN_HEADER: server.cloud.control_token}
    known = requests.get(f"{server.endpoint_url}/_localaws/health", headers=headers, timeout=10).json()
    assert DEV in known["accounts"]


RULE = {"AllowedOrigins": ["https://app.example"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["content-type"]}
PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}


@pytest.mark.aws_rule(
    "A preflight is answered by the first rule of the bucket that allows origin, method and headers",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html",
)
def test_a_buckets_own_rules_let_its_pages_in_and_no_others(server: Server, client: Client, bucket: str) -> None:
    target = f"/{bucket}/a.txt"
    assert Wire("OPTIONS", target, PREFLIGHT).sent(server).code == "AccessForbidden"
    client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    allowed = Wire("OPTIONS", target, {**PREFLIGHT, "Access-Control-Request-Headers": "content-type"}).sent(server)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, "https://app.example")
    for change in (
        {"Origin": EVIL},
        {"Access-Control-Request-Method": "DELETE"},
        {"Access-Control-Request-Headers": "x-amz-target"},
    ):
        assert Wire("OPTIONS", target, {**PREFLIGHT, **change}).sent(server).status == 403
    read = presigned(server, keys_of(server), "GET", target)
    page = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    answer = Wire("GET", read.target, page).sent(server)
    assert (answer.status, answer.body) == (200, b"content")
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert Wire("GET", read.target, {**page, "Origin": EVIL}).sent(server).status == 403
    assert Wire("GET", target, page).sent(server).status == 403  # its origin may ask, and has no signature
    assert Wire("GET", "/_localaws/health", page).sent(server).status == 403


def test_the_credentials_page_answers_no_browser(server: Server) -> None:
    granted = server.cloud.container_credentials.grant(f"arn:aws:iam::{DEV}:role/any", "job")
    path = granted["AWS_CONTAINER_CREDENTIALS_FULL_URI"].removeprefix(server.endpoint_url)
    assert json.loads(Wire("GET", path).sent(server).body)["SecretAccessKey"]
    for headers in FOREIGN:
        assert Wire("GET", path, headers).sent(server).status == 403
    server.cloud.container_credentials.revoke(granted)
