import gzip
import io
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localaws.core.archive_limits import ArchiveLimitError, ArchiveLimits, Unpacking, gunzip
from localaws.core.archives import unzip

SMALL = ArchiveLimits(files=20, bytes=100_000, ratio=10, bytes_at_any_ratio=10_000, folders_deep=4)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


BOMBS = {
    "one file of zeros": ({"a": bytes(50_000)}, "more than 10 times"),
    "many files that are small each": ({f"{n}": bytes(5000) for n in range(19)}, "more than 10 times"),
    "more files than any project has": ({f"{n}": b"" for n in range(21)}, "more than 20 files"),
    "folders in folders": ({"a/" * 5 + "a": b"x"}, "more than 4 folders deep"),
    "more bytes than the limit, hardly packed": (
        {"a": b"".join(zlib.crc32(bytes([n % 256, n // 256])).to_bytes(4, "big") for n in range(26_000))},
        "more than 100,000 bytes",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_zip_that_unpacks_to_too_much_is_refused_before_anything_is_written(bomb: str, tmp_path: Path) -> None:
    files, word = BOMBS[bomb]
    with pytest.raises(ArchiveLimitError, match=word):
        unzip(zipped(files), tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def test_a_zip_that_declares_less_than_it_holds_is_cut_off_there(tmp_path: Path) -> None:
    content = bytearray(zipped({"a": bytes(50_000)}))
    size = (50_000).to_bytes(4, "little")
    lie = (100).to_bytes(4, "little")
    assert content.count(size) == 2  # the local header and the directory
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        unzip(bytes(content).replace(size, lie), tmp_path, SMALL)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*")) <= 100


@given(st.dictionaries(st.text("abc", min_size=1, max_size=5), st.binary(max_size=400), max_size=20))
def test_what_people_pack_is_unpacked(files: dict[str, bytes]) -> None:
    unpacking = Unpacking(len(zipped(files)), SMALL)
    for name, content in files.items():
        unpacking.add(name, len(content))


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=3))
def test_gzip_is_read_in_pieces_member_by_member(members: list[bytes]) -> None:
    packed = b"".join(gzip.compress(member, mtime=0) for member in members)
    assert b"".join(gunzip(packed, SMALL)) == b"".join(members)


def test_a_gzip_of_zeros_is_given_up_after_the_limit() -> None:
    taken = 0
    with pytest.raises(ArchiveLimitError):
        for piece in gunzip(gzip.compress(bytes(10_000_000), mtime=0), ArchiveLimits(bytes=2_000_000)):
            taken += len(piece)
    assert taken <= 2_000_000


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_a_gzip_that_is_cut_off_is_no_shorter_text(cut: int) -> None:
    with pytest.raises((EOFError, zlib.error)):
        list(gunzip(gzip.compress(b"a,b\n" * 50, mtime=0)[:-cut]))


def test_a_sparse_file_of_a_tar_counts_as_large_as_it_says() -> None:
    entry = tarfile.TarInfo("weights")
    entry.size = 10**12
    with pytest.raises(ArchiveLimitError):
        Unpacking(1000).add(entry.name, entry.size)
