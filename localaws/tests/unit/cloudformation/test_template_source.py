"""Where a template's address leads."""

from __future__ import annotations

import pytest

from localaws.core.errors import ServiceError
from localaws.services.cloudformation.template_source import s3_location


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://my-bucket.s3.eu-west-1.amazonaws.com/a/b.yml", ("my-bucket", "a/b.yml", None)),
        ("https://my-bucket.s3-eu-west-1.amazonaws.com/b.yml", ("my-bucket", "b.yml", None)),
        ("https://my.bucket.s3.amazonaws.com/a%20b.yml", ("my.bucket", "a b.yml", None)),
        ("https://s3.eu-west-1.amazonaws.com/my-bucket/a/b.yml", ("my-bucket", "a/b.yml", None)),
        ("http://127.0.0.1:4566/my-bucket/b.yml?versionId=v1", ("my-bucket", "b.yml", "v1")),
    ],
)
def test_addresses_of_every_style_are_understood(url: str, place: tuple[str, str, str | None]) -> None:
    assert s3_location(url) == place


@pytest.mark.parametrize("url", ["s3://bucket/key", "https://s3.amazonaws.com/bucket", "b.yml"])
def test_an_address_that_is_no_object_is_refused(url: str) -> None:
    with pytest.raises(ServiceError, match="TemplateURL must be a supported URL"):
        s3_location(url)
