"""What CodeCommit announces when branches and tags change, by a push or by the API.

https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

DETAIL_TYPE = "CodeCommit Repository State Change"


def changes(before: dict[str, str], after: dict[str, str]) -> list[dict[str, Any]]:
    """The event-specific members of the detail, one a changed reference, in the order of names. Pure."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        _, kind, short = name.split("/", 2)
        detail = {
            "event": "referenceUpdated" if old and new else "referenceCreated" if new else "referenceDeleted",
            "referenceType": "branch" if kind == "heads" else "tag",
            "referenceName": short,
            "referenceFullName": name,
        }
        if new:
            detail["commitId"] = new
        if old:
            detail["oldCommitId"] = old
        found.append(detail)
    return found


def announce_references(
    cloud: Cloud, record: Document, caller_arn: str, before: dict[str, str], after: dict[str, str]
) -> None:
    """Emit an event for every reference that differs."""
    region = Arn.parse(record["Arn"]).region
    common = {
        "callerUserArn": caller_arn,
        "repositoryId": record["repositoryId"],
        "repositoryName": record["repositoryName"],
    }
    for detail in changes(before, after):
        cloud.emit(record["accountId"], region, "aws.codecommit", DETAIL_TYPE, {**common, **detail}, [record["Arn"]])
