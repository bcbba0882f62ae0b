"""AWS::Scheduler: schedules and their groups."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import by_arn


class Schedule(ApiResource):
    type_name = "AWS::Scheduler::Schedule"
    service = "scheduler"
    create_operation = "create_schedule"
    update_operation = "update_schedule"
    delete_operation = "delete_schedule"
    identifier = "Name"
    name_property = "Name"
    name_limit = 64

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        group = properties.get("GroupName", "default")
        return {"Arn": answer.get("ScheduleArn") or context.arn("scheduler", f"schedule/{group}/{physical_id}")}

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("scheduler").delete_schedule(
            Name=resource.physical_id, GroupName=properties.get("GroupName", "default")
        )


class ScheduleGroup(ApiResource):
    type_name = "AWS::Scheduler::ScheduleGroup"
    service = "scheduler"
    create_operation = "create_schedule_group"
    delete_operation = "delete_schedule_group"
    identifier = "Name"
    name_property = "Name"
    name_limit = 64
    tagging = by_arn("scheduler")

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("scheduler", f"schedule-group/{physical_id}"), "State": "ACTIVE"}
