"""SNS in front of moto, which keeps the topics: subscriptions, publishing, and a post box for what is mailed."""
