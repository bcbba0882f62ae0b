"""CloudWatch in front of moto, which keeps metrics, alarms and dashboards: what an alarm does as its state changes."""
