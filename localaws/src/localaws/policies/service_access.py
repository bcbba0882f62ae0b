"""Whether an AWS service that acts as itself may reach a resource: its policy is asked, and that of the KMS key that
encrypts it. Everything that delivers asks here.

Asked whether IAM is enforced or not: such policies are a part of what was configured, and on AWS nothing is delivered
past them. It answers and refuses nothing itself. ``service_deliveries.py`` says what each service needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.document import Document
from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal
from localaws.policies.service_deliveries import (
    DELIVERIES,
    Delivery,
    key_context,
    principal_of,
    resource_context,
)

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud

# AWS's own keys let the callers of their account in, by name of the service; no service may use them for itself.
_OWN_KEYS = "alias/aws/"


@dataclass(frozen=True)
class Refusal:
    """``action`` is what was refused, on ``resource``; ``of_key`` where that is a KMS key. ``reason`` is the end of
    AWS's sentence, ``text`` a whole one."""

    action: str
    resource: str
    reason: str
    text: str
    of_key: bool = False


def refusal(
    cloud: Cloud, sender: str, resource_arn: str, source_arn: str, source_account: str | None = None
) -> Refusal | None:
    """Why ``sender`` (``events``, ``sns``) may not reach a topic, queue or log group on behalf of ``source_arn`` (a
    rule, a topic); None where it may, and where there is no such resource. ``source_account`` is needed where the ARN
    does not tell it, as a bucket's."""
    resource = Arn.parse(resource_arn)
    delivery = DELIVERIES[sender, resource.service]
    account = source_account or Arn.parse(source_arn).account
    owner = Caller.root(resource.account, resource.region)
    policies = cloud.resource_policies
    context = resource_context(delivery, resource, source_arn, account, cloud.clock.now())
    principal = principal_of(delivery, resource.region)
    for action in delivery.actions:
        document = policies.policy_for_services(owner, action, resource_arn)
        reason = _denied(Query(action, resource_arn, context), principal, document)
        if reason and not policies.is_absent(resource_arn):
            return Refusal(action, resource_arn, reason, _text(resource_arn, principal, action, source_arn, reason))
    key = policies.encryption_key(resource_arn) if delivery.key_actions else None
    return _key_refusal(cloud, delivery, resource, key, source_arn, account) if key else None


def key_refusal(cloud: Cloud, sender: str, resource_arn: str, key: str) -> Refusal | None:
    """Why ``sender`` (``logs``) may not encrypt its own resource, a log group, under ``key``; None where it may."""
    resource = Arn.parse(resource_arn)
    return _key_refusal(cloud, DELIVERIES[sender, "kms"], resource, key, resource_arn, resource.account)


def _key_refusal(
    cloud: Cloud, delivery: Delivery, resource: Arn, key: str, source_arn: str, source_account: str
) -> Refusal | None:
    principal = principal_of(delivery, resource.region)
    if key.startswith(_OWN_KEYS):
        reason = f"because {key} is AWS's own key, which no service may use for itself"
        return _of_key(delivery.key_actions[0], key, principal, source_arn, reason)
    named = Arn.parse(key)
    state = cloud.resource_policies.key_state(key)
    if state != "Enabled":
        reason = f"because the key's state is {state}"
        return _of_key(delivery.key_actions[0], key, principal, source_arn, reason)
    context = key_context(delivery, resource, named, source_arn, source_account, cloud.clock.now())
    owner = Caller.root(named.account, named.region)
    for action in delivery.key_actions:
        document = cloud.resource_policies.policy_for_services(owner, action, key)
        reason = _denied(Query(action, key, context), principal, document)
        if reason:
            return _of_key(action, key, principal, source_arn, reason)
    return None


def _of_key(action: str, key: str, principal: str, source_arn: str, reason: str) -> Refusal:
    return Refusal(action, key, reason, _text(key, principal, action, source_arn, reason), of_key=True)


def _text(resource: str, principal: str, action: str, source_arn: str, reason: str) -> str:
    return f"The policy of {resource} does not let {principal} do {action} on behalf of {source_arn} ({reason})."


def _denied(query: Query, principal: str, document: Document | None) -> str:
    """The reason, or an empty text where the policy lets the service in."""
    decision = decide(query, Principal.service(principal), Policies(resource_policy=document))
    return "" if decision.allowed else decision.reason
