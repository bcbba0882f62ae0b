"""A place for SageMaker jobs: a bucket of the test's own and a role that SageMaker may assume."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.conftest import REGION
from tests.functional.localaws.job_site import JobSite, trust


@pytest.fixture(scope="session")
def kept_client(client: Callable[..., Any]) -> Callable[..., Any]:
    """``client``, but each is made once: making one costs tens of milliseconds."""
    return functools.cache(client)


@pytest.fixture
def site(kept_client: Callable[..., Any], unique: str) -> JobSite:
    kept_client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    role = kept_client("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
    return JobSite(kept_client, unique, role["Role"]["Arn"])
