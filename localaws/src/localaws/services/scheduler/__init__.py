"""EventBridge Scheduler: schedules with time zones, fired by the cloud's clock, delivered as the target's role."""

from localaws.services.scheduler.groups import ScheduleGroups
from localaws.services.scheduler.schedules import Schedules

SERVICES = (ScheduleGroups, Schedules)

__all__ = ["SERVICES"]
