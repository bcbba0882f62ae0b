"""From an event to deliveries: which rules of a bus match it, and what each of their targets is to receive.

An event that goes on to another bus keeps its envelope; the bus's policy is asked where it belongs to another account.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.bus_policies import event_context, may_put_event
from localaws.policies.condition_keys import of_moment
from localaws.policies.principals import Principal
from localaws.policies.service_access import refusal
from localaws.policies.service_roles import session_of
from localaws.services.events.deliveries import Deliveries, Sender
from localaws.services.events.envelope import written
from localaws.services.events.failures import InvocationError
from localaws.services.events.inputs import compact, input_of, must_be_json
from localaws.services.events.invocations import Invocation, invoke
from localaws.services.events.metrics import MetricWriter
from localaws.services.events.patterns import matches
from localaws.services.events.records import Records, bus_name, enabled
from localaws.services.events.targets import service_of

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

PRINCIPAL = "events.amazonaws.com"
_MOST_HOPS = 5  # from bus to bus; two buses that feed each other would go on for ever
_COUNTED = {
    "attempt": ("InvocationAttempts",),
    "retry": ("InvocationAttempts", "RetryInvocationAttempts"),
    "failed": ("Invocations", "FailedInvocations"),
    "dead": ("InvocationsSentToDlq",),
    "undead": ("InvocationsFailedToBeSentToDlq",),
}


class Router(Sender):
    table = "events.delivery"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._records = Records(cloud)
        self._metrics = MetricWriter(cloud, "AWS/Events")
        self._deliveries = Deliveries(cloud, self)

    def receive(self, account: str, region: str, bus: str, event: dict[str, Any], hops: int = 0) -> None:
        """Deliver ``event``, which has arrived on a bus, to the targets of all rules that match it."""
        for rule in self._records.rules_on(account, region, bus):
            if enabled(rule) and "EventPattern" in rule and matches(rule["EventPattern"], event):
                self._count(rule, "MatchedEvents")
                self.trigger(rule, event, hops)

    def trigger(self, rule: Document, event: dict[str, Any], hops: int = 0) -> None:
        """Deliver ``event`` to every target of a rule."""
        self._count(rule, "TriggeredRules")
        for target in rule["Targets"]:
            self._deliveries.submit(
                {
                    "RuleArn": rule["Arn"],
                    "RuleName": rule["Name"],
                    "Target": target,
                    "Event": event,
                    "Text": input_of(target, event, rule["Arn"], written(self._cloud.clock.now())),
                    "Hops": hops,
                }
            )

    def attempt(self, delivery: Document) -> None:
        target = delivery["Target"]
        invocation = Invocation(
            self._cloud,
            target,
            delivery["Text"],
            delivery["Event"],
            PRINCIPAL,
            _session_name(delivery),
            delivery["RuleArn"],
        )
        if must_be_json(target):
            invocation.parsed_text()
        if service_of(target["Arn"]) == "events":
            self._forward(delivery, invocation)
        else:
            invoke(invocation)
        self._count(delivery, "Invocations")
        self._count(delivery, "SuccessfulInvocationAttempts")

    def dead_letter_client(self, delivery: Document, queue: Arn) -> Any:
        """EventBridge hands dead letters over as itself: the queue's policy must let it, and the policy of its key."""
        closed = refusal(self._cloud, "events", str(queue), str(delivery["RuleArn"]))
        if closed:
            raise InvocationError("NO_PERMISSIONS", closed.text)
        return self._cloud.client("sqs", Caller.root(queue.account, queue.region))

    def dead_letter(
        self, delivery: Document, error: InvocationError, exhausted: str | None
    ) -> tuple[str, dict[str, str]]:
        attributes = {
            "RULE_ARN": delivery["RuleArn"],
            "TARGET_ARN": delivery["Target"]["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "EXHAUSTED_RETRY_CONDITION": exhausted or "",
            "RETRY_ATTEMPTS": str(delivery["Attempts"] - 1),
        }
        return compact(delivery["Event"]), attributes

    def count(self, delivery: Document, what: str) -> None:
        for name in _COUNTED[what]:
            self._count(delivery, name)

    def _forward(self, delivery: Document, invocation: Invocation) -> None:
        """Put the event on another bus, as it is."""
        account, region = invocation.arn.account, invocation.arn.region
        source_account = Arn.parse(delivery["RuleArn"]).account
        name = bus_name(invocation.target["Arn"])
        bus = self._records.bus(account, region, name)
        if bus is None:
            raise InvocationError("NO_RESOURCE", f"Event bus {invocation.target['Arn']} does not exist.")
        closed = None if account == source_account else _closed(bus, delivery, self._cloud.clock.now())
        if closed:
            raise InvocationError("NO_PERMISSIONS", f"The policy of {bus['Arn']} lets no event in: {closed}")
        if "RoleArn" in invocation.target:
            invocation.client("events")  # the role must be there and trust EventBridge
        if delivery["Hops"] >= _MOST_HOPS:
            raise InvocationError("THIRD_ACCOUNT_HOP_DETECTED", f"the event was forwarded {_MOST_HOPS} times already")
        self.receive(account, region, name, delivery["Event"], delivery["Hops"] + 1)

    def _count(self, of_rule: Document, name: str) -> None:
        """``of_rule`` is a rule or a delivery of one."""
        rule = Arn.parse(of_rule.get("RuleArn") or of_rule["Arn"])
        self._metrics.count(rule.account, rule.region, name, {"RuleName": rule.name})


def _session_name(delivery: Document) -> str:
    return f"AWSEvents_{delivery['RuleName']}"[:64]


def _closed(bus: Document, delivery: Document, now: datetime) -> str | None:
    """Why the policy of another account's bus does not take the event; None where it does.

    The event comes from the target's role, or from the rule's account as a whole where it has none.
    """
    rule = Arn.parse(delivery["RuleArn"])
    role = delivery["Target"].get("RoleArn")
    root = f"arn:{rule.partition}:iam::{rule.account}:root"
    name = session_of(role, _session_name(delivery), rule.region).arn if role else root
    source = {"aws:sourcearn": (delivery["RuleArn"],), "aws:sourceaccount": (rule.account,)}
    event = event_context(delivery["Event"]["source"], delivery["Event"]["detail-type"])
    decision = may_put_event(
        bus.get("Policy"), bus["Arn"], Principal.of_arn(name, role or ""), {**event, **source, **of_moment(now)}
    )
    return None if decision.allowed else decision.reason
