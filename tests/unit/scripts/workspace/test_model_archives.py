"""model.tar.gz: equal bytes for equal content, and no bytes that end in a traceback."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.errors import ModelPackageError
from scripts.workspace.model_archives import read_archive, read_code, write_archive

FILES = {"model.joblib": b"model", "code/inference.py": b"def model_fn(d): ..."}


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    first = write_archive(tmp_path / "a/model.tar.gz", FILES)
    os.utime(tmp_path / "a/model.tar.gz", (0, 0))
    assert write_archive(tmp_path / "b/model.tar.gz", dict(reversed(FILES.items()))) == first
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["model.tar.gz"] * 2


def test_an_archive_is_read_with_its_code(tmp_path: Path) -> None:
    write_archive(tmp_path / "model.tar.gz", FILES)
    archive = read_archive(tmp_path / "model.tar.gz")
    assert archive.paths == sorted(FILES)
    assert archive.code == {"inference.py": FILES["code/inference.py"]}
    assert [each.name for each in archive.models] == ["model.joblib"]


def test_code_is_added_to_an_archive(tmp_path: Path) -> None:
    write_archive(tmp_path / "base.tar.gz", {"model.joblib": b"model"})
    write_archive(
        tmp_path / "model.tar.gz", {"code/inference.py": FILES["code/inference.py"]}, tmp_path / "base.tar.gz"
    )
    assert sorted(read_archive(tmp_path / "model.tar.gz").paths) == sorted(FILES)


def test_of_a_folder_of_code_what_python_and_editors_leave_stays_behind(tmp_path: Path) -> None:
    for name in ("inference.py", "lib/features.py", "__pycache__/inference.pyc", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert sorted(read_code(tmp_path)) == ["code/inference.py", "code/lib/features.py"]


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


WHOLE = gzip.compress(tarred(), mtime=0)


def changed(content: bytes) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda start, put, length: content[:start] + put + content[start + length :],
        st.integers(0, len(content)),
        st.binary(max_size=12),
        st.integers(0, 600),
    )


@given(st.one_of(st.binary(max_size=200), changed(WHOLE), changed(tarred()).map(gzip.compress)))
@example(b"")
@example(WHOLE[:-4])
@example(gzip.compress(b"\x00" * 100))
def test_no_bytes_end_in_a_traceback(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tar.gz")
        path.write_bytes(content)
        try:
            read_archive(path)
        except ModelPackageError as error:
            assert error.found
            assert error.next_command


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(WHOLE[:-6] + b"\x00\x00" + WHOLE[-4:])
    with pytest.raises(ModelPackageError, match="is not a gzipped tar file"):
        read_archive(tmp_path / "model.tar.gz")
