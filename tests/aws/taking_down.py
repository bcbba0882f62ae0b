"""Takes down all that a first day made, whatever of it is there, and says what remains.

As an administrator of each account, and by AWS's own calls: it must work after a failure of anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from boto3.session import Session
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tests.aws.day import Day
from tests.aws.tree import PIPELINE

DAYS_UNTIL_A_KEY_IS_GONE = 7
_OFTEN = {"Delay": 5, "MaxAttempts": 720}  # an hour; the waiter's own half a minute is long for an empty stack
_ABSENT = ("NoSuchBucket", "RepositoryDoesNotExistException", "ResourceNotFound", "NotFoundException")


def take_down(day: Day) -> list[str]:
    """What remains, one sentence each. Nothing is raised: the report has to be written."""
    remains: list[str] = []
    project, region, dev = day.tree.project, day.tree.first.region, day.tree.first.dev_account
    folder = PIPELINE.replace("_", "-")
    for stage in day.tree.stages:
        session = _session(day, stage, remains)
        if session:
            _stacks(session, [day.tree.stack(stage)], remains)
    session = _session(day, None, remains)
    if session:
        _stacks(session, [f"{project}-{folder}-codepipeline", f"{project}-toolchain"], remains)
        for bucket in (f"{project}-toolchain-{dev}-{region}", f"{project}-dev-{dev}-{region}"):
            _attempt(remains, f"bucket {bucket}", lambda bucket=bucket: _bucket(session, bucket))  # type: ignore[misc]
        _attempt(remains, f"repository {project}", lambda: _repository(session, project))
        _attempt(remains, f"model package group {day.tree.group}", lambda: _group(session, day.tree.group))
    for stage, settings in day.tree.stages.items():
        session = _session(day, stage, remains)
        if not session:
            continue
        _stacks(session, [f"{project}-roles-{stage}", f"{project}-foundation-{stage}"], remains)
        bucket = day.tree.bucket(stage)
        _attempt(remains, f"bucket {bucket}", lambda bucket=bucket, on=session: _bucket(on, bucket))  # type: ignore[misc]
        shared = settings.account == dev
        group = f"{day.tree.group}-{stage}" if shared else day.tree.group
        _attempt(remains, f"model package group {group}", lambda group=group, on=session: _group(on, group))  # type: ignore[misc]
        remains.append(f"{stage}: the log groups /aws/sagemaker/*Jobs, which the account has once, whoever ran jobs")
    return list(dict.fromkeys(remains))


def _session(day: Day, stage: str | None, remains: list[str]) -> Session | None:
    try:
        return day.session(stage)
    except (ClientError, BotoCoreError) as error:
        remains.append(f"all of {stage or 'dev'}: no session there ({error})")
        return None


def _attempt(remains: list[str], what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _ABSENT:
            return
        remains.append(f"{what}: {error}")


def _stacks(session: Session, names: list[str], remains: list[str]) -> None:
    """Deletes stacks one after the other, and gives their keys to KMS for deletion: a stack keeps its key."""
    cloudformation = session.client("cloudformation")
    for name in names:
        try:
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                remains.append(f"stack {name}: {error}")
            continue
        print(f"    deleting stack {name}", file=sys.stderr, flush=True)
        keys = [
            each["OutputValue"] for each in found.get("Outputs", []) if each["OutputKey"] in ("KeyArn", "KmsKeyArn")
        ]
        try:
            cloudformation.delete_stack(StackName=name)
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=found["StackId"], WaiterConfig=_OFTEN)
        except (ClientError, WaiterError) as error:
            remains.append(f"stack {name}: {error}")
            continue
        for key in keys:
            _attempt(remains, f"key {key}", lambda key=key: _key(session, key, remains))  # type: ignore[misc]


def _key(session: Session, arn: str, remains: list[str]) -> None:
    kms = session.client("kms")
    answer = kms.schedule_key_deletion(KeyId=arn.rsplit("/", 1)[-1], PendingWindowInDays=DAYS_UNTIL_A_KEY_IS_GONE)
    remains.append(
        f"key {arn} until {answer['DeletionDate']:%Y-%m-%d}, when KMS deletes it; it costs nothing until then"
    )


def _bucket(session: Session, name: str) -> None:
    """Every version of every object, then the bucket."""
    s3 = session.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        objects = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for kind in ("Versions", "DeleteMarkers")
            for each in page.get(kind, [])
        ]
        if objects:
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def _repository(session: Session, name: str) -> None:
    session.client("codecommit").delete_repository(repositoryName=name)


def _group(session: Session, name: str) -> None:
    sagemaker = session.client("sagemaker")
    if not any(name == each for each in _groups(sagemaker, name)):
        return
    pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=name)
    for arn in [each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]]:
        sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=name)


def _groups(sagemaker: Any, name: str) -> Iterator[str]:
    for page in sagemaker.get_paginator("list_model_package_groups").paginate(NameContains=name):
        yield from (each["ModelPackageGroupName"] for each in page["ModelPackageGroupSummaryList"])
