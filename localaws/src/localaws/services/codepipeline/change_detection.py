"""What starts a CodePipeline by itself: pushes through a connection, and sources that it polls.

Rules of EventBridge start CodePipelines too; those are ordinary StartPipelineExecution calls.
https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.caller import Caller
from localaws.core.events import Event
from localaws.services.codepipeline.git_filters import push_matches
from localaws.services.codepipeline.records import PipelineKey, Records
from localaws.services.codepipeline.scheduler import Scheduler

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

_PUSH = "Connection Repository Push"
_REPOSITORY = "CodeCommit Repository State Change"
_POLL_EVERY = 2.0  # seconds; AWS polls about once a minute


class ChangeDetection:
    """Listens to events of sources; objects in S3 are polled, as on AWS."""

    def __init__(self, cloud: Cloud, scheduler: Scheduler) -> None:
        self._cloud = cloud
        self._scheduler = scheduler
        self._records = Records(cloud)
        self._seen: dict[str, str] = {}

    def listen(self) -> None:
        self._cloud.on_event(self._take)
        self._cloud.on_start(self._start_polling)

    def _start_polling(self) -> None:
        self._cloud.workers.start_lasting("codepipeline polling", self._poll)

    def _take(self, event: Event) -> None:
        if event.detail_type not in (_PUSH, _REPOSITORY):
            return
        for key, action, declared in self._sources(event.account, event.region):
            provider = action["actionTypeId"]["provider"]
            if event.detail_type == _PUSH and provider == "CodeStarSourceConnection":
                trigger = _of_push(self._cloud, event.detail, action, declared)
            elif event.detail_type == _REPOSITORY and provider == "CodeCommit":
                trigger = _of_repository(event.detail, action)
            else:
                continue
            if trigger is not None:
                self._start(key, trigger)

    def _start(self, key: PipelineKey, trigger: dict[str, str]) -> None:
        self._cloud.workers.start(f"codepipeline {key.name}", lambda: self._started(key, trigger))

    def _started(self, key: PipelineKey, trigger: dict[str, str]) -> None:
        if self._records.pipelines.get(str(key)) is not None:
            self._scheduler.start(key, trigger, {}, {})

    def _sources(self, account: str = "", region: str = "") -> list[tuple[PipelineKey, dict[str, Any], dict[str, Any]]]:
        prefix = f"{account}/{region}/" if account else ""
        return [
            (PipelineKey.parse(name), action, document["Pipeline"])
            for name, document in self._records.pipelines.items(prefix)
            for action in document["Pipeline"]["stages"][0]["actions"]
        ]

    def _poll(self) -> None:
        while not self._cloud.workers.stopping.wait(_POLL_EVERY):
            for key, action, _ in self._sources():
                configuration = action["configuration"]
                polls = configuration.get("PollForSourceChanges", "true").lower() == "true"
                if action["actionTypeId"]["provider"] == "S3" and polls:
                    self._look(key, configuration)

    def _look(self, key: PipelineKey, configuration: dict[str, str]) -> None:
        bucket, name = configuration["S3Bucket"], configuration["S3ObjectKey"]
        s3 = self._cloud.client("s3", Caller.root(key.account, key.region))
        try:
            version = s3.head_object(Bucket=bucket, Key=name).get("VersionId", "")
        except ClientError:  # not there yet: the execution itself says what is wrong with it
            return
        before = self._seen.get(str(key))
        self._seen[str(key)] = version
        if before is not None and before != version:
            self._start(key, {"triggerType": "PollForSourceChanges", "triggerDetail": f"s3://{bucket}/{name}"})


def _of_repository(detail: dict[str, Any], action: dict[str, Any]) -> dict[str, str] | None:
    """A CodeCommit source without ``PollForSourceChanges: false`` notices pushes to its branch by polling."""
    configuration = action["configuration"]
    polls = configuration.get("PollForSourceChanges", "true").lower() == "true"
    changed = (
        detail.get("event") in ("referenceCreated", "referenceUpdated") and detail.get("referenceType") == "branch"
    )
    branch = (detail.get("repositoryName"), detail.get("referenceName"))
    if not (polls and changed and branch == (configuration["RepositoryName"], configuration["BranchName"])):
        return None
    return {"triggerType": "PollForSourceChanges", "triggerDetail": str(detail.get("commitId", ""))}


def _of_push(
    cloud: Cloud, detail: dict[str, Any], action: dict[str, Any], declared: dict[str, Any]
) -> dict[str, str] | None:
    configuration = action["configuration"]
    source = (configuration["ConnectionArn"], configuration["FullRepositoryId"])
    if source != (detail["connectionArn"], detail["fullRepositoryId"]):
        return None
    triggers = [
        trigger["gitConfiguration"]
        for trigger in declared.get("triggers", [])
        if trigger["gitConfiguration"]["sourceActionName"] == action["name"]
    ]
    if triggers:
        wanted = any(
            push_matches(cloud, trigger.get("push"), detail, configuration["BranchName"]) for trigger in triggers
        )
    else:
        wanted = configuration.get("DetectChanges", "true").lower() == "true"
        wanted = wanted and detail["branchName"] == configuration["BranchName"]
    return {"triggerType": "WebhookV2", "triggerDetail": detail["connectionArn"]} if wanted else None
