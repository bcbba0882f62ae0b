"""Sessions of the accounts that a deployment touches: dev by the SDK's own chain, each stage by its roles.

Every client of this project is made here, with the same retries and timeouts, and every call is counted. Clients are
made when first asked for, and the service models they need are read once for all accounts.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import botocore.session
from boto3.session import Session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials

from scripts.errors import CredentialsError, ServiceResponseError
from scripts.gateways.aws_errors import Actor, require_endpoints, told_as_deployment_errors
from scripts.gateways.endpoints import is_aws, require_aws

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,
    user_agent_extra="sagemaker-batch-deployment",
)
TellPlace = Callable[[str, str, str, str], None]
"""Takes the account, the caller's ARN, the region and the endpoint, once they are known."""
SESSION_NAME = "batch-deployment"


class Account:
    """One account as one principal: its clients, by service. ``actor`` says who calls, for error messages."""

    def __init__(self, session: Session, actor: Actor, calls: Counter[str]) -> None:
        self.actor = actor
        self.region: str = session.region_name
        self._session = session
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._calls = calls

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                with told_as_deployment_errors(self.actor):
                    client = self._made(service)
                client.meta.events.register("before-call.*.*", self._count)
                self._clients[service] = client
            return self._clients[service]

    @property
    def is_on_aws(self) -> bool:
        """Whether AWS itself answers, which has a console, and not an endpoint of somebody else's."""
        return is_aws(self.client("cloudformation").meta.endpoint_url)

    def _made(self, service: str) -> Any:
        try:
            return self._session.client(service, config=_CONFIG)
        except ValueError as error:  # botocore's, for an endpoint_url of the configuration that is none
            raise ServiceResponseError(
                f"no client of {service} can be made: {error}",
                found=[f"as {self.actor}"],
                next_command="correct endpoint_url in ~/.aws/config (or the file of AWS_CONFIG_FILE)",
            ) from error

    def _count(self, model: Any, **_: Any) -> None:
        self._calls[f"{model.service_model.service_name}:{model.name}"] += 1


class Accounts:
    """All accounts of one command. ``calls`` counts AWS calls by ``service:Operation`` over all of them."""

    def __init__(
        self, region: str, sleep: Callable[[float], None] = time.sleep, tell_place: TellPlace | None = None
    ) -> None:
        self.region = region
        self.sleep = sleep
        self._tell_place = tell_place
        self.calls: Counter[str] = Counter()
        require_endpoints()
        with told_as_deployment_errors(Actor("dev")):
            self._loader = botocore.session.get_session().get_component("data_loader")
        self._dev: Account | None = None
        self._dev_identity: dict[str, str] | None = None
        self._assumed: dict[str, Account] = {}
        self._profiles: dict[str, Account] = {}

    @property
    def call_count(self) -> int:
        return sum(self.calls.values())

    def dev(self, account: str) -> Account:
        """The dev account by the SDK's own chain. Raises CredentialsError for another account's credentials."""
        if self._dev is None:
            self._dev = Account(self._session(), Actor(account), self.calls)
        if self.identity(account)["Account"] != account:
            found = self.identity(account)
            raise CredentialsError(
                f"the current credentials do not belong to the dev account {account}",
                found=[f"they belong to account {found['Account']}: {found['Arn']}"],
                next_command="export AWS_PROFILE=<a profile of the dev account>, or correct dev_account in stages/",
            )
        return self._dev

    def identity(self, account: str) -> dict[str, str]:
        """GetCallerIdentity's answer for the current credentials: {"Account", "Arn", "UserId"}; asked once."""
        if self._dev is None:
            self._dev = Account(self._session(), Actor(account), self.calls)
        if self._dev_identity is None:
            with told_as_deployment_errors(self._dev.actor):
                answer = self._dev.client("sts").get_caller_identity()
            self._dev_identity = {key: answer[key] for key in ("Account", "Arn", "UserId")}
            if self._tell_place is not None:
                endpoint_url = self._dev.client("sts").meta.endpoint_url
                self._tell_place(answer["Account"], answer["Arn"], self.region, endpoint_url)
        return self._dev_identity

    def at_hand(self, account: str) -> Account:
        """The credentials at hand, whatever account they are of; ``account`` is the one they are used for."""
        self.identity(account)
        assert self._dev is not None
        return self._dev

    def of_profile(self, account: str, profile: str) -> Account:
        """``account`` by a profile of the AWS configuration. Raises CredentialsError where it is another account's."""
        found = self._profiles.get(profile)
        if found is None:
            found = self._profiles[profile] = Account(
                self._session(profile=profile), Actor(account, profile=profile), self.calls
            )
        with told_as_deployment_errors(found.actor):
            answer = found.client("sts").get_caller_identity()
        if answer["Account"] != account:
            raise CredentialsError(
                f"profile {profile} does not belong to account {account}",
                found=[f"it belongs to account {answer['Account']}: {answer['Arn']}"],
                next_command="name a profile of that account; aws configure list-profiles shows them",
            )
        return found

    def assumed(self, account: str, role_arn: str, dev_account: str) -> Account:
        """``account`` as ``role_arn``, assumed with the current credentials, once a command.

        AWS answers AccessDenied for a role that does not exist as for one that does not trust us.
        """
        if role_arn not in self._assumed:
            source = self.at_hand(dev_account)

            def assume() -> dict[str, str]:
                answer = source.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=SESSION_NAME)
                return _refreshable(answer["Credentials"])

            with told_as_deployment_errors(Actor(account, role_arn)):
                credentials = RefreshableCredentials.create_from_metadata(assume(), assume, "sts-assume-role")
            self._assumed[role_arn] = Account(self._session(credentials), Actor(account, role_arn), self.calls)
        return self._assumed[role_arn]

    def _session(self, credentials: RefreshableCredentials | None = None, profile: str | None = None) -> Session:
        """A session by the SDK's own chain, of a profile, or with credentials that are renewed before they expire."""
        core = botocore.session.Session(profile=profile)
        core.register_component("data_loader", self._loader)
        with told_as_deployment_errors(Actor("dev", profile=profile)):
            require_aws(core)
        if credentials is not None:
            core._credentials = credentials  # botocore offers no other way to hand renewable ones over
        with told_as_deployment_errors(Actor("dev")):
            return Session(botocore_session=core, region_name=self.region)


def _refreshable(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }


def iam_principal(arn: str) -> str:
    """The principal as policies know it, of GetCallerIdentity's ARN: behind a session its role.

    A role's path is not in the session's ARN, so it is missing here.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("assumed-role/"):
        return arn
    return f"{parts[0]}:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
