"""What is remembered of a job, and who is told when its status changes.

One document per job in the store, shaped as its Describe operation answers; an EventBridge event goes out with every
change of status. What a former server left running is failed here when the next one starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localaws.core.caller import Caller
from localaws.core.cloud import Cloud
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response
from localaws.services.sagemaker import listing
from localaws.services.sagemaker.jobs.announcements import announce_job
from localaws.services.sagemaker.listing import page
from localaws.services.service_quotas.applied_quotas import AppliedQuotas
from localaws.services.service_quotas.sagemaker_quotas import instances_quota, sagemaker_quotas, usage_quota

RUNNING = ("InProgress", "Stopping")
SERVER_STOPPED = "InternalServerError: localaws was stopped while the job ran. Create the job again."
_LONGEST_REASON = 1024


@dataclass(frozen=True)
class JobKind:
    """How one kind of job is called: ``ProcessingJob`` has ProcessingJobName, ProcessingStartTime and so on."""

    word: str
    default_order: str

    @property
    def prefix(self) -> str:
        return f"{self.word}Job"

    @property
    def resource(self) -> str:
        return f"{self.word.lower()}-job"

    @property
    def log_group(self) -> str:
        return f"/aws/sagemaker/{self.word}Jobs"

    @property
    def namespace(self) -> str:
        return f"/aws/sagemaker/{self.word}Jobs"


PROCESSING = JobKind("Processing", "Ascending")
TRANSFORM = JobKind("Transform", "Descending")


@dataclass(frozen=True)
class JobKey:
    """Which job: names are unique in an account and region."""

    account: str
    region: str
    name: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.name}"


class JobRecords:
    """The records of one kind of job."""

    def __init__(self, cloud: Cloud, kind: JobKind) -> None:
        self.kind = kind
        self._cloud = cloud
        self._table = cloud.store.table(f"sagemaker.{kind.resource}")
        self._tags = cloud.store.table("sagemaker.tags")
        self._quotas = AppliedQuotas(cloud.store)
        cloud.on_start(self._fail_what_was_left)

    def create(self, caller: Caller, description: dict[str, Any], tags: list[dict[str, str]]) -> JobKey:
        """Remember a new job as InProgress; ResourceInUse where its name is taken, ResourceLimitExceeded where the
        running jobs leave too few instances."""
        kind = self.kind
        name = description[f"{kind.prefix}Name"]
        key = JobKey(caller.account, caller.region, name)
        arn = caller.resource_arn("sagemaker", f"{kind.resource}/{name}")
        now = self._cloud.clock.now()
        with self._cloud.store.lock:
            if self._table.get(str(key)) is not None:
                raise ServiceError(
                    "ResourceInUse",
                    "Job name must be unique within an AWS account and region, and a job with this name already "
                    f"exists ({arn})",
                )
            self._refuse_too_many_instances(caller, description)
            document = {
                **description,
                f"{kind.prefix}Arn": arn,
                f"{kind.prefix}Status": "InProgress",
                "CreationTime": now,
                "LastModifiedTime": now,
            }
            self._table.put(str(key), document)
            self._tags.put(arn, {"Tags": tags})
        self._announce(document)
        return key

    def describe(self, caller: Caller, name: str) -> dict[str, Any]:
        """The job's document; AWS's own error where there is none."""
        found = self._table.get(str(JobKey(caller.account, caller.region, name)))
        if found is None:
            # AWS answers this code here, not the ResourceNotFound of its documentation.
            raise ServiceError("ValidationException", f"Could not find requested job with name: {name}")
        return found

    def get(self, key: JobKey) -> dict[str, Any]:
        found = self._table.get(str(key))
        if found is None:
            raise KeyError(str(key))
        return found

    def instance_type(self, key: JobKey) -> str | None:
        """What the job runs on."""
        return self._resources(self.get(key)).get("InstanceType")

    def summaries(self, caller: Caller, request: Request) -> Response:
        """What a List operation answers."""
        prefix, word = self.kind.prefix, self.kind.word
        wanted = (f"{prefix}Name", f"{prefix}Arn", f"{prefix}Status", "CreationTime", "LastModifiedTime")
        optional = (f"{word}EndTime", "FailureReason", "ExitMessage")
        records = listing.select(
            self._table.values(f"{caller.account}/{caller.region}/"),
            request,
            f"{prefix}Name",
            f"{prefix}Status",
            self.kind.default_order,
        )
        answer = page(records, request, f"{prefix}Summaries")
        member = f"{prefix}Summaries"
        answer[member] = [
            {name: record[name] for name in (*wanted, *optional) if name in record} for record in answer[member]
        ]
        return answer

    def started(self, key: JobKey) -> None:
        """The containers start now."""
        self._change(key, {f"{self.kind.word}StartTime": self._cloud.clock.now()})

    def stopping(self, caller: Caller, name: str) -> JobKey:
        """InProgress to Stopping; refused in any other status."""
        key = JobKey(caller.account, caller.region, name)
        member = f"{self.kind.prefix}Status"
        self.describe(caller, name)

        def refuse_unless_in_progress(document: dict[str, Any]) -> None:
            if document[member] != "InProgress":
                raise ServiceError(
                    "ValidationException",
                    f"The request was rejected because the {self.kind.word.lower()} job is in status "
                    f"{document[member]}.",
                )

        self._change(key, {member: "Stopping"}, refuse_unless_in_progress)
        return key

    def ended(self, key: JobKey, status: str, reason: str | None = None, exit_message: str | None = None) -> None:
        """The job's last status: Completed, Failed (with a reason) or Stopped."""
        now = self._cloud.clock.now()
        changes: dict[str, Any] = {f"{self.kind.prefix}Status": status, f"{self.kind.word}EndTime": now}
        if reason:
            changes["FailureReason"] = _shortened(reason)
        if exit_message:
            changes["ExitMessage"] = exit_message
        self._change(key, changes)

    def delete(self, caller: Caller, name: str) -> None:
        """Forget a job that ended; ResourceInUse while it runs."""
        with self._cloud.store.lock:
            document = self.describe(caller, name)
            if document[f"{self.kind.prefix}Status"] in RUNNING:
                raise ServiceError("ResourceInUse", f"The job {name} is still running. Stop it before you delete it.")
            self._table.delete(str(JobKey(caller.account, caller.region, name)))
            self._tags.delete(document[f"{self.kind.prefix}Arn"])

    def _change(
        self, key: JobKey, changes: dict[str, Any], check: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        """Change the document, then announce it. Listeners read the store, so its lock must not be held meanwhile."""
        member = f"{self.kind.prefix}Status"
        with self._table.edit(str(key)) as document:
            if check is not None:
                check(document)
            before = document[member]
            document.update(changes, LastModifiedTime=self._cloud.clock.now())
        if document[member] != before or f"{self.kind.word}StartTime" in changes:
            self._announce(document)

    def _announce(self, document: dict[str, Any]) -> None:
        arn = document[f"{self.kind.prefix}Arn"]
        tags = (self._tags.get(arn) or {"Tags": []})["Tags"]
        announce_job(self._cloud, self.kind.word, arn, document, tags)

    def _refuse_too_many_instances(self, caller: Caller, description: dict[str, Any]) -> None:
        running = [
            record
            for record in self._table.values(f"{caller.account}/{caller.region}/")
            if record[f"{self.kind.prefix}Status"] in RUNNING
        ]
        kind = self._resources(description).get("InstanceType")
        alike = [record for record in running if self._resources(record).get("InstanceType") == kind]
        for name, used_by in (
            (usage_quota(str(kind), self.kind.word), alike),
            (instances_quota(self.kind.word), running),
        ):
            if name in sagemaker_quotas():
                used = sum(self._instances(record) for record in used_by)
                self._refuse_beyond(caller, name, used, self._instances(description))

    def _refuse_beyond(self, caller: Caller, quota: str, used: int, wanted: int) -> None:
        most = self._quotas.value(caller.account, caller.region, quota)
        if used + wanted > most:
            raise ServiceError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{quota}' is {most:g} Instances, with current utilization of {used} "
                f"Instances and a request delta of {wanted} Instances. Please use AWS Service Quotas to request an "
                "increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an "
                "increase for this quota.",
            )

    def _instances(self, document: dict[str, Any]) -> int:
        return int(self._resources(document).get("InstanceCount", 1))

    def _resources(self, document: dict[str, Any]) -> dict[str, Any]:
        resources: dict[str, Any] = document.get(f"{self.kind.word}Resources", {})
        found: dict[str, Any] = resources.get("ClusterConfig", resources)
        return found

    def _fail_what_was_left(self) -> None:
        """Child processes end with their server: what it left InProgress will never go on."""
        for key, document in self._table.items():
            status = document[f"{self.kind.prefix}Status"]
            if status in RUNNING:
                self.ended(
                    JobKey(*key.split("/", 2)),
                    "Stopped" if status == "Stopping" else "Failed",
                    None
                    if status == "Stopping"
                    else "InternalServerError: localaws was stopped while the job ran. Create the job again.",
                )


def _shortened(reason: str) -> str:
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 3]}..."
