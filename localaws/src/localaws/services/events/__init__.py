"""EventBridge: buses, rules and their schedules, patterns, and deliveries to targets with retries and dead letters."""

from localaws.services.events.buses import EventBuses
from localaws.services.events.rules import Rules
from localaws.services.events.service import EventBridge
from localaws.services.events.tags import EventTags
from localaws.services.events.unsupported import Unsupported

SERVICES = (EventBridge, EventBuses, EventTags, Rules, Unsupported)

__all__ = ["SERVICES"]
