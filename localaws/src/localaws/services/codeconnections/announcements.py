"""A push to a repository of a connection, told to CodePipeline: an event of localaws' own, never EventBridge's.

source       localaws.connections
detail-type  Connection Repository Push
detail       {"connectionArn", "fullRepositoryId", "branchName", "commitId"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.arn import Arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

PUSH_SOURCE = "localaws.connections"
PUSH_DETAIL_TYPE = "Connection Repository Push"


def announce_push(cloud: Cloud, connection_arn: str, repository: str, branch: str, commit: str) -> None:
    """``branch`` of ``repository`` (``owner/name``) is at ``commit`` now."""
    detail = {
        "connectionArn": connection_arn,
        "fullRepositoryId": repository,
        "branchName": branch,
        "commitId": commit,
    }
    place = Arn.parse(connection_arn)
    cloud.emit(place.account, place.region, PUSH_SOURCE, PUSH_DETAIL_TYPE, detail, [connection_arn])
