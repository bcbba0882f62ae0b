"""Tells a stage's topic something, for those who subscribe to it."""

from __future__ import annotations

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import told_as_deployment_errors


def announce(account: Account, topic_arn: str, subject: str, message: str) -> None:
    """``subject``: at most 100 characters of ASCII, which becomes the subject of a mail.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    with told_as_deployment_errors(account.actor):
        account.client("sns").publish(
            TopicArn=topic_arn, Subject=subject.encode("ascii", "replace").decode(), Message=message
        )
