"""Digests: of a content in any pieces, and of a whole by those of its parts."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.crc import CRC32C, CRC64NVME, Crc, RunningCrc
from localaws.core.digests import CHECKSUMS, Digests, combined, composite, digest

# Of "123456789", from https://reveng.sourceforge.io/crc-catalogue/
_CHECKS = {"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888"}


@pytest.mark.parametrize(("algorithm", "check"), _CHECKS.items())
def test_a_crc_is_the_one_of_the_catalogue(algorithm: str, check: str) -> None:
    assert base64.b64decode(digest(algorithm, [b"123456789"])).hex() == check


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from(CHECKSUMS))
def test_a_digest_does_not_depend_on_the_pieces(pieces: list[bytes], algorithm: str) -> None:
    assert digest(algorithm, pieces) == digest(algorithm, [b"".join(pieces)])


# Below, at and above the sizes of the blocks that lanes work on (64 KiB and 2 MiB).
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 2 * 1024**2 - 1, 2 * 1024**2, 3 * 1024**2 + 70_001])
def test_lanes_find_the_crc_that_zlib_finds(size: int) -> None:
    content = bytes(each * 31 + (each >> 8) & 0xFF for each in range(size))
    running = RunningCrc(Crc(32, 0xEDB88320))
    for start in range(0, size, 100_000):
        running.update(content[start : start + 100_000])
    assert int.from_bytes(running.digest(), "big") == zlib.crc32(content)


@pytest.mark.parametrize("kind", [CRC32C, CRC64NVME])
def test_lanes_find_the_crc_that_single_bytes_find(kind: Crc) -> None:
    content = bytes(range(256)) * 257
    by_lanes, by_bytes = RunningCrc(kind), RunningCrc(kind)
    by_lanes.update(content)
    width = kind.width // 8
    value = b""
    for part in (content[:65_535], content[65_535:]):  # each shorter than a block
        by_bytes = RunningCrc(kind)
        by_bytes.update(part)
        value += by_bytes.digest()
    name = "CRC32C" if kind is CRC32C else "CRC64NVME"
    parts = [base64.b64encode(each).decode() for each in (value[:width], value[width:])]
    whole = combined(name, [(parts[0], 65_535), (parts[1], len(content) - 65_535)])
    assert whole == base64.b64encode(by_lanes.digest()).decode()


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.sampled_from(sorted(_CHECKS)))
def test_a_crc_of_parts_combines_to_that_of_the_whole(parts: list[bytes], algorithm: str) -> None:
    known = [(digest(algorithm, [part]), len(part)) for part in parts]
    assert combined(algorithm, known) == digest(algorithm, parts)


def test_a_hash_does_not_combine_but_is_composed() -> None:
    assert combined("SHA256", [("", 1)]) is None
    raw = [b"a", b"b"]
    known = [digest("SHA256", [part]) for part in raw]
    assert composite("SHA256", known) == digest("SHA256", [b"".join(base64.b64decode(each) for each in known)])


def test_several_digests_are_computed_at_once() -> None:
    digests = Digests(["MD5", "CRC32"])
    digests.update(b"x")
    assert digests.values() == {"MD5": digest("MD5", [b"x"]), "CRC32": digest("CRC32", [b"x"])}
