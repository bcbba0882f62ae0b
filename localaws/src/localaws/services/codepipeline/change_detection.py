"""What starts a CodePipeline by itself: pushes through a connection, and sources that it polls.

Rules of EventBridge start CodePipelines too; those are ordinary StartPipelineExecution calls.
https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-filter.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
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
        # By pipeline and action: the version that a polled object had when it was looked at, None where there was none.
        self._seen: dict[tuple[str, str], str | None] = {}

    def listen(self) -> None:
        self._cloud.on_event(self.take)
        self._cloud.on_start(self._start_polling)

    def _start_polling(self) -> None:
        self._cloud.workers.start_lasting("codepipeline polling", self._poll)

    def take(self, event: Event) -> None:
        """Start what an event of a source is news for."""
        if event.detail_type not in (_PUSH, _REPOSITORY):
            return
        for key, action, declared in self._sources():
            provider = action["actionTypeId"]["provider"]
            if event.detail_type == _PUSH and provider == "CodeStarSourceConnection":
                if (key.account, key.region) == (event.account, event.region):
                    trigger = _of_push(self._cloud, event.detail, action, declared)
                    self._start(key, trigger, _revision(action, event.detail))
            elif event.detail_type == _REPOSITORY and _place(key, action, declared) == (event.account, event.region):
                self._start(key, _of_repository(event.detail, action), {})

    def _start(self, key: PipelineKey, trigger: dict[str, str] | None, revisions: dict[str, Any]) -> None:
        if trigger is not None:
            self._cloud.workers.start(f"codepipeline {key.name}", lambda: self._started(key, trigger, revisions))

    def _started(self, key: PipelineKey, trigger: dict[str, str], revisions: dict[str, Any]) -> None:
        if self._records.pipelines.get(str(key)) is not None:
            self._scheduler.start(key, trigger, {}, revisions)

    def _sources(self) -> list[tuple[PipelineKey, dict[str, Any], dict[str, Any]]]:
        return [
            (PipelineKey.parse(name), action, document["Pipeline"])
            for name, document in self._records.pipelines.items()
            for action in document["Pipeline"]["stages"][0]["actions"]
        ]

    def _poll(self) -> None:
        while not self._cloud.workers.stopping.wait(_POLL_EVERY):
            self.look()

    def look(self) -> None:
        """Look at every polled object once, and start what has news."""
        for key, action, _ in self._sources():
            configuration = action["configuration"]
            polls = configuration.get("PollForSourceChanges", "true").lower() == "true"
            if action["actionTypeId"]["provider"] == "S3" and polls:
                self._look(key, action["name"], configuration)

    def _look(self, key: PipelineKey, action: str, configuration: dict[str, str]) -> None:
        bucket, name = configuration["S3Bucket"], configuration["S3ObjectKey"]
        s3 = self._cloud.client("s3", Caller.root(key.account, key.region))
        version: str | None = None
        try:
            version = s3.head_object(Bucket=bucket, Key=name).get("VersionId", "")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NoSuchBucket"):
                return  # whoever starts it learns what is wrong
        place = (str(key), action)
        is_news = place in self._seen and version is not None and self._seen[place] != version
        self._seen[place] = version
        if is_news:
            trigger = {"triggerType": "PollForSourceChanges", "triggerDetail": f"s3://{bucket}/{name}"}
            self._start(key, trigger, {})


def _place(key: PipelineKey, action: dict[str, Any], declared: dict[str, Any]) -> tuple[str, str] | None:
    """The account and region that a CodeCommit source is in: its role's account, which may be another one."""
    if action["actionTypeId"]["provider"] != "CodeCommit":
        return None
    role = action.get("roleArn") or declared["roleArn"]
    return Arn.parse(role).account or key.account, action.get("region") or key.region


def _revision(action: dict[str, Any], detail: dict[str, Any]) -> dict[str, Any]:
    """The commit that was pushed, and the branch or tag that it came by: what the source action takes."""
    taken = {"revisionType": "COMMIT_ID", "revisionValue": detail["commitId"]}
    branch = {"branch": detail["branchName"]} if "branchName" in detail else {"tag": detail["tagName"]}
    return {action["name"]: {"actionName": action["name"], **taken, **branch}}


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
        wanted = wanted and detail.get("branchName") == configuration["BranchName"]
    return {"triggerType": "WebhookV2", "triggerDetail": detail["connectionArn"]} if wanted else None
