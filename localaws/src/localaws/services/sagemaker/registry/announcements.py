"""The event by which a model package's creation and every change of it become known.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.store import Document
from localaws.services.sagemaker.registry.names import PackageName

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

DETAIL_TYPE = "SageMaker Model Package State Change"
_KEPT_BACK = ("ModelCard", "CreatedBy", "LastModifiedBy")


def announce_package(cloud: Cloud, name: PackageName, package: Document) -> None:
    detail = {key: _plain(value) for key, value in package.items() if key not in _KEPT_BACK}
    cloud.emit(name.account, name.region, "aws.sagemaker", DETAIL_TYPE, detail, [name.arn])


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
