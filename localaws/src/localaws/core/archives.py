"""Zip archives as CodeBuild and CodePipeline exchange them: file modes kept, nothing unpacked outside its folder.

What comes from outside is unpacked within limits (``archive_limits.py``). Two archives of the same files are the same
bytes: entries are sorted and carry a fixed time.
"""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from localaws.core.archive_limits import LIMITS, ArchiveLimits, Unpacking

_TIME = (1980, 1, 1, 0, 0, 0)


def zip_files(files: Iterable[tuple[Path, str]], keep_symlinks: bool = False) -> bytes:
    """An archive of (file, name in the archive)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, name in sorted(files, key=lambda entry: entry[1]):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if keep_symlinks and path.is_symlink():
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(entry, str(path.readlink()))
            else:
                entry.external_attr = (stat.S_IFREG | (path.stat().st_mode & 0o777)) << 16
                archive.writestr(entry, path.read_bytes())
    return target.getvalue()


def zip_directory(directory: Path) -> bytes:
    """An archive of every file below ``directory``."""
    files = [path for path in directory.rglob("*") if path.is_file() or path.is_symlink()]
    return zip_files(((path, path.relative_to(directory).as_posix()) for path in files), keep_symlinks=True)


def opened_zip(content: bytes, limits: ArchiveLimits = LIMITS) -> zipfile.ZipFile:
    """The archive, to be read. ValueError where it is none or would unpack to more than the limits allow."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise ValueError("the object is not a zip archive") from error
    unpacking = Unpacking(len(content), limits)
    for entry in archive.infolist():
        # Reading an entry ends at the size that is declared here, whatever follows in the file.
        unpacking.add(entry.filename, entry.file_size)
    return archive


def unzip(content: bytes, directory: Path, limits: ArchiveLimits = LIMITS) -> None:
    """Unpack an archive with its file modes. ValueError where it is none, exceeds the limits, or an entry would leave
    ``directory``; nothing is written then, except what came before such an entry."""
    archive = opened_zip(content, limits)
    directory.mkdir(parents=True, exist_ok=True)
    root = directory.resolve()
    with archive:
        for entry in archive.infolist():
            target = (root / entry.filename).resolve()
            if not target.is_relative_to(root):
                raise ValueError(f"the archive's entry {entry.filename} is outside the archive")
            mode = entry.external_attr >> 16
            if entry.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif stat.S_ISLNK(mode):
                _link(root, root / entry.filename, archive.read(entry).decode())
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file)
                target.chmod((mode & 0o777) or 0o644)


def read_entry(content: bytes, name: str) -> bytes:
    """One file of an archive. KeyError where it holds none of that name, ValueError where it is no archive."""
    with opened_zip(content) as archive:
        return archive.read(name.removeprefix("./"))


def _link(root: Path, path: Path, target: str) -> None:
    if not (path.parent / target).resolve().is_relative_to(root):
        raise ValueError(f"the archive's link {path.name} points outside the archive")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def zip_bytes(files: dict[str, bytes]) -> bytes:
    """An archive of contents by name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return target.getvalue()
