"""What builds of one project keep for each other: the folders under the buildspec's ``cache: paths``.

A LOCAL cache is moved into a build and moved back when it ends, so it costs no copy; two builds at the same time do
not share it. An S3 cache is one archive. On AWS a local cache lives as long as the host; here it stays until
InvalidateProjectCache.
https://docs.aws.amazon.com/codebuild/latest/userguide/build-caching.html
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import tarfile
import uuid
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.arn import without_arn
from localaws.services.codebuild.failures import PhaseError


def cached_paths(patterns: tuple[str, ...], source: Path, home: Path) -> tuple[list[Path], list[str]]:
    """The folders and files that the patterns mean, and the patterns that lie outside of what a build may keep.

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
    """Folders of one project below ``store``, moved in and out."""

    def __init__(self, store: Path) -> None:
        self._store = store

    def restore(self, paths: list[Path], root: Path) -> list[Path]:
        """Move what is kept to where the build expects it; the paths that were found."""
        found = []
        for path in paths:
            kept = self._kept(path, root)
            if (kept / "content").exists() and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                try:
                    (kept / "content").rename(path)
                except FileNotFoundError:  # another build of the project took it first
                    continue
                found.append(path)
        return found

    def save(self, paths: list[Path], root: Path) -> None:
        for path in paths:
            if not path.exists():
                continue
            kept = self._kept(path, root)
            # Away at once, and deleted there: a build that begins now must not find half of it.
            former = kept.with_name(f"{kept.name}-{uuid.uuid4().hex}")
            with contextlib.suppress(FileNotFoundError):
                kept.rename(former)
            kept.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # another build of the project has just saved its own
                path.rename(kept / "content")
            shutil.rmtree(former, ignore_errors=True)

    def forget(self) -> None:
        shutil.rmtree(self._store, ignore_errors=True)

    def _kept(self, path: Path, root: Path) -> Path:
        return self._store / hashlib.sha256(str(path.relative_to(root)).encode()).hexdigest()[:16]


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
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            # An attribute instead of an argument: Python before 3.11.4 has neither.
            archive.extraction_filter = getattr(tarfile, "tar_filter", None)
            archive.extractall(root)  # noqa: S202 (written by ``save``)
        return [path for path in paths if path.exists()]

    def save(self, paths: list[Path], root: Path) -> None:
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w") as archive:
            for path in paths:
                if path.exists():
                    archive.add(path, str(path.relative_to(root)))
        try:
            self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=target.getvalue())
        except ClientError as error:
            raise PhaseError.of(f"cache s3://{self._bucket}/{self._key}", error) from error
