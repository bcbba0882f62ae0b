"""Who is calling: the principal, its account and the region of one request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from localaws.core.partitions import partition_of

# The organization's management account, unless one is named: none of the accounts that anybody deploys into.
MANAGEMENT_ACCOUNT = "999999999999"

# Where in-process clients (core/clients.py) put the caller in the WSGI environment; no HTTP header can set it.
CALLER_KEY = "localaws.core.caller"


@dataclass(frozen=True)
class Caller:
    """The identity behind one request.

    ``arn`` is what ``sts get-caller-identity`` answers: ``arn:aws:iam::<account>:root`` for an account's own key,
    ``arn:aws:sts::<account>:assumed-role/<role>/<session>`` for an assumed role.
    """

    account: str
    region: str
    arn: str
    access_key_id: str = ""

    @classmethod
    def root(cls, account: str, region: str) -> Caller:
        return cls(account, region, f"arn:{partition_of(region)}:iam::{account}:root", account)

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    @property
    def is_root(self) -> bool:
        return self.arn.endswith(":root")

    def in_region(self, region: str) -> Caller:
        return replace(self, region=region)

    def resource_arn(self, service: str, resource: str) -> str:
        """The ARN of one of this account's resources in this region, e.g. ``("sagemaker", "pipeline/daily")``."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"
