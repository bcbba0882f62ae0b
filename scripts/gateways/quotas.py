"""Quotas of an account, by the names that Service Quotas gives them."""

from __future__ import annotations

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_NOT_OFFERED = {"NoSuchResourceException", "NotImplemented", "UnknownOperationException", "InvalidAction"}


def job_quotas(account: Account) -> dict[str, float] | None:
    """SageMaker's: quota name -> value; None where Service Quotas knows no SageMaker here."""
    return _quotas(account, "sagemaker")


def build_quotas(account: Account) -> dict[str, float] | None:
    """CodeBuild's: quota name -> value; None where Service Quotas knows no CodeBuild here."""
    return _quotas(account, "codebuild")


def _quotas(account: Account, service: str) -> dict[str, float] | None:
    with told_as_deployment_errors(account.actor):
        try:
            paginator = account.client("service-quotas").get_paginator("list_service_quotas")
            pages = paginator.paginate(ServiceCode=service)
            return {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
        except ClientError as error:
            if error_code(error) in _NOT_OFFERED:
                return None
            raise
