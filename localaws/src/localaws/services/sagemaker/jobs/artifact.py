"""Unpacks a model artifact: only files, folders and links that stay inside and within limits, whatever it says.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html#your-algorithms-inference-code-load-artifacts
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from localaws.core.archive_limits import LIMITS, ArchiveLimitError, ArchiveLimits, Unpacking


class UnsafeArtifactError(ValueError):
    """The archive cannot be read, unpacks to too much, or a member would reach outside the folder; the message names
    it."""


def unpack(content: bytes, folder: Path, limits: ArchiveLimits = LIMITS) -> None:
    """Unpack a tar archive, gzipped or not, into ``folder``. Nothing is written where any member is refused."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            members = _listed(archive, Unpacking(len(content), limits))
            _refuse_writes_through_links(members)
            # An attribute instead of an argument: Python before 3.11.4 has no such argument.
            archive.extraction_filter = _as_checked
            for member in members:
                # Owners and set-id bits of another machine mean nothing here.
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                member.mode = (member.mode & 0o755) | (0o700 if member.isdir() else 0o600)
                archive.extract(member, folder, set_attrs=not member.issym())
    except ArchiveLimitError as error:
        raise UnsafeArtifactError(str(error)) from error
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, UnsafeArtifactError):
            raise
        raise UnsafeArtifactError(f"it is not a readable tar.gz archive ({type(error).__name__}: {error})") from error


def _listed(archive: tarfile.TarFile, unpacking: Unpacking) -> list[tarfile.TarInfo]:
    """Every member; refused at the first that is one too much, before the bytes of it are unpacked."""
    members = []
    for member in archive:
        unpacking.add(member.name, member.size)
        _refuse_unsafe(member)
        members.append(member)
    return members


def _as_checked(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """The members were checked above, more strictly than by any filter of ``tarfile``."""
    return member


def _refuse_unsafe(member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise UnsafeArtifactError(f"its member {member.name} lies outside of the model folder")
    if member.issym() or member.islnk():
        _refuse_unsafe_link(member, name)
    elif not (member.isfile() or member.isdir()):
        raise UnsafeArtifactError(f"its member {member.name} is a device or a pipe, not a file")


def _refuse_unsafe_link(member: tarfile.TarInfo, name: PurePosixPath) -> None:
    target = PurePosixPath(member.linkname)
    if target.is_absolute():
        raise UnsafeArtifactError(f"its link {member.name} points to the absolute path {target}")
    depth = len(name.parent.parts) if member.issym() else 0
    for part in target.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise UnsafeArtifactError(f"its link {member.name} points outside of the model folder, to {target}")


def _refuse_writes_through_links(members: list[tarfile.TarInfo]) -> None:
    """A chain of links can lead out although each stays inside; so nothing may lie below a link, or be named twice."""
    links = {PurePosixPath(member.name) for member in members if member.issym()}
    for member in members:
        name = PurePosixPath(member.name)
        below = next((parent for parent in name.parents if parent in links), None)
        target_parts = PurePosixPath(member.linkname).parts if member.issym() else ()
        if below is not None or (name in links and not member.issym()):
            raise UnsafeArtifactError(f"its member {member.name} would be written through a link")
        if member.issym() and ".." in target_parts[1:] and _after_name(target_parts):
            raise UnsafeArtifactError(f"its link {member.name} points through other folders, to {member.linkname}")


def _after_name(parts: tuple[str, ...]) -> bool:
    """Whether ``..`` stands after a name: what it means depends on whether that name is a link itself."""
    named = False
    for part in parts:
        if part == ".." and named:
            return True
        named = named or part != ".."
    return False
