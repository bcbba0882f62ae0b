"""The policies that resources carry themselves, and the accounts that own them.

Read: S3 bucket policies, KMS key policies, policies of SQS queues, SNS topics, event buses, ECR repositories, secrets
and model package groups, and trust policies of roles. Other resources are governed by the identity policies of their
own account alone. Which KMS key encrypts a topic or a queue is read here too, because its policy is then asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.arn import Arn, ArnError
from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.clients import MakeClient
from localaws.core.store import Store
from localaws.iam.absence import require_absence
from localaws.iam.principals import trust_policy
from localaws.policies.document import Document, Kind, listed


@dataclass(frozen=True)
class Governance:
    """``account`` None means that the resource's owner does not matter or is not known."""

    account: str | None = None
    policy: Document | None = None
    decides: bool = False
    kind: Kind = "resource"


class ResourcePolicies:
    def __init__(self, client: MakeClient, store: Store, moto: Backend) -> None:
        self._client = client
        self._moto = moto
        self._buckets = store.table("s3.bucket_policy")
        self._groups = store.table("sagemaker.model_package_group_policy")

    def owner(self, arn: str) -> str | None:
        """The account that owns a resource; None for ``*`` and where nobody is known to."""
        try:
            named = Arn.parse(arn)
        except ArnError:
            return None
        if named.service == "s3":
            return self._moto.bucket_owner(named.resource.split("/", 1)[0])
        return named.account if named.account.isdigit() else None

    def of(self, caller: Caller, action: str, arn: str) -> Governance:
        if action == "iam:PassRole" or not arn.startswith("arn:"):
            return Governance()
        if action.startswith("sts:"):
            # STS itself asks the trust policy; within an account it may stand for an identity policy.
            own = Arn.parse(arn).account == caller.account
            return Governance(policy=trust_policy(arn), kind="trust") if own else Governance()
        if action == "events:PutEvents" and self.owner(arn) != caller.account:
            return Governance()  # EventBridge itself asks the policy of another account's bus, entry by entry
        return self._of_resource(caller, arn)

    def policy_for_services(self, owner: Caller, action: str, arn: str) -> Document | None:
        """The policy that lets AWS services in. Log groups have none of their own: their account and region have."""
        if Arn.parse(arn).service == "logs":
            return self._of_logs(owner)
        return self.of(owner, action, arn).policy

    def is_absent(self, arn: str) -> bool:
        """Whether a topic or queue does not exist, so that its own service has the better answer."""
        named = Arn.parse(arn)
        if named.service not in _KEYS:
            return False
        try:
            _KEYS[named.service](self._client(named.service, _owner(named)), arn, named.resource)
        except ClientError as error:
            require_absence(error)
            return True
        return False

    def encryption_key(self, arn: str) -> str | None:
        """The ARN of the KMS key that encrypts a topic or queue, or the alias of AWS's own key; None without one."""
        named = Arn.parse(arn)
        owner = _owner(named)
        try:
            key = _KEYS[named.service](self._client(named.service, owner), arn, named.resource)
        except ClientError as error:  # the resource does not exist: its service's own answer is the better one
            require_absence(error)
            return None
        return self._key_arn(owner, str(key)) if key else None

    def key_state(self, key_arn: str) -> str:
        """``Enabled``, ``Disabled``, ``PendingDeletion`` ... or ``NotFound``."""
        named = Arn.parse(key_arn)
        kms = self._client("kms", _owner(named))
        try:
            return str(kms.describe_key(KeyId=key_arn)["KeyMetadata"]["KeyState"])
        except ClientError as error:
            require_absence(error)
            return "NotFound"

    def _key_arn(self, owner: Caller, key: str) -> str:
        """The ARN of a key that is named by its id, its ARN, or an alias of either form."""
        name = Arn.parse(key).resource if key.startswith("arn:") else key
        if name.startswith("alias/aws/"):
            return name
        holder = _owner(Arn.parse(key)) if key.startswith("arn:") else owner
        try:
            return str(self._client("kms", holder).describe_key(KeyId=key)["KeyMetadata"]["Arn"])
        except ClientError as error:
            require_absence(error)
            return key if key.startswith("arn:") else owner.resource_arn("kms", f"key/{key}")

    def _of_logs(self, owner: Caller) -> Document | None:
        """All policies that PutResourcePolicy put, as one; CloudWatch Logs has up to ten per account and region."""
        pages = self._client("logs", owner).get_paginator("describe_resource_policies").paginate()
        documents = [str(each["policyDocument"]) for page in pages for each in page["resourcePolicies"]]
        if not documents:
            return None
        try:
            statements = [one for each in documents for one in listed(json.loads(each)["Statement"])]
        except (ValueError, TypeError, KeyError):
            return "\n".join(documents)  # one of them is no policy, and the evaluator says so
        return {"Version": "2012-10-17", "Statement": statements}

    def _of_resource(self, caller: Caller, arn: str) -> Governance:
        named = Arn.parse(arn)
        service, region, resource = named.service, named.region, named.resource
        account = self.owner(arn)
        if account is None:
            return Governance()
        if service == "s3":
            return self._bucket(account, resource.split("/", 1)[0])
        owner = Caller.root(account, region or caller.region)
        if service == "kms":
            return self._key(owner, arn)
        if service == "sagemaker" and resource.startswith("model-package"):
            found = self._groups.get(f"{account}/{region}/{resource.split('/')[1]}")
            return Governance(account, found["ResourcePolicy"] if found else None)
        return Governance(account, self._attribute(service, owner, arn, resource))

    def _bucket(self, owner: str, bucket: str) -> Governance:
        found = self._buckets.get(bucket)
        policy = found["Policy"] if found and found["Account"] == owner else None
        return Governance(owner, policy)

    def _key(self, owner: Caller, arn: str) -> Governance:
        try:
            text = self._client("kms", owner).get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        except ClientError as error:  # no such key: KMS's own answer is the better one
            require_absence(error)
            return Governance(owner.account)
        return Governance(owner.account, text, decides=True)

    def _attribute(self, service: str, owner: Caller, arn: str, resource: str) -> Document | None:
        try:
            text = self._text(service, owner, arn, resource)
        except ClientError as error:  # the resource does not exist: its service's own answer is the better one
            require_absence(error)
            return None
        return str(text) if text else None

    def _text(self, service: str, owner: Caller, arn: str, resource: str) -> Any:
        read = _READERS.get(service)
        return read(self._client(service, owner), arn, resource) if read else None


