"""The event by which each change of a job's status becomes known.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document


def announce_job(cloud: Cloud, word: str, arn: str, job: Document, tags: list[dict[str, str]]) -> None:
    """``word``: Processing or Transform. Times are in milliseconds, tags a map."""
    detail: dict[str, Any] = {
        name: int(value.timestamp() * 1000) if isinstance(value, datetime) else value for name, value in job.items()
    }
    detail["Tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    place = Arn.parse(arn)
    cloud.emit(place.account, place.region, "aws.sagemaker", f"SageMaker {word} Job State Change", detail, [arn])
