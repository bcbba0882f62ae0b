"""CloudWatch in front of moto, which keeps metrics, alarms and dashboards: alarms are evaluated, and act."""
