"""CloudWatch Logs in front of moto, which keeps groups, streams and events: the KMS keys of log groups."""
