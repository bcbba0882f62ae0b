"""What builds of one project keep for each other: the folders under the buildspec's ``cache: paths``.

A LOCAL cache lies on a build host, and a build finds a *symbolic link* to it in place of each folder, in its first
build too. A host has one build at a time, so two builds at the same time do not share a cache. An S3 cache is one
archive, unpacked into plain folders. On AWS a host lasts minutes; here its cache stays until InvalidateProjectCache.
https://docs.aws.amazon.com/codebuild/latest/userguide/caching-local.html
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.archive_limits import Unpacking
from localaws.core.arn import without_arn
from localaws.services.codebuild.failures import PhaseError


def cached_paths(patterns: tuple[str, ...], source: Path, home: Path) -> tuple[list[Path], list[str]]:
    """The folders that the patterns mean, and the patterns that lie outside of what a build may keep.

    ``.venv/**/*`` means the folder ``.venv``; ``/root/`` and ``~/`` are the build's home.
    """
    paths, outside = [], []
    for pattern in patterns:
        name = pattern.strip()
        for ending in ("/**/*", "/**", "/*"):
            name = name.removesuffix(ending)
        for start in ("/root", "~", "$HOME", "${HOME}"):
            if name == start or name.startswith(start + "/"):
                name = str(home) + name.removeprefix(start)
        path = Path(source / name)
        allowed = any(path != folder and path.is_relative_to(folder) for folder in (source, home))
        if allowed and "*" not in name and ".." not in path.parts:
            paths.append(path)
        else:
            outside.append(pattern)
    return paths, outside


class LocalCache:
    """Folders of one project below ``store``, one for each place of a build (a host) below ``places``."""

    def __init__(self, store: Path, places: Path) -> None:
        self._store, self._places = store, places

    def link(self, paths: list[Path], root: Path) -> list[tuple[Path, Path]]:
        """Link each path that the source does not bring itself to its folder; (path, folder) of those linked.

        AWS links before it downloads the source, whose items then replace the links: the outcome is this one.
        """
        host = self._store / root.name
        if self._forgotten(host).exists():
            shutil.rmtree(host, ignore_errors=True)
            self._forgotten(host).unlink()
        linked = []
        for path in paths:
            if path.exists() or path.is_symlink() or not _is_within(path, root):
                continue
            name = hashlib.sha256(str(path.relative_to(root)).encode()).hexdigest()
            folder = host / name / path.name
            folder.mkdir(parents=True, exist_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(folder, target_is_directory=True)
            linked.append((path, folder))
        return linked

    def forget(self) -> None:
        """The next builds begin with empty folders; a build that runs keeps its own to the end."""
        hosts = [each for each in self._store.iterdir() if each.is_dir()] if self._store.exists() else []
        for host in hosts:
            if (self._places / host.name).exists():
                self._forgotten(host).touch()
            else:
                shutil.rmtree(host, ignore_errors=True)

    @staticmethod
    def _forgotten(host: Path) -> Path:
        return host.with_name(f"{host.name}.forgotten")


class S3Cache:
    """One archive of all paths, at ``location`` (bucket/prefix) of the project's cache."""

    def __init__(self, s3: Any, location: str, name: str) -> None:
        self._s3 = s3
        self._bucket, _, prefix = without_arn(location).partition("/")
        self._key = "/".join(filter(None, [prefix.strip("/"), name, "cache.tar"]))

    def restore(self, paths: list[Path], root: Path) -> list[Path]:
        try:
            content = self._s3.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return []
            raise PhaseError.of(f"cache s3://{self._bucket}/{self._key}", error) from error
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                unpacking = Unpacking(len(content))
                wanted = [f"{path.relative_to(root)}/" for path in paths]
                members = []
                for member in archive:
                    unpacking.add(member.name, member.size)
                    if f"{member.name}/".startswith(tuple(wanted)):
                        members.append(member)
                # An attribute instead of an argument: Python before 3.11.4 has neither.
                archive.extraction_filter = getattr(tarfile, "tar_filter", None)
                archive.extractall(root, members)  # noqa: S202 (the cached folders alone, judged above)
        except (tarfile.TarError, EOFError, ValueError, zlib.error) as error:
            # Anybody who may write to the bucket can have put it there.
            raise PhaseError(
                "CLIENT_ERROR", f"the cache s3://{self._bucket}/{self._key} cannot be unpacked: {error}"
            ) from error
        return [path for path in paths if path.exists()]

    def save(self, paths: list[Path], root: Path) -> None:
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            for path in paths:
                if path.exists() and _is_within(path, root):
                    archive.add(path, str(path.relative_to(root)))
        try:
            self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=target.getvalue())
        except ClientError as error:
            raise PhaseError.of(f"cache s3://{self._bucket}/{self._key}", error) from error


def _is_within(path: Path, root: Path) -> bool:
    """Whether a path lies below ``root`` whatever links the build or its source have laid on the way to it."""
    return path.parent.resolve().is_relative_to(root.resolve())
