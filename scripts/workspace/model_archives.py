"""Reads and writes model.tar.gz on this machine: what is in it, and equal bytes for equal content.

Nothing is unpacked into the file system and nothing of a model is loaded or run. Whatever is no such archive raises
ModelPackageError, whichever bytes it has.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from scripts.decisions.model_archive_rules import CODE, REQUIREMENTS, Member, ModelArchive, normal
from scripts.decisions.model_formats import ModelFile, model_file
from scripts.errors import ModelPackageError

LARGEST_MODEL_READ = 512 * 1024**2  # a larger one is uploaded without looking at its library's version
LARGEST_TEXT = 8 * 1024**2
_CHUNK = 1024**2
_MODE = 0o644


def read_archive(path: Path) -> ModelArchive:
    """What a model.tar.gz holds. Raises ModelPackageError for a file that is none, OSError where it cannot be read."""
    with path.open("rb") as file:
        _require_gzip(path, file.read(512))
    members, texts, models = [], {}, []
    with _told(path), gzip.open(path) as stream:
        for entry, content in _entries(stream):
            members.append(_member(entry))
            name = normal(entry.name)
            if content is None:
                continue
            if name.startswith(CODE) or name == REQUIREMENTS:
                if entry.size <= LARGEST_TEXT:
                    texts[name] = content.read()
            elif "/" not in name and not name.startswith("."):
                models.append(_model(name, content, entry.size))
        while stream.read(_CHUNK):  # to its end, where gzip's checksum is
            pass
    return ModelArchive(tuple(members), texts, tuple(models))


def read_model_file(path: Path) -> tuple[ModelFile, bytes]:
    """A bare model file: its kind and its bytes."""
    content = path.read_bytes()
    return model_file(path.name, content), content


def is_archive(path: Path) -> bool:
    """By its name: a gzipped file of another one may be joblib's."""
    return path.name.endswith((".tar.gz", ".tgz", ".tar"))


def read_code(path: Path) -> dict[str, bytes]:
    """The files of CODE by their paths in the archive: one file is code/inference.py, a folder's are below code/."""
    if not path.is_dir():
        return {f"{CODE}inference.py": path.read_bytes()}
    files = {
        f"{CODE}{each.relative_to(path).as_posix()}": each.read_bytes()
        for each in sorted(path.rglob("*"))
        if each.is_file() and _travels(each.relative_to(path))
    }
    if not files:
        raise ModelPackageError(f"the folder {path} holds no file", next_command=f"ls {path}")
    return files


def write_archive(target: Path, files: Mapping[str, bytes], base: Path | None = None) -> str:
    """Write model.tar.gz of ``files`` and those of the archive ``base``; its sha256. It appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}")
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        if base is not None:
            _copy(base, tar)
        for name, text in sorted(files.items()):
            _add(tar, name, len(text), io.BytesIO(text))
    unfinished.replace(target)
    return file_sha256(target)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(base: Path, tar: tarfile.TarFile) -> None:
    with _told(base), gzip.open(base) as stream:
        for entry, content in _entries(stream):
            if content is not None:
                _add(tar, normal(entry.name), entry.size, content)


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    """Without times, owners, or anything else that differs from one machine to the next."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, _MODE
    tar.addfile(entry, content)


def _entries(stream: Any) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for entry in tar:
            yield entry, tar.extractfile(entry) if entry.isreg() else None


def _member(entry: tarfile.TarInfo) -> Member:
    if entry.isreg():
        return Member(entry.name, "file")
    if entry.isdir():
        return Member(entry.name, "folder")
    if entry.issym() or entry.islnk():
        # A hard link's target counts from the archive's top, a symbolic one's from where it lies.
        up = "../" * (len(PurePosixPath(normal(entry.name)).parts) - 1) if entry.islnk() else ""
        return Member(entry.name, "link", entry.linkname if entry.linkname.startswith("/") else up + entry.linkname)
    return Member(entry.name, "other")


def _model(name: str, content: IO[bytes], size: int) -> ModelFile:
    if size > LARGEST_MODEL_READ:
        return ModelFile(name, "unread", reason=f"{size:,} bytes, more than is looked at")
    return model_file(name, content.read())


def _travels(path: Path) -> bool:
    return path.suffix != ".pyc" and not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _require_gzip(path: Path, beginning: bytes) -> None:
    if beginning[:2] == b"\x1f\x8b":
        return
    what = "its first bytes are not gzip's"
    if not beginning:
        what = "it is empty"
    elif beginning[257:262] == b"ustar":
        what = "it is a tar file that is not compressed: tar -czf model.tar.gz ..."
    elif beginning[:4] == b"PK\x03\x04":
        what = "it is a zip file"
    raise _no_archive(path, what)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except ModelPackageError:
        raise
    except Exception as error:  # any byte string may come: what gzip and tarfile raise for nonsense is of every kind
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise _no_archive(path, f"{type(error).__name__}: {error}"[:200]) from error


def _no_archive(path: Path, what: str) -> ModelPackageError:
    return ModelPackageError(
        f"{path} is not a gzipped tar file, as SageMaker wants a model",
        found=[what],
        next_command="tar -C <folder with the model> -czf model.tar.gz .   # or give the model file as ARTIFACT",
    )
