"""Scheduler's groups and their tags.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.service import Request, Response, Service
from localaws.services.scheduler.records import DEFAULT_GROUP, PAGES, Records, group_arn

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


class ScheduleGroups(Service):
    service = "scheduler"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._records = Records(cloud)

    def create_schedule_group(self, caller: Caller, request: Request) -> Response:
        name = request["Name"]
        key = f"{caller.account}/{caller.region}/{name}"
        existing = self._records.groups.get(key)
        if existing is not None and existing.get("ClientToken") == request.get("ClientToken", ""):
            return {"ScheduleGroupArn": existing["Arn"]}
        if existing is not None or name == DEFAULT_GROUP:
            raise ServiceError("ConflictException", f"Schedule group {name} already exists.", 409)
        now = self._cloud.clock.now()
        arn = group_arn(caller, name)
        self._records.groups.put(
            key,
            {
                "Arn": arn,
                "Name": name,
                "State": "ACTIVE",
                "CreationDate": now,
                "LastModificationDate": now,
                "Tags": request.get("Tags", []),
                "ClientToken": request.get("ClientToken"),
            },
        )
        return {"ScheduleGroupArn": arn}

    def get_schedule_group(self, caller: Caller, request: Request) -> Response:
        return _shown(self._records.group(caller, request["Name"]))

    def list_schedule_groups(self, caller: Caller, request: Request) -> Response:
        made = self._records.groups.values(f"{caller.account}/{caller.region}/")
        groups = [self._records.group(caller, DEFAULT_GROUP), *made]
        named = [_shown(group) for group in groups if group["Name"].startswith(request.get("NamePrefix", ""))]
        shown, more = PAGES.of(named, request, lambda group: str(group["Name"]))
        return {"ScheduleGroups": shown, **more}

    def delete_schedule_group(self, caller: Caller, request: Request) -> Response:
        name = request["Name"]
        if name == DEFAULT_GROUP:
            raise ServiceError("ValidationException", "The default schedule group cannot be deleted.")
        self._records.group(caller, name)
        for key, _ in self._records.schedules.items(f"{caller.account}/{caller.region}/{name}/"):
            self._records.schedules.delete(key)
        self._records.groups.delete(f"{caller.account}/{caller.region}/{name}")
        return {}

    def list_tags_for_resource(self, caller: Caller, request: Request) -> Response:
        return {"Tags": self._tagged(caller, request["ResourceArn"])["Tags"]}

    def tag_resource(self, caller: Caller, request: Request) -> Response:
        self._retag(caller, request["ResourceArn"], {tag["Key"] for tag in request["Tags"]}, request["Tags"])
        return {}

    def untag_resource(self, caller: Caller, request: Request) -> Response:
        self._retag(caller, request["ResourceArn"], set(request["TagKeys"]), [])
        return {}

    def _retag(self, caller: Caller, arn: str, removed: set[str], added: list[dict[str, str]]) -> None:
        group = self._tagged(caller, arn)
        group["Tags"] = [tag for tag in group["Tags"] if tag["Key"] not in removed] + added
        self._records.groups.put(f"{caller.account}/{caller.region}/{group['Name']}", group)

    def _tagged(self, caller: Caller, arn: str) -> dict[str, Any]:
        name = arn.rsplit("/", 1)[-1]
        if arn != group_arn(caller, name):
            raise ServiceError("ResourceNotFoundException", f"{arn} is not a schedule group of this account.", 404)
        return self._records.group(caller, name)


def _shown(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name not in ("Tags", "ClientToken")}