def _owner(named: Arn) -> Caller:
    return Caller.root(named.account, named.region)


def _queue(client: Any, arn: str, resource: str) -> Any:
    url = client.get_queue_url(QueueName=resource)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return attributes.get("Attributes", {}).get("Policy")


def _topic(client: Any, arn: str, resource: str) -> Any:
    topic = ":".join(arn.split(":")[:6])
    return client.get_topic_attributes(TopicArn=topic)["Attributes"].get("Policy")


def _topic_key(client: Any, arn: str, resource: str) -> Any:
    return client.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId")


def _queue_key(client: Any, arn: str, resource: str) -> Any:
    url = client.get_queue_url(QueueName=resource)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])
    return attributes.get("Attributes", {}).get("KmsMasterKeyId")


def _bus(client: Any, arn: str, resource: str) -> Any:
    if not resource.startswith("event-bus/"):
        return None
    return client.describe_event_bus(Name=resource.removeprefix("event-bus/")).get("Policy")


def _repository(client: Any, arn: str, resource: str) -> Any:
    return client.get_repository_policy(repositoryName=resource.removeprefix("repository/"))["policyText"]


def _secret(client: Any, arn: str, resource: str) -> Any:
    """A request that names a secret by its name alone leaves the last six letters of the ARN open."""
    named = arn if not arn.endswith("-??????") else resource.removeprefix("secret:").removesuffix("-??????")
    return client.get_resource_policy(SecretId=named).get("ResourcePolicy")


_READERS: dict[str, Callable[[Any, str, str], Any]] = {
    "ecr": _repository,
    "events": _bus,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
# Of what can be encrypted by a key of its own: how the key is read.
_KEYS: dict[str, Callable[[Any, str, str], Any]] = {"sns": _topic_key, "sqs": _queue_key}
