"""AWS::CloudWatch: dashboards and alarms."""

from __future__ import annotations

from typing import Any

from localaws.services.cloudformation.errors import ResourceError
from localaws.services.cloudformation.resource_types.base import Context, Properties, Resource
from localaws.services.cloudformation.resource_types.declarative import ApiResource
from localaws.services.cloudformation.resource_types.tags import Tagging

_TAGGING = Tagging("cloudwatch", "tag_resource", "ResourceARN", "Tags", "untag_resource", "TagKeys")


class Dashboard(ApiResource):
    type_name = "AWS::CloudWatch::Dashboard"
    service = "cloudwatch"
    create_operation = "put_dashboard"
    update_operation = "put_dashboard"
    identifier = "DashboardName"
    name_property = "DashboardName"
    takes_system_tags = False

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("cloudwatch").delete_dashboards(DashboardNames=[resource.physical_id])


class Alarm(ApiResource):
    type_name = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    create_operation = "put_metric_alarm"
    update_operation = "put_metric_alarm"
    identifier = "AlarmName"
    name_property = "AlarmName"
    tagging = _TAGGING

    def attributes(
        self, context: Context, physical_id: str, properties: Properties, answer: dict[str, Any]
    ) -> dict[str, Any]:
        return {"Arn": context.arn("cloudwatch", f"alarm:{physical_id}")}

    def check_absent(self, context: Context, properties: Properties) -> None:
        client = context.client("cloudwatch")
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = client.describe_alarms(AlarmNames=[properties["AlarmName"]], AlarmTypes=kinds)
        if found.get("MetricAlarms") or found.get("CompositeAlarms"):
            raise ResourceError(f"{properties['AlarmName']} already exists")

    def delete(self, context: Context, resource: Resource, properties: Properties) -> None:
        context.client("cloudwatch").delete_alarms(AlarmNames=[resource.physical_id])
