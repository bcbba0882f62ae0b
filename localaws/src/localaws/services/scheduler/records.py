"""Scheduler's documents: groups (``account/region/name``) and schedules (``account/region/group/name``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.pages import Pages

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

DEFAULT_GROUP = "default"
PAGES = Pages("ValidationException", "NextToken is not valid.")


class Records:
    def __init__(self, cloud: Cloud) -> None:
        self.groups = cloud.store.table("scheduler.group")
        self.schedules = cloud.store.table("scheduler.schedule")

    def group(self, caller: Caller, name: str) -> Document:
        """A group; every account has ``default`` in every region."""
        found = self.groups.get(f"{caller.account}/{caller.region}/{name}")
        if found is None and name == DEFAULT_GROUP:
            return {"Arn": group_arn(caller, name), "Name": name, "State": "ACTIVE", "Tags": []}
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Schedule group {name} does not exist.", 404)
        return found

    def schedule(self, caller: Caller, group: str | None, name: str) -> Document:
        self.group(caller, group or DEFAULT_GROUP)
        found = self.schedules.get(schedule_key(caller, group, name))
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Schedule {name} does not exist.", 404)
        return found


def schedule_key(caller: Caller, group: str | None, name: str) -> str:
    return f"{caller.account}/{caller.region}/{group or DEFAULT_GROUP}/{name}"


def group_arn(caller: Caller, name: str) -> str:
    return caller.resource_arn("scheduler", f"schedule-group/{name}")


def schedule_arn(caller: Caller, group: str | None, name: str) -> str:
    return caller.resource_arn("scheduler", f"schedule/{group or DEFAULT_GROUP}/{name}")
