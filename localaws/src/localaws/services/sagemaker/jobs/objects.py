"""Objects in S3 as jobs read and write them, always as the job's role: prefixes, manifests, shards, folders.

A listing that finds nothing is a failure of the job, in SageMaker's own words; a read that fails is never nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from localaws.core.body import CHUNK
from localaws.core.caller import Caller
from localaws.services.sagemaker.jobs.outcome import JobFailedError


@dataclass(frozen=True)
class S3Location:
    """A bucket and a key, or the beginning of one."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> S3Location:
        """From ``s3://bucket/key``. ValueError for any other address."""
        parts = urlsplit(uri, allow_fragments=False)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"{uri} is not an S3 URI (s3://bucket/key)")
        rest = uri.removeprefix("s3://").partition("/")[2]
        return cls(parts.netloc, rest)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def below(self, relative: str) -> S3Location:
        """``relative`` under this folder."""
        return S3Location(self.bucket, f"{self.key.rstrip('/')}/{relative}".lstrip("/"))


@dataclass(frozen=True)
class S3Object:
    """One object of a data source, and its name relative to the prefix or the manifest that found it."""

    location: S3Location
    relative: str


class JobObjects:
    """S3 for one job. ``client`` acts as the job's role, ``caller`` says which, for messages."""

    def __init__(self, client: Any, caller: Caller) -> None:
        self._client = client
        self._caller = caller

    def find(self, uri: str, data_type: str) -> list[S3Object]:
        """The objects of an S3Prefix or a ManifestFile, in the order of their keys or of the manifest."""
        try:
            location = S3Location.parse(uri)
            found = self._manifest(location) if data_type == "ManifestFile" else list(self._below(location))
        except ClientError as error:
            raise self._nothing(uri, str(error)) from error
        except ValueError as error:
            raise JobFailedError(f"ClientError: {error}") from error
        if not found:
            raise self._nothing(uri, "no object was listed.")
        return found

    def read(self, location: S3Location) -> bytes:
        """The object's bytes; JobFailedError with S3's reason."""
        return self._content(location).read()

    def _content(self, location: S3Location) -> Any:
        try:
            return self._client.get_object(Bucket=location.bucket, Key=location.key)["Body"]
        except ClientError as error:
            raise JobFailedError(f"ClientError: Data download failed: {location} cannot be read: {error}") from error

    def write(self, location: S3Location, content: bytes | BinaryIO, kms_key: str | None) -> None:
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        try:
            self._client.put_object(Bucket=location.bucket, Key=location.key, Body=content, **encryption)
        except ClientError as error:
            raise JobFailedError(f"ClientError: Data upload failed: {location} cannot be written: {error}") from error

    def download(self, objects: list[S3Object], folder: Path) -> None:
        """Write each object below ``folder`` by its relative name."""
        for item in objects:
            target = folder / item.relative
            if not target.resolve().is_relative_to(folder.resolve()):
                raise JobFailedError(f"ClientError: The key {item.location} would be written outside its folder.")
            content = self._content(item.location)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    shutil.copyfileobj(content, file, CHUNK)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise JobFailedError(
                    f"ClientError: {item.location} cannot become a file beside the other objects: one of them is both "
                    "an object and a folder of others."
                ) from error

    def _below(self, prefix: S3Location) -> Iterator[S3Object]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
        for page in pages:
            for item in page.get("Contents", ()):
                if not item["Key"].endswith("/"):  # a folder made in the console is an empty object
                    yield S3Object(S3Location(prefix.bucket, item["Key"]), relative_key(item["Key"], prefix.key))

    def _manifest(self, location: S3Location) -> list[S3Object]:
        content = self.read(location)
        try:
            head, *names = json.loads(content)
            prefix = S3Location.parse(head["prefix"])
            if not all(isinstance(name, str) for name in names):
                raise TypeError
        except (ValueError, TypeError, KeyError) as error:
            raise JobFailedError(
                f"ClientError: {location} is not a manifest file. It must be a JSON array of "
                '{"prefix": "s3://bucket/folder/"} and the keys below it.'
            ) from error
        return [S3Object(S3Location(prefix.bucket, prefix.key + name), name) for name in names]

    def _nothing(self, uri: str, answer: str) -> JobFailedError:
        bucket = uri.removeprefix("s3://").partition("/")[0]
        return JobFailedError(
            f'ClientError: No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
            f"the bucket exists in the selected region ({self._caller.region}), that objects exist under that S3 "
            f'prefix, and that the role "{self._caller.arn}" has "s3:ListBucket" permissions on bucket "{bucket}". '
            f'Error message from S3: "{answer}"'
        )


def relative_key(key: str, prefix: str) -> str:
    """The name of an object below a prefix: ``in/a/b.csv`` is ``a/b.csv`` below ``in`` and below ``in/``.

    An object named outright is its last part, and a prefix that ends within a name counts from the folder it is in.
    """
    if key == prefix:
        return key.rpartition("/")[2]
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    if key.startswith(folder):
        return key.removeprefix(folder)
    return key[prefix.rfind("/") + 1 :]


def shard(objects: list[S3Object], host: int, hosts: int) -> list[S3Object]:
    """The share of one of several hosts (ShardedByS3Key)."""
    return sorted(objects, key=lambda item: item.location.key)[host::hosts]
