"""EventBridge Scheduler: schedules with time zones, fired by the cloud's clock, delivered as the target's role."""
