"""A push to a repository of a connection, told to CodePipeline: an event of localaws' own, never EventBridge's.

source       localaws.connections
detail-type  Connection Repository Push
detail       {"connectionArn", "fullRepositoryId", "commitId"}, of a branch {"branchName", "oldCommitId" where it had
             one}, of a tag {"tagName"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.arn import Arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

PUSH_SOURCE = "localaws.connections"
PUSH_DETAIL_TYPE = "Connection Repository Push"


def announce_push(cloud: Cloud, connection_arn: str, repository: str, reference: dict[str, str]) -> None:
    """A branch or a tag of ``repository`` (``owner/name``) is at another commit now: the rest of the detail."""
    detail = {"connectionArn": connection_arn, "fullRepositoryId": repository, **reference}
    place = Arn.parse(connection_arn)
    cloud.emit(place.account, place.region, PUSH_SOURCE, PUSH_DETAIL_TYPE, detail, [connection_arn])
