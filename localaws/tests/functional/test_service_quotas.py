"""Quotas of SageMaker's jobs: told as AWS tells them, kept by jobs, and increased by the request that AWS has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import PREPROD
from tests.functional.job_site import JobSite, cluster

Client = Callable[..., Any]
LARGE = "ml.m5.4xlarge for processing job usage"


def quotas(client: Client, operation: str = "list_service_quotas", **options: Any) -> dict[str, Any]:
    pages = client("service-quotas", **options).get_paginator(operation).paginate(ServiceCode="sagemaker")
    return {each["QuotaName"]: each for page in pages for each in page["Quotas"]}


def test_ordinary_types_have_a_quota_and_large_or_accelerated_ones_have_none(client: Client) -> None:
    told = quotas(client, account=PREPROD)
    assert told["ml.m5.large for transform job usage"]["Value"] == 20
    assert told["ml.m5.4xlarge for transform job usage"]["Value"] == 0
    assert told["ml.g5.xlarge for processing job usage"]["Value"] == 0
    assert told["Number of instances across all processing jobs"]["Value"] == 20
    assert len({each["QuotaCode"] for each in told.values()}) == len(told)
    assert quotas(client, "list_aws_default_service_quotas", account=PREPROD).keys() == told.keys()


@pytest.mark.aws_rule(
    "A job whose instance type has a quota of 0 is refused with ResourceLimitExceeded, in AWS's words",
    page="https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html",
)
def test_a_job_beyond_its_quota_is_refused_until_the_quota_is_increased(
    site: JobSite, client: Client, unique: str
) -> None:
    service = client("service-quotas")
    with pytest.raises(ClientError) as refused:
        site.start_processing(unique, "", ProcessingResources=cluster(1, "ml.m5.4xlarge"))
    assert refused.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    assert (
        f"The account-level service limit '{LARGE}' is 0 Instances, with current utilization of 0 Instances and a "
        "request delta of 1 Instances." in refused.value.response["Error"]["Message"]
    )
    code = quotas(client)[LARGE]["QuotaCode"]
    request = {"ServiceCode": "sagemaker", "QuotaCode": code, "DesiredValue": 1}
    granted = service.request_service_quota_increase(**request)["RequestedQuota"]
    assert (granted["Status"], granted["QuotaName"]) == ("APPROVED", LARGE)
    assert service.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]["Value"] == 1
    assert service.get_aws_default_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]["Value"] == 0
    told = service.get_requested_service_quota_change(RequestId=granted["Id"])["RequestedQuota"]
    assert told == granted
    assert granted in service.list_requested_service_quota_change_history(ServiceCode="sagemaker")["RequestedQuotas"]
    assert site.process(f"{unique}-2", "", ProcessingResources=cluster(1, "ml.m5.4xlarge"))["ProcessingJobStatus"]
    with pytest.raises(ClientError, match=r"is 1 Instances, .* a request delta of 2 Instances"):
        site.start_processing(f"{unique}-3", "", ProcessingResources=cluster(2, "ml.m5.4xlarge"))
    with pytest.raises(ClientError, match="greater than the current quota value"):
        service.request_service_quota_increase(**request)
    assert quotas(client, account=PREPROD)[LARGE]["Value"] == 0


def test_what_service_quotas_does_not_know_is_refused(client: Client) -> None:
    service = client("service-quotas")
    with pytest.raises(service.exceptions.NoSuchResourceException):
        service.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000")
    with pytest.raises(service.exceptions.NoSuchResourceException):
        service.list_service_quotas(ServiceCode="nothing")
    assert service.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
