"""Quotas of an account, by the names that Service Quotas gives them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from botocore.exceptions import ClientError

from scripts.decisions.job_quotas import Quota
from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_NOT_OFFERED = {"NoSuchResourceException", "NotImplemented", "UnknownOperationException", "InvalidAction"}


def job_quotas(account: Account, names: Collection[str]) -> dict[str, Quota] | None:
    """Quota name -> quota, of those of ``names`` that there are; None where Service Quotas knows no SageMaker here.

    SageMaker has some 1,500 quotas, a hundred to a page: no page is read after the last one wanted.
    """
    found: dict[str, Quota] = {}
    with told_as_deployment_errors(account.actor):
        try:
            for page in _pages(account, "sagemaker"):
                found |= {name: quota for name, quota in page.items() if name in names}
                if len(found) == len(names):
                    break
        except ClientError as error:
            if error_code(error) in _NOT_OFFERED:
                return None
            raise
    return found


def build_quotas(account: Account) -> dict[str, float] | None:
    """CodeBuild's: quota name -> value; None where Service Quotas knows no CodeBuild here."""
    with told_as_deployment_errors(account.actor):
        try:
            return {name: quota.value for page in _pages(account, "codebuild") for name, quota in page.items()}
        except ClientError as error:
            if error_code(error) in _NOT_OFFERED:
                return None
            raise


def _pages(account: Account, service: str) -> Iterator[dict[str, Quota]]:
    for page in account.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode=service):
        yield {each["QuotaName"]: Quota(each["Value"], each["QuotaCode"]) for each in page["Quotas"]}
