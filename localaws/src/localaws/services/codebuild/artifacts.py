"""What a build leaves: files chosen by the buildspec's patterns, packed and put where the project or CodePipeline asks.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.artifacts
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.archives import zip_files
from localaws.core.partitions import partition_of
from localaws.services.codebuild.buildspec import Artifacts
from localaws.services.codebuild.failures import PhaseError

DEFAULT_KEY_ALIAS = ":alias/aws/s3"


@dataclass(frozen=True)
class Destination:
    """One object (``zipped``) or the prefix of several, in a bucket. ``key_id`` encrypts; "" leaves it to the
    bucket."""

    bucket: str
    key: str
    zipped: bool
    key_id: str = ""


def chosen_files(
    wanted: Artifacts, root: Path, shows: Callable[[Path], bool] = lambda _: True
) -> list[tuple[Path, str]]:
    """(file, its name in the artifact), each once. Raises PhaseError where a pattern of the base directory, or all
    patterns of files, match nothing. What ``shows`` denies was not there for the build, whatever links lead to it."""
    bases = [root]
    if wanted.base_directory:
        bases = [Path(path) for path in sorted(_matches(wanted.base_directory, root)) if Path(path).is_dir()]
        if not bases:
            raise PhaseError("CLIENT_ERROR", f"no matching base directory path found for {wanted.base_directory}")
    found: dict[str, Path] = {}
    for base in bases:
        excluded = {path for pattern in wanted.exclude_paths for path in _matches(pattern, base)}
        for pattern in wanted.files:
            for path in _matches(pattern, base):
                if path not in excluded and Path(path).is_file() and shows(Path(path)):
                    found.setdefault(_name(Path(path), base, wanted.discard_paths), Path(path))
    if not found:
        raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
    return [(path, name) for name, path in found.items()]


def upload(s3: Any, files: list[tuple[Path, str]], destination: Destination, symlinks: bool = False) -> dict[str, Any]:
    """Put the files there; the ``artifacts`` member of the build: location and, of one object, its digests."""
    location = f"arn:{partition_of(s3.meta.region_name)}:s3:::{destination.bucket}/{destination.key}".rstrip("/")
    encryption = {}
    if destination.key_id:
        encryption = {"ServerSideEncryption": "aws:kms"}
        if not destination.key_id.endswith(DEFAULT_KEY_ALIAS):
            encryption["SSEKMSKeyId"] = destination.key_id
    try:
        if not destination.zipped:
            for path, name in files:
                key = f"{destination.key}/{name}".strip("/")
                with path.open("rb") as file:
                    s3.put_object(Bucket=destination.bucket, Key=key, Body=file, **encryption)
            return {"location": location}
        content = zip_files(files, symlinks)
        s3.put_object(Bucket=destination.bucket, Key=destination.key, Body=content, **encryption)
    except ClientError as error:
        raise PhaseError.of(f"upload to s3://{destination.bucket}/{destination.key}", error) from error
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"location": location, "sha256sum": hashlib.sha256(content).hexdigest(), "md5sum": md5}


def s3_destination(artifacts: dict[str, Any], build: dict[str, Any], name_in_buildspec: str) -> Destination:
    """Where a project of artifact type S3 puts an artifact: ``path/namespace/name``."""
    name = artifacts.get("name") or build["projectName"]
    if artifacts.get("overrideArtifactName") and name_in_buildspec:
        name = name_in_buildspec
    zipped = artifacts.get("packaging") == "ZIP"
    namespace = build["id"].rpartition(":")[2] if artifacts.get("namespaceType") == "BUILD_ID" else ""
    parts = [artifacts.get("path", "").strip("/"), namespace, name.strip("/").removeprefix("./").strip(".")]
    if name.strip("/") not in ("", "."):
        parts[-1] = name.strip("/")
    key_id = "" if artifacts.get("encryptionDisabled") else build["encryptionKey"]
    return Destination(artifacts["location"], "/".join(filter(None, parts)), zipped, key_id)


def _matches(pattern: str, base: Path) -> list[str]:
    """Absolute paths that a pattern matches; ``**`` crosses folders and hidden names count, as on CodeBuild."""
    anchored = pattern if pattern.startswith("/") else str(Path(glob.escape(str(base))) / pattern.removeprefix("./"))
    return sorted(glob.glob(anchored, recursive=True, include_hidden=True))  # noqa: PTH207 (pathlib hides no names)


def _name(path: Path, base: Path, discard_paths: bool) -> str:
    if discard_paths:
        return path.name
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    return str(path.resolve()).lstrip("/")
