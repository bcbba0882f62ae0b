"""Notification rules of the developer tools: events of CodePipeline, CodeBuild and CodeCommit sent to SNS topics."""

from localaws.services.codestar_notifications.notification_rules import NotificationRules
from localaws.services.codestar_notifications.notification_targets import NotificationTargets
from localaws.services.codestar_notifications.notifier import Notifier

SERVICES = (NotificationRules, NotificationTargets, Notifier)

__all__ = ["SERVICES"]
