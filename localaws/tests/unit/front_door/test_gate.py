"""Which hosts and origins come in: decided by what a browser says of a request, before anybody looks at signatures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.backend import CorsRule
from localaws.front_door import cors
from localaws.front_door.gate import entrance
from localaws.front_door.virtual_hosts import bucket_in_host, with_bucket_in_path

RULE = CorsRule(("https://*.example.com",), ("GET",), ("x-amz-*",), ("ETag",), 60)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:4566", "localhost", "LocalHost:1", "[::1]:4566", "bucket.localhost:4566", "a.b.localhost"],
)
def test_names_of_this_machine_come_in(host: str) -> None:
    assert entrance({"HTTP_HOST": host, "REQUEST_METHOD": "GET"}, [], is_page=True).refusal is None


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhostx", "127.0.0.1:4566,evil", "127.1", ""]
)
def test_other_names_do_not(host: str) -> None:
    found = entrance({"HTTP_HOST": host, "REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "x"}, [], is_page=False)
    assert found.refusal is not None


@given(host=st.from_regex(r"[a-z0-9.-]{1,40}(:[0-9]{1,5})?", fullmatch=True))
def test_no_name_that_somebody_else_can_own_comes_in(host: str) -> None:
    name = host.partition(":")[0]
    own = name in ("127.0.0.1", "localhost") or name.endswith(".localhost")
    found = entrance({"HTTP_HOST": host, "REQUEST_METHOD": "GET"}, [], is_page=True)
    assert (found.refusal is None) <= own


def test_a_name_of_amazons_comes_in_where_the_signature_covers_it() -> None:
    environ = {"HTTP_HOST": "b.s3.eu-west-1.amazonaws.com", "REQUEST_METHOD": "GET"}
    assert entrance(environ, [], is_page=False).refusal is not None
    assert entrance({**environ, "HTTP_AUTHORIZATION": "AWS4"}, [], is_page=False).refusal is None
    assert entrance({**environ, "HTTP_AUTHORIZATION": "AWS4"}, [], is_page=True).refusal is not None


def test_an_origin_comes_in_by_a_rule_of_the_bucket_alone() -> None:
    environ = {"HTTP_HOST": "localhost", "REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_SITE": "cross-site"}
    environ["HTTP_ORIGIN"] = "https://app.example.com"
    assert entrance(environ, [], is_page=False).is_from_elsewhere
    found = entrance(environ, [RULE], is_page=False)
    assert found.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert entrance(environ, [RULE], is_page=True).refusal is not None
    assert entrance({**environ, "REQUEST_METHOD": "PUT"}, [RULE], is_page=False).refusal is not None
    assert entrance({**environ, "HTTP_ORIGIN": ""}, [RULE], is_page=False).refusal is not None


def test_a_rule_allows_headers_by_their_patterns() -> None:
    origin = "https://app.example.com"
    assert cors.rule_for([RULE], origin, "GET", ("X-Amz-Date", "x-amz-target")) is RULE
    assert cors.rule_for([RULE], origin, "GET", ("content-type",)) is None
    assert cors.rule_for([RULE], "https://app.example.com.evil", "GET") is None
    assert cors.rule_for([CorsRule(("*",), ("GET",))], origin, "GET") is not None


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("localhost:4566", None),
        ("127.0.0.1", None),
        ("b.localhost:4566", "b"),
        ("b.c.localhost", "b.c"),
        ("s3.localhost", None),
        ("b.s3.localhost", "b"),
        ("b.s3.eu-west-1.localhost", "b"),
        ("s3.amazonaws.com", None),
        ("b.c.s3.eu-west-1.amazonaws.com", "b.c"),
        ("b.s3.cn-north-1.amazonaws.com.cn", "b"),
    ],
)
def test_a_host_may_name_a_bucket(host: str, bucket: str | None) -> None:
    assert bucket_in_host({"HTTP_HOST": host}) == bucket


def test_the_bucket_goes_from_the_host_into_the_path() -> None:
    environ = {"HTTP_HOST": "b.localhost:4566", "RAW_URI": "//a%2Fb?x=1", "PATH_INFO": "/a/b", "QUERY_STRING": "x=1"}
    with_bucket_in_path(environ, "127.0.0.1:4566")
    assert environ["RAW_URI"] == "/b//a%2Fb?x=1"
    assert (environ["PATH_INFO"], environ["HTTP_HOST"]) == ("/b//a/b", "127.0.0.1:4566")
