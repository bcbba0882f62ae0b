"""What each AWS service that acts as itself, not as a role, needs to reach a resource: who it says it is, which actions
the resource's policy and the policy of its KMS key must allow, and which condition keys it brings along. Pure.

Only the keys that AWS documents are in the table. A condition on any other key does not hold, so the delivery is
refused here where AWS might let it pass, and never the other way round. Each line names the pages that decide it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from localaws.core.arn import Arn
from localaws.policies.condition_keys import ORGANIZATION, of_moment
from localaws.policies.patterns import Context

SOURCE_ARN, SOURCE_ACCOUNT = "aws:sourcearn", "aws:sourceaccount"
SOURCE_ORGANIZATION, SOURCE_OWNER = "aws:sourceorgid", "aws:sourceowner"

NONE: frozenset[str] = frozenset()
SOURCE = frozenset({SOURCE_ARN, SOURCE_ACCOUNT, SOURCE_ORGANIZATION})
# The policy that SNS gives a new topic tests aws:SourceOwner.
SOURCE_AND_OWNER = SOURCE | {SOURCE_OWNER}

ENCRYPT = ("kms:GenerateDataKey", "kms:Decrypt")

_DOCS = "https://docs.aws.amazon.com"
EVENTS_PAGE = f"{_DOCS}/eventbridge/latest/userguide/eb-use-resource-based.html"
EVENTS_TROUBLE_PAGE = f"{_DOCS}/eventbridge/latest/userguide/eb-troubleshooting.html"
DEAD_LETTERS_PAGE = f"{_DOCS}/eventbridge/latest/userguide/eb-rule-dlq.html"
SNS_CASES_PAGE = f"{_DOCS}/sns/latest/dg/sns-access-policy-use-cases.html"
SNS_KEYS_PAGE = f"{_DOCS}/sns/latest/dg/sns-key-management.html"
SNS_TO_SQS_PAGE = f"{_DOCS}/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"
SQS_KEYS_PAGE = f"{_DOCS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"
S3_PAGE = f"{_DOCS}/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"
NOTIFICATIONS_PAGE = f"{_DOCS}/dtconsole/latest/userguide/set-up-sns.html"
LOGS_KEYS_PAGE = f"{_DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"


@dataclass(frozen=True)
class Delivery:
    """``actions`` are asked of the resource's policy with the ``source`` keys, ``key_actions`` of its KMS key's policy
    with the ``key_source`` keys; ``via``: the second comes by way of the resource's service (kms:ViaService)."""

    principal: str
    actions: tuple[str, ...]
    source: frozenset[str]
    key_actions: tuple[str, ...]
    key_source: frozenset[str]
    page: str
    key_page: str
    via: bool = False


_EVENTS, _ALARMS, _S3, _SNS = (
    "events.amazonaws.com",
    "cloudwatch.amazonaws.com",
    "s3.amazonaws.com",
    "sns.amazonaws.com",
)
_NOTIFICATIONS = "codestar-notifications.amazonaws.com"
_PUBLISH, _SEND = ("sns:Publish",), ("sqs:SendMessage",)
_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_ENCRYPT_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey")

# (who sends, the service of the resource) -> what that takes.
DELIVERIES: Mapping[tuple[str, str], Delivery] = {
    # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge"; and in the key's policy source keys
    # are "not supported for EventBridge-to-encrypted topics".
    ("events", "sns"): Delivery(_EVENTS, _PUBLISH, NONE, ENCRYPT, NONE, EVENTS_PAGE, SNS_KEYS_PAGE),
    # Targets and dead letters alike. The key's statement on the page has no condition.
    ("events", "sqs"): Delivery(_EVENTS, _SEND, SOURCE, ENCRYPT, NONE, DEAD_LETTERS_PAGE, EVENTS_TROUBLE_PAGE),
    ("events", "logs"): Delivery(_EVENTS, _WRITE_LOGS, NONE, (), NONE, EVENTS_PAGE, LOGS_KEYS_PAGE),
    ("cloudwatch", "sns"): Delivery(
        _ALARMS, _PUBLISH, SOURCE_AND_OWNER, ENCRYPT, SOURCE, SNS_CASES_PAGE, SNS_KEYS_PAGE
    ),
    ("s3", "sns"): Delivery(_S3, _PUBLISH, SOURCE_AND_OWNER, ENCRYPT, SOURCE, S3_PAGE, SNS_KEYS_PAGE),
    ("s3", "sqs"): Delivery(_S3, _SEND, SOURCE, ENCRYPT, SOURCE, S3_PAGE, SQS_KEYS_PAGE),
    ("sns", "sqs"): Delivery(_SNS, _SEND, SOURCE, ENCRYPT, SOURCE, SNS_TO_SQS_PAGE, SQS_KEYS_PAGE),
    # The topic's statement on the page has no condition, the key's has kms:ViaService.
    ("codestar-notifications", "sns"): Delivery(
        _NOTIFICATIONS, _PUBLISH, NONE, ENCRYPT, NONE, NOTIFICATIONS_PAGE, NOTIFICATIONS_PAGE, via=True
    ),
    # A log group that is to be encrypted: the principal's name has the region, the group is the encryption context.
    ("logs", "kms"): Delivery(
        "logs.{region}.amazonaws.com", (), NONE, _ENCRYPT_LOGS, NONE, LOGS_KEYS_PAGE, LOGS_KEYS_PAGE
    ),
}
# The encryption context under which a service encrypts what it keeps.
_ENCRYPTION_CONTEXT = {"sns": "aws:sns:topicarn", "sqs": "aws:sqs:arn", "logs": "aws:logs:arn"}


def resource_context(delivery: Delivery, resource: Arn, source_arn: str, source_account: str, now: datetime) -> Context:
    """The condition keys of the call to the resource."""
    return {
        **_of_caller(delivery, resource.region, now),
        **_of_source(delivery.source, source_arn, source_account),
        "aws:resourceaccount": (resource.account,),
    }


def key_context(
    delivery: Delivery, resource: Arn, key: Arn, source_arn: str, source_account: str, now: datetime
) -> Context:
    """The condition keys of the call to the key under which the resource is encrypted."""
    context = {
        **_of_caller(delivery, resource.region, now),
        **_of_source(delivery.key_source, source_arn, source_account),
        "aws:resourceaccount": (key.account,),
    }
    encrypted = _ENCRYPTION_CONTEXT[resource.service]
    context[f"kms:encryptioncontext:{encrypted}"] = (str(resource),)
    context["kms:encryptioncontextkeys"] = (encrypted,)
    if delivery.via:
        context["kms:viaservice"] = (f"{resource.service}.{resource.region}.amazonaws.com",)
    return context


def principal_of(delivery: Delivery, region: str) -> str:
    return delivery.principal.format(region=region)


def _of_caller(delivery: Delivery, region: str, now: datetime) -> dict[str, tuple[str, ...]]:
    principal = principal_of(delivery, region)
    return {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (principal,),
        "aws:principalservicenameslist": (principal,),
        "aws:principaltype": ("AWSService",),
        "aws:requestedregion": (region,),
        "aws:securetransport": ("true",),
        **of_moment(now),
    }


def _of_source(supplied: frozenset[str], source_arn: str, source_account: str) -> dict[str, tuple[str, ...]]:
    values = {
        SOURCE_ARN: source_arn,
        SOURCE_ACCOUNT: source_account,
        SOURCE_OWNER: source_account,
        SOURCE_ORGANIZATION: ORGANIZATION,
    }
    return {key: (values[key],) for key in sorted(supplied)}
