"""SNS in front of moto, which keeps the topics: subscriptions, publishing, and a post box for what is mailed."""

from localaws.services.sns.publishing import Publishing
from localaws.services.sns.subscriptions import Subscriptions

SERVICES = (Publishing, Subscriptions)

__all__ = ["SERVICES"]
