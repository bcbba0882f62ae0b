"""What tells a copy from its source, and what proves that it is one."""

from __future__ import annotations

from scripts.decisions.release import Checksum
from scripts.gateways.artifacts import differences, is_known_copy
from tests.unit.scripts.releases import s3_object

OTHER = Checksum(algorithm="SHA256", type="FULL_OBJECT", value="c2")
OF_PARTS = Checksum(algorithm="SHA256", type="COMPOSITE", value="c3-2")


def test_equal_checksums_prove_a_copy() -> None:
    copy = s3_object(bucket="stage", key="k", etag="another")
    assert differences(s3_object(), copy) == []
    assert is_known_copy(s3_object(), copy)


def test_another_checksum_or_size_is_a_difference() -> None:
    assert differences(s3_object(), s3_object(checksum=OTHER))
    assert differences(s3_object(), s3_object(size=1))
    assert not is_known_copy(s3_object(), s3_object(checksum=OTHER))


def test_without_a_checksum_in_common_nothing_is_proved_and_nothing_contradicted() -> None:
    for source, copy in ((s3_object(checksum=None), s3_object()), (s3_object(checksum=OF_PARTS), s3_object())):
        assert differences(source, copy) == []
        assert not is_known_copy(source, copy)
    assert not is_known_copy(s3_object(checksum=None), s3_object(checksum=None))
