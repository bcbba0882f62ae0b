"""Sends the notifications: an event of a rule's resource, as a message of the documented shape, to the rule's topics.

https://docs.aws.amazon.com/codepipeline/latest/userguide/notification-rule-create.html
"""

from __future__ import annotations

import json
import logging
import queue
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.core.events import Event
from localaws.policies.service_access import refusal
from localaws.services.codestar_notifications.event_types import resource_of, types_of
from localaws.services.codestar_notifications.records import Records
from localaws.services.events.envelope import written

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

log = logging.getLogger(__name__)

_SOURCES = frozenset({"aws.codepipeline", "aws.codebuild", "aws.codecommit"})


class Notifier:
    """Listens to events from when it is made, and works once the server has started."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._records = Records(cloud)
        self._waiting: queue.Queue[Event] = queue.Queue()
        cloud.on_event(lambda event: self._waiting.put(event) if event.source in _SOURCES else None)
        cloud.on_start(self._start)

    def _start(self) -> None:
        self._cloud.workers.start_lasting("notifications", self._work)

    def _work(self) -> None:
        while not (self._cloud.workers.stopping.is_set() and self._waiting.empty()):
            try:
                event = self._waiting.get(timeout=0.25)
            except queue.Empty:  # look whether the server stops
                continue
            try:
                self._notify(event)
            except Exception:  # the next event is notified all the same
                log.exception("no notification of %s", event.detail_type)

    def _notify(self, event: Event) -> None:
        types = types_of(event.source, event.detail_type, event.detail)
        resource = resource_of(event.source, event.detail, event.resources)
        for rule in self._records.of(Caller.root(event.account, event.region)):
            wanted = rule["Status"] == "ENABLED" and rule["Resource"] == resource and types & set(rule["EventTypes"])
            if wanted:
                self._send(rule, event)

    def _send(self, rule: Document, event: Event) -> None:
        message = {
            "account": event.account,
            "detailType": event.detail_type,
            "region": event.region,
            "source": event.source,
            "time": written(event.time),
            "notificationRuleArn": rule["Arn"],
            "detail": event.detail,
            "resources": event.resources,
            "additionalAttributes": self._more(event) if rule["DetailType"] == "FULL" else {},
        }
        for target in rule["Targets"]:
            topic = target["TargetAddress"]
            closed = refusal(self._cloud, "codestar-notifications", topic, rule["Arn"])
            if closed:
                log.warning("%s could not notify %s: %s", rule["Name"], topic, closed.text)
                self._mark_unreachable(rule, topic)
                continue
            place = Arn.parse(topic)
            sns = self._cloud.client("sns", Caller.root(place.account, place.region))
            try:
                sns.publish(TopicArn=topic, Message=json.dumps(message, default=str))
            except ClientError as error:
                log.warning("%s could not notify %s: %s", rule["Name"], topic, error)
                self._mark_unreachable(rule, topic)

    def _mark_unreachable(self, rule: Document, topic: str) -> None:
        place = Arn.parse(rule["Arn"])
        with self._records.rules.edit(Records.key(Caller.root(place.account, place.region), rule["Arn"])) as kept:
            for target in kept["Targets"]:
                if target["TargetAddress"] == topic:
                    target["TargetStatus"] = "UNREACHABLE"

    def _more(self, event: Event) -> dict[str, Any]:
        """What a FULL notification tells beyond the event: of an approval what is asked, of a failure what failed."""
        if event.source != "aws.codepipeline":
            return {}
        try:
            if event.detail.get("type", {}).get("category") == "Approval":
                return self._approval(event)
            if event.detail.get("state") == "FAILED" and "action" not in event.detail:
                return self._failed_actions(event)
        except ClientError as error:  # the CodePipeline is gone meanwhile; the event itself is still worth sending
            log.warning("no further details of %s: %s", event.detail_type, error)
        return {}

    def _approval(self, event: Event) -> dict[str, Any]:
        codepipeline = self._cloud.client("codepipeline", Caller.root(event.account, event.region))
        declared = codepipeline.get_pipeline(name=event.detail["pipeline"])["pipeline"]
        for stage in declared["stages"]:
            for action in stage["actions"]:
                if (stage["name"], action["name"]) == (event.detail.get("stage"), event.detail.get("action")):
                    configuration = action.get("configuration", {})
                    known = {"CustomData": "customData", "ExternalEntityLink": "externalEntityLink"}
                    return {shown: configuration[name] for name, shown in known.items() if name in configuration}
        return {}

    def _failed_actions(self, event: Event) -> dict[str, Any]:
        codepipeline = self._cloud.client("codepipeline", Caller.root(event.account, event.region))
        state = codepipeline.get_pipeline_state(name=event.detail["pipeline"])
        execution = event.detail.get("execution-id")
        failed: list[dict[str, str]] = []
        stage_name = ""
        for stage in state["stageStates"]:
            if stage.get("latestExecution", {}).get("pipelineExecutionId") != execution:
                continue
            for action in stage.get("actionStates", []):
                latest = action.get("latestExecution", {})
                if latest.get("status") == "Failed":
                    stage_name = stage["stageName"]
                    reason = latest.get("errorDetails", {}).get("message") or latest.get("summary", "")
                    failed.append({"action": action["actionName"], "additionalInformation": reason})
        if not failed:
            return {}
        return {"failedActionCount": len(failed), "failedActions": failed, "failedStage": stage_name}
