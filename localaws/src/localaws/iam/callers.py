"""Who is calling, for the services that ask a policy themselves whether IAM is enforced or not: STS, EventBridge, the
model registry. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.core.caller import Caller
from localaws.iam.context import request_context
from localaws.iam.principals import identity_of
from localaws.policies.patterns import Context
from localaws.policies.principals import Principal

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def principal_of(caller: Caller) -> Principal:
    """The caller as policies name it: behind a session its role's ARN, with the role's path."""
    return identity_of(caller).principal


def context_of(cloud: Cloud, caller: Caller) -> Context:
    """The condition keys that the caller brings along, and those of the moment."""
    identity = identity_of(caller, cloud.store.table("sts.session").get(caller.access_key_id))
    return request_context(caller, identity, "", {}, cloud.clock.now(), {})
