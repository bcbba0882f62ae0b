"""Where a build's files come from: an S3 object or prefix, CodePipeline's artifacts, a CodeCommit repository, nothing.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectSource.html
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.archives import unzip
from localaws.core.arn import without_arn
from localaws.core.body import CHUNK
from localaws.core.caller import Caller
from localaws.services.codebuild.failures import PhaseError
from localaws.services.codecommit.repositories import aws_address, repository_path

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

SUPPORTED = ("CODEPIPELINE", "NO_SOURCE", "S3", "CODECOMMIT")


@dataclass(frozen=True)
class Download:
    """Fetches sources as the project's service role. ``codepipeline`` is the action's artifacts, if it has started
    the build."""

    cloud: Cloud
    role: Caller
    codepipeline: dict[str, Any] | None = None

    def fetch(self, source: dict[str, Any], version: str, directory: Path) -> str:
        """Put the source's files into ``directory`` and return the version that was fetched. Raises PhaseError."""
        directory.mkdir(parents=True, exist_ok=True)
        kind = source["type"]
        if kind == "S3":
            return self._s3(source["location"], version, directory)
        if kind == "CODECOMMIT":
            return self._codecommit(source, version, directory)
        return version

    def fetch_artifact(self, artifact: dict[str, Any], directory: Path) -> str:
        """Unpack one of CodePipeline's input artifacts."""
        self._object(artifact["bucket"], artifact["key"], artifact.get("version", ""), directory)
        return str(artifact.get("revision", ""))

    def read_object(self, arn: str) -> bytes:
        """The object behind an S3 ARN, for a buildspec that is kept in S3."""
        bucket, _, key = arn.split(":::", 1)[-1].partition("/")
        try:
            return bytes(self._client().get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            raise PhaseError.of(f"the buildspec {arn}", error) from error

    def _client(self) -> Any:
        return self.cloud.client("s3", self.role)

    def _s3(self, location: str, version: str, directory: Path) -> str:
        bucket, _, key = without_arn(location).partition("/")
        if key.endswith("/") or not key:
            self._prefix(bucket, key, directory)
            return version
        return self._object(bucket, key, version, directory)

    def _object(self, bucket: str, key: str, version: str, directory: Path) -> str:
        request = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        try:
            answer = self._client().get_object(**request)
            content = answer["Body"].read()
        except ClientError as error:
            raise PhaseError.of(f"source s3://{bucket}/{key}", error) from error
        if not (content.startswith((b"PK\x03\x04", b"PK\x05\x06")) or key.endswith(".zip")):
            (directory / key.rpartition("/")[2]).write_bytes(content)
            return str(answer.get("VersionId", version))
        try:
            unzip(content, directory)
        except ValueError as error:
            raise PhaseError("CLIENT_ERROR", f"source s3://{bucket}/{key}: {error}") from error
        return str(answer.get("VersionId", version))

    def _prefix(self, bucket: str, prefix: str, directory: Path) -> None:
        client = self._client()
        try:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    name = item["Key"].removeprefix(prefix)
                    target = (directory / name).resolve()
                    if not name or name.endswith("/") or not target.is_relative_to(directory.resolve()):
                        continue
                    target.parent.mkdir(parents=True, exist_ok=True)
                    content = client.get_object(Bucket=bucket, Key=item["Key"])["Body"]
                    with target.open("wb") as file:
                        shutil.copyfileobj(content, file, CHUNK)
        except ClientError as error:
            raise PhaseError.of(f"source s3://{bucket}/{prefix}", error) from error

    def _codecommit(self, source: dict[str, Any], version: str, directory: Path) -> str:
        name = source["location"].rstrip("/").rpartition("/")[2]
        try:
            metadata = self.cloud.client("codecommit", self.role).get_repository(repositoryName=name)
        except ClientError as error:
            raise PhaseError.of(f"repository {name}", error) from error
        path = repository_path(self.cloud, self.role.account, self.role.region, name)
        wanted = version or metadata["repositoryMetadata"].get("defaultBranch", "")
        if not wanted:
            raise PhaseError("CLIENT_ERROR", f"the repository {name} is empty: it has no default branch")
        commit = clone(path, wanted.removeprefix("refs/heads/").removeprefix("refs/tags/"), directory)
        _git("-C", str(directory), "remote", "set-url", "origin", f"{aws_address(self.role)}{name}")
        return commit


def clone(repository: Path, version: str, directory: Path) -> str:
    """A work tree with history at a branch, tag or commit of a local repository; the commit's id."""
    _git("clone", "--quiet", "--no-hardlinks", "--no-checkout", str(repository), str(directory))
    for name in (f"refs/remotes/origin/{version}", version):
        found = _git("-C", str(directory), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
        if found:
            _git("-C", str(directory), "-c", "advice.detachedHead=false", "checkout", "--quiet", found)
            return found
    raise PhaseError("CLIENT_ERROR", f"reference not found for primary source and source version {version}")


def _git(*arguments: str, check: bool = True) -> str:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode and check:
        raise PhaseError("CLIENT_ERROR", f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip() if not done.returncode else ""
