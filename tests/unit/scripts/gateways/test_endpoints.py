"""CLOUD=aws means AWS: an endpoint of somebody else's, wherever it is said, is refused before any call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scripts.errors import SettingsError
from scripts.gateways.endpoints import is_aws, require_aws
from scripts.gateways.regions import dns_suffix, known_regions

LOCAL = "http://127.0.0.1:4566"
AWS = {"CLOUD": "aws"}


def session(scoped: dict[str, Any] | None = None, services: dict[str, Any] | None = None) -> Any:
    return SimpleNamespace(
        profile="mine", get_scoped_config=lambda: scoped or {}, full_config={"services": services or {}}
    )


@pytest.mark.parametrize(
    ("environment", "where", "place"),
    [
        ({"AWS_ENDPOINT_URL": LOCAL}, session(), "environment variable AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL_S3": LOCAL}, session(), "environment variable AWS_ENDPOINT_URL_S3"),
        ({}, session({"endpoint_url": LOCAL}), "AWS configuration, profile mine"),
        (
            {},
            session({"services": "here"}, {"here": {"s3": {"endpoint_url": LOCAL}}}),
            "AWS configuration, profile mine, services here, s3",
        ),
    ],
)
@pytest.mark.aws_rule(
    "An SDK takes endpoints from AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, the profile and its services",
    page="https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html",
)
def test_an_endpoint_that_is_not_awss_is_refused_by_the_place_that_names_it(
    environment: dict[str, str], where: Any, place: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        require_aws(where, AWS | environment)
    assert refused.value.found == [f"{place}: {LOCAL}"]
    assert "UNSET=1" in str(refused.value.next_command)
    require_aws(where, environment)
    require_aws(where, AWS | environment | {"ALLOW_ENDPOINT": "1"})
    require_aws(where, AWS | environment | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"})


def test_services_of_another_profile_are_not_this_ones() -> None:
    require_aws(session({"services": "mine"}, {"theirs": {"s3": {"endpoint_url": LOCAL}}}), AWS)


def test_a_build_takes_what_its_codebuild_gives_it() -> None:
    require_aws(session(), AWS | {"AWS_ENDPOINT_URL": LOCAL, "CODEBUILD_BUILD_ID": "b:1"})


@pytest.mark.parametrize("region", sorted(known_regions()))
def test_every_region_has_endpoints_of_awss_own(region: str) -> None:
    url = f"https://sts.{region}.{dns_suffix(region)}"
    assert is_aws(url)
    require_aws(session({"endpoint_url": url}), AWS)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://vpce-1a2b.s3.ap-southeast-2.vpce.amazonaws.com", True),
        ("https://s3.ap-southeast-2.api.aws", True),
        ("https://amazonaws.com.evil.example", False),
        ("https://notamazonaws.com", False),
        (LOCAL, False),
    ],
)
def test_a_domain_is_awss_by_its_end(url: str, own: bool) -> None:
    assert is_aws(url) is own
