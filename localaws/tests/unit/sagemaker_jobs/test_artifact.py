"""Model artifacts are unpacked inside their folder or not at all."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from localaws.core.archive_limits import ArchiveLimits
from localaws.services.sagemaker.jobs.artifact import UnsafeArtifactError, unpack


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def archive(*members: tarfile.TarInfo, content: bytes = b"x", mode: str = "w:gz") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as made:  # type: ignore[call-overload]
        for info in members:
            info.size = len(content) if info.isreg() else 0
            made.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return target.getvalue()


@pytest.mark.aws_rule(
    "A model archive is unpacked into /opt/ml/model, and nothing of it outside",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html#your-algorithms-inference-code-load-artifacts",
)
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([member("../evil")], "lies outside"),
        ([member("a/../../evil")], "lies outside"),
        ([member("/etc/evil")], "lies outside"),
        ([member("a", tarfile.SYMTYPE, "/etc")], "absolute"),
        ([member("a", tarfile.SYMTYPE, "../x")], "outside"),
        ([member("a", tarfile.LNKTYPE, "../x")], "outside"),
        ([member("a", tarfile.SYMTYPE, "."), member("a/b")], "through a link"),
        ([member("d", tarfile.SYMTYPE, "b"), member("d/e")], "through a link"),
        ([member("s/l", tarfile.SYMTYPE, ".."), member("k", tarfile.SYMTYPE, "s/l/../x")], "through other folders"),
        ([member("a", tarfile.CHRTYPE)], "device"),
        ([member("a", tarfile.FIFOTYPE)], "device or a pipe"),
    ],
)
def test_a_member_that_reaches_outside_is_refused_and_nothing_written(
    members: list[tarfile.TarInfo], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsafeArtifactError, match=said):
        unpack(archive(member("good"), *members), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_files_folders_and_inner_links_are_unpacked(tmp_path: Path, mode: str) -> None:
    made = archive(
        member("code", tarfile.DIRTYPE), member("./code/inference.py"), member("l", tarfile.SYMTYPE, "code"), mode=mode
    )
    unpack(made, tmp_path)
    assert (tmp_path / "code" / "inference.py").read_bytes() == b"x"
    assert (tmp_path / "l" / "inference.py").read_bytes() == b"x"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"not an archive", archive(member("a"), content=b"x" * 100_000)[:-40]):
        with pytest.raises(UnsafeArtifactError, match="not a readable"):
            unpack(content, tmp_path)


def test_files_can_be_read_whatever_their_modes_say(tmp_path: Path) -> None:
    secret = member("secret")
    secret.mode = 0o4000
    unpack(archive(secret), tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o7777 == 0o600


SMALL = ArchiveLimits(files=20, bytes=1_000_000, ratio=20, bytes_at_any_ratio=10_000, folders_deep=4)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (archive(member("a"), content=bytes(900_000)), "more than 20 times"),
        (archive(*(member(f"{n}") for n in range(30))), "more than 20 files"),
        (archive(member("a/" * 5 + "a")), "more than 4 folders deep"),
        (archive(member("a"), member("b"), content=bytes(600_000), mode="w"), "more than 1,000,000 bytes"),
        (archive(member("a"), content=bytes(900_000), mode="w:xz"), "more than 20 times"),
        (archive(member("a"), content=bytes(900_000), mode="w:bz2"), "more than 20 times"),
    ],
    ids=["ratio", "files", "folders", "bytes", "xz", "bzip2"],
)
def test_an_archive_that_unpacks_to_too_much_is_refused_and_nothing_written(
    made: bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UnsafeArtifactError, match=said):
        unpack(made, tmp_path, SMALL)
    assert list(tmp_path.iterdir()) == []
