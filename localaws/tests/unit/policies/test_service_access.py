"""Every line of the table of service deliveries: what lets the service in, and that nothing less does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from localaws.core.arn import Arn
from localaws.core.clock import Clock
from localaws.core.cloud import Cloud
from localaws.policies.service_access import Refusal, key_refusal, refusal
from localaws.policies.service_deliveries import DELIVERIES, Delivery, principal_of

HERE, THERE, REGION = "111111111111", "222222222222", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{THERE}:key/k"
SOURCES = {
    "events": f"arn:aws:events:{REGION}:{HERE}:rule/r",
    "cloudwatch": f"arn:aws:cloudwatch:{REGION}:{HERE}:alarm:a",
    "s3": "arn:aws:s3:::bucket",
    "sns": f"arn:aws:sns:{REGION}:{HERE}:topic",
    "codestar-notifications": f"arn:aws:codestar-notifications:{REGION}:{HERE}:notificationrule/n",
    "logs": f"arn:aws:logs:{REGION}:{HERE}:log-group:/aws/x",
}
RESOURCES = {
    "sns": f"arn:aws:sns:{REGION}:{THERE}:t",
    "sqs": f"arn:aws:sqs:{REGION}:{THERE}:q",
    "logs": f"arn:aws:logs:{REGION}:{THERE}:log-group:/aws/events/g:log-stream:s",
    "kms": f"arn:aws:logs:{REGION}:{HERE}:log-group:/aws/x",  # what is encrypted; it has no policy of its own
}
CONDITIONS = {
    "aws:SourceArn": "ArnEquals",
    "aws:SourceAccount": "StringEquals",
    "aws:SourceOrgID": "StringEquals",
    "aws:SourceOwner": "StringEquals",
    "kms:ViaService": "StringEquals",
    "kms:CallerAccount": "StringEquals",
}
CASES = list(DELIVERIES)


class FakePolicies:
    """A resource and its key, each with one policy."""

    def __init__(self, resource: Any, key_policy: Any, key: str | None = KEY, state: str = "Enabled") -> None:
        self.resource, self.key_policy, self.key, self.state = resource, key_policy, key, state

    def policy_for_services(self, owner: Any, action: str, arn: str) -> Any:
        assert owner.account == Arn.parse(arn).account
        return self.key_policy if action.startswith("kms:") else self.resource

    def is_absent(self, arn: str) -> bool:
        return False

    def encryption_key(self, arn: str) -> str | None:
        return self.key

    def key_state(self, key_arn: str) -> str:
        return self.state


def policy(principal: str, actions: Any, condition: dict[str, Any] | None = None) -> dict[str, Any] | None:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": list(actions),
        "Resource": "*",
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]} if actions else None


def value(sender: str, target: str, key: str) -> str:
    service = Arn.parse(RESOURCES[target]).service
    return {
        "aws:SourceArn": SOURCES[sender],
        "aws:SourceAccount": HERE,
        "aws:SourceOrgID": "o-localaws0000",
        "aws:SourceOwner": HERE,
        "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
        "kms:CallerAccount": THERE,
    }[key]


def ask(sender: str, target: str, policies: FakePolicies) -> Refusal | None:
    cloud = cast(Cloud, SimpleNamespace(resource_policies=policies, clock=Clock()))
    if target == "kms":
        return key_refusal(cloud, sender, RESOURCES[target], KEY)
    return refusal(cloud, sender, RESOURCES[target], SOURCES[sender], HERE)


def open_policies(sender: str, target: str) -> tuple[Delivery, FakePolicies]:
    delivery = DELIVERIES[sender, target]
    principal = principal_of(delivery, REGION)
    return delivery, FakePolicies(policy(principal, delivery.actions), policy(principal, delivery.key_actions))


@pytest.mark.aws_rule(
    "A service that acts as itself needs the policy of the resource and of the resource's KMS key to name it",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
@pytest.mark.parametrize(("sender", "target"), CASES)
def test_the_service_needs_each_action_of_the_resource_and_of_its_key(sender: str, target: str) -> None:
    delivery, policies = open_policies(sender, target)
    assert ask(sender, target, policies) is None
    principal = principal_of(delivery, REGION)
    for missing in delivery.actions:
        policies.resource = policy(principal, [each for each in delivery.actions if each != missing])
        refused = ask(sender, target, policies)
        assert refused and (refused.action, refused.of_key) == (missing, False), delivery.page
    _, policies = open_policies(sender, target)
    for missing in delivery.key_actions:
        policies.key_policy = policy(principal, [each for each in delivery.key_actions if each != missing])
        refused = ask(sender, target, policies)
        assert refused and (refused.action, refused.resource) == (missing, KEY), delivery.key_page


@pytest.mark.parametrize(("sender", "target"), CASES)
def test_another_services_statement_does_not_count(sender: str, target: str) -> None:
    delivery, policies = open_policies(sender, target)
    policies.key_policy = policy("other.amazonaws.com", delivery.key_actions)
    policies.resource = policy("other.amazonaws.com", delivery.actions)
    assert ask(sender, target, policies)


@pytest.mark.aws_rule(
    "aws:SourceArn, aws:SourceAccount and aws:SourceOrgID are not there when EventBridge uses the key of a topic",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
@pytest.mark.parametrize("key", CONDITIONS)
@pytest.mark.parametrize(("sender", "target"), CASES)
def test_a_condition_holds_only_on_a_key_that_the_service_supplies(sender: str, target: str, key: str) -> None:
    delivery, policies = open_policies(sender, target)
    principal = principal_of(delivery, REGION)
    condition = {CONDITIONS[key]: {key: value(sender, target, key)}}
    if delivery.actions and key.startswith("aws:"):
        policies.resource = policy(principal, delivery.actions, condition)
        assert (ask(sender, target, policies) is None) == (key.lower() in delivery.source), delivery.page
    _, policies = open_policies(sender, target)
    if delivery.key_actions:
        policies.key_policy = policy(principal, delivery.key_actions, condition)
        supplied = key.lower() in delivery.key_source or (key == "kms:ViaService" and delivery.via)
        assert (ask(sender, target, policies) is None) == supplied, delivery.key_page


@pytest.mark.aws_rule(
    "A service encrypts with the ARN of the topic, queue or log group as encryption context",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
@pytest.mark.parametrize(("sender", "target"), [case for case in CASES if DELIVERIES[case].key_actions])
def test_the_encryption_context_tells_what_is_encrypted(sender: str, target: str) -> None:
    delivery, policies = open_policies(sender, target)
    name = {"sns": "aws:sns:topicArn", "sqs": "aws:sqs:arn", "kms": "aws:logs:arn"}[target]
    principal = principal_of(delivery, REGION)
    for resource, allowed in ((RESOURCES[target], True), (RESOURCES[target] + "-other", False)):
        condition = {"ArnLike": {f"kms:EncryptionContext:{name}": resource}}
        policies.key_policy = policy(principal, delivery.key_actions, condition)
        assert (ask(sender, target, policies) is None) == allowed


def test_without_a_key_only_the_resource_is_asked() -> None:
    _, policies = open_policies("events", "sns")
    policies.key, policies.key_policy = None, None
    assert ask("events", "sns", policies) is None


@pytest.mark.aws_rule(
    "AWS's own key (alias/aws/sns) lets no service publish: an encrypted topic needs a customer managed key for that",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def test_awss_own_key_lets_no_service_in() -> None:
    _, policies = open_policies("cloudwatch", "sns")
    policies.key = "alias/aws/sns"
    refused = ask("cloudwatch", "sns", policies)
    assert refused and refused.of_key and "AWS's own key" in refused.reason


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "NotFound"])
def test_a_key_that_cannot_be_used_refuses(state: str) -> None:
    _, policies = open_policies("events", "sqs")
    policies.state = state
    refused = ask("events", "sqs", policies)
    assert refused and state in refused.reason


def test_a_policy_that_is_none_refuses() -> None:
    _, policies = open_policies("events", "logs")
    policies.resource = "no policy"
    refused = ask("events", "logs", policies)
    assert refused and "cannot be evaluated" in refused.reason


def test_every_line_names_pages_of_aws() -> None:
    for delivery in DELIVERIES.values():
        assert delivery.page.startswith("https://docs.aws.amazon.com/")
        assert delivery.key_page.startswith("https://docs.aws.amazon.com/")
