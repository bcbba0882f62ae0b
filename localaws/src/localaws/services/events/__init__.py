"""EventBridge: buses, rules and their schedules, patterns, and deliveries to targets with retries and dead letters."""
