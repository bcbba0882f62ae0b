"""Whether anybody hears of what a topic is told: who is subscribed to it, and confirmed that. It reads only."""

from __future__ import annotations

from scripts.decisions.readiness import Outcome
from scripts.gateways.accounts import Account
from scripts.gateways.topics import subscriptions


def check_topic(account: Account, topic_arn: str) -> Outcome:
    """A mail that was not answered is wrong. Without any subscription somebody may still look at the alarms."""
    found = subscriptions(account, topic_arn)
    subscribe = f"aws sns subscribe --topic-arn {topic_arn} --protocol email --notification-endpoint ADDRESS"
    if not found:
        return Outcome(
            "unknown", "nobody is subscribed to it; whether somebody listens otherwise is not known", subscribe
        )
    waiting = [f"{each.protocol} {each.endpoint}" for each in found if not each.confirmed]
    if waiting:
        again = f"follow the link in the mail that {waiting[0]} got; to send it again: {subscribe}"
        return Outcome("wrong", f"{waiting[0]} has not confirmed its subscription, and hears nothing", again)
    return Outcome("ok", f"{len(found)} confirmed: {', '.join(sorted({each.protocol for each in found}))}")
