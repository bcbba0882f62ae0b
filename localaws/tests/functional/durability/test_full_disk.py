"""A disk that takes no more: nothing is answered that is not kept, health says why, and room is all that is needed."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, REGION
from tests.functional.server_process import ServerProcess


class SmallDisk:
    """A server whose files cannot grow beyond a size: the limit stands for a full disk, and can be lifted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ServerProcess(folder, [DEV], REGION)

    def fill(self) -> None:
        size = max(path.stat().st_size for path in (self.folder / "state").glob("localaws.sqlite*"))
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def client(self, service: str) -> Any:
        return self.server.client(service, DEV)

    def health(self) -> dict[str, Any]:
        return dict(self.server.page("/_localaws/health"))

    def again(self) -> None:
        self.server.kill()
        self.server = ServerProcess(self.folder, [DEV], REGION)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path)
    yield disk
    disk.server.stop()


def test_both_halves_refuse_what_cannot_be_kept_and_go_on_when_there_is_room(disk: SmallDisk) -> None:
    s3, sagemaker = disk.client("s3"), disk.client("sagemaker")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bucket", Key="before", Body=b"kept")
    disk.fill()
    told: list[str] = []
    with pytest.raises(ClientError, match="could not write its state"):
        for number in range(50):
            sagemaker.create_model_package_group(
                ModelPackageGroupName=f"group-{number}", ModelPackageGroupDescription="x" * 1000
            )
            s3.put_object(Bucket="bucket", Key=f"{number}", Body=b"x" * 100_000)
            told.append(f"{number}")
    with pytest.raises(ClientError, match="could not write its state"):
        s3.get_object(Bucket="bucket", Key="before")
    assert disk.health()["unusable"]
    assert not list((disk.folder / "state").rglob("*.partial"))
    disk.make_room()
    s3.put_object(Bucket="bucket", Key="after", Body=b"kept")
    sagemaker.create_model_package_group(ModelPackageGroupName="after")
    assert disk.health()["unusable"] is None
    disk.again()
    keys = [each["Key"] for each in disk.client("s3").list_objects_v2(Bucket="bucket")["Contents"]]
    assert {"before", "after", *told} <= set(keys)
    assert disk.client("sagemaker").describe_model_package_group(ModelPackageGroupName="after")


def test_what_was_refused_is_not_there_after_a_kill_and_what_was_told_is(disk: SmallDisk) -> None:
    ssm = disk.client("ssm")
    disk.fill()
    told = []
    with pytest.raises(ClientError, match="could not write its state"):
        for number in range(500):
            ssm.put_parameter(Name=f"/{number}", Value="x" * 1000, Type="String")
            told.append(f"/{number}")
    disk.again()
    pages = disk.client("ssm").get_paginator("describe_parameters").paginate()
    assert sorted(each["Name"] for page in pages for each in page["Parameters"]) == sorted(told)


def test_without_any_request_it_works_again_once_there_is_room(disk: SmallDisk) -> None:
    ssm = disk.client("ssm")
    disk.fill()
    with pytest.raises(ClientError, match="could not write its state"):
        for number in range(500):
            ssm.put_parameter(Name=f"/{number}", Value="x" * 1000, Type="String")
    disk.make_room()
    deadline = time.monotonic() + 30
    while disk.health()["unusable"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert ssm.put_parameter(Name="/after", Value="x", Type="String")
