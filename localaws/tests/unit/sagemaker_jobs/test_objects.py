"""How keys become file names, and how objects are shared out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.services.sagemaker.jobs.objects import S3Location, S3Object, relative_key, shard


@pytest.mark.parametrize(
    ("key", "prefix", "relative"),
    [
        ("in/a/b.csv", "in/", "a/b.csv"),
        ("in/a/b.csv", "in", "a/b.csv"),
        ("in/a.csv", "in/a.csv", "a.csv"),
        ("in/a-1.csv", "in/a", "a-1.csv"),
        ("in/ab/c.csv", "in/a", "ab/c.csv"),
        ("a.csv", "", "a.csv"),
        ("x/a.csv", "", "x/a.csv"),
    ],
)
def test_a_name_is_relative_to_the_prefix(key: str, prefix: str, relative: str) -> None:
    assert relative_key(key, prefix) == relative


@given(st.lists(st.text("abc", min_size=1), unique=True), st.integers(1, 5))
def test_shards_are_disjoint_and_complete(keys: list[str], hosts: int) -> None:
    objects = [S3Object(S3Location("b", key), key) for key in keys]
    shares = [shard(objects, host, hosts) for host in range(hosts)]
    assert sorted(item.relative for share in shares for item in share) == sorted(keys)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_only_s3_addresses_are_locations() -> None:
    assert S3Location.parse("s3://bucket/a/b#c?d") == S3Location("bucket", "a/b#c?d")
    assert str(S3Location("bucket", "out/").below("x.csv")) == "s3://bucket/out/x.csv"
    assert str(S3Location.parse("s3://bucket").below("x.csv")) == "s3://bucket/x.csv"
    for wrong in ("https://bucket/a", "bucket/a", "s3:///a"):
        with pytest.raises(ValueError, match="not an S3 URI"):
            S3Location.parse(wrong)
