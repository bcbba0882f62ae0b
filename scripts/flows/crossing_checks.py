"""Reads the policy of a bucket, a key, a topic or a role, and tells whether it lets in whom it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.decisions.crossings import Crossing, outcome_of
from scripts.decisions.readiness import Outcome
from scripts.gateways.accounts import Account
from scripts.gateways.resource_policies import bucket_policy, key_policy
from scripts.gateways.role_policies import trust_policy
from scripts.gateways.topics import topic_policy


def check_crossing(account: Account, crossing: Crossing) -> Outcome:
    """``account``: the resource's own. Raises AccessDeniedError where its policy may not be read."""
    return outcome_of(crossing, _policy(account, crossing), account.actor.account)


def _policy(account: Account, crossing: Crossing) -> Mapping[str, Any] | None:
    if crossing.kind == "bucket":
        return bucket_policy(account, crossing.name)
    if crossing.kind == "key":
        return key_policy(account, crossing.name)
    if crossing.kind == "topic":
        return topic_policy(account, crossing.name)
    return trust_policy(account, crossing.name)
