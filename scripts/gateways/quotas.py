"""SageMaker's quotas of an account, by the names that Service Quotas gives them."""

from __future__ import annotations

from collections.abc import Collection

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_NOT_OFFERED = {"NoSuchResourceException", "NotImplemented", "UnknownOperationException", "InvalidAction"}


def job_quotas(account: Account, names: Collection[str]) -> dict[str, float] | None:
    """Quota name -> value, of those of ``names`` that there are; None where Service Quotas knows no SageMaker here.

    SageMaker has some 1,500 quotas, a hundred to a page: no page is read after the last one wanted.
    """
    found: dict[str, float] = {}
    with told_as_deployment_errors(account.actor):
        try:
            pages = (
                account.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
            )
            for page in pages:
                found |= {each["QuotaName"]: each["Value"] for each in page["Quotas"] if each["QuotaName"] in names}
                if len(found) == len(names):
                    break
        except ClientError as error:
            if error_code(error) in _NOT_OFFERED:
                return None
            raise
    return found
