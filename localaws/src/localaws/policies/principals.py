"""Who makes a request, and how the Principal and NotPrincipal elements of a policy name them. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from localaws.core.arn import Arn
from localaws.policies.document import Principals

# How a statement names somebody: the user, session, service or provider itself; the role of a session; everybody;
# or the whole account, which leaves it to the account's own policies.
Match = Literal["itself", "role", "everybody", "account"]

_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")


@dataclass(frozen=True)
class Principal:
    """``name`` is the ARN of a root, user or session; a service's name; or a web identity provider's.

    Nobody in particular, who has not signed, is ``anonymous``.
    ``role`` is the ARN of the role behind a session, its path included. ``account`` is empty for services and
    providers, which belong to none.
    """

    kind: Literal["root", "user", "session", "service", "federated", "anonymous"]
    name: str
    account: str = ""
    role: str = ""

    @classmethod
    def of_arn(cls, arn: str, role: str = "") -> Principal:
        """The principal that ``sts get-caller-identity`` would show as ``arn``."""
        account = Arn.parse(arn).account
        session = _SESSION.fullmatch(arn)
        if session:
            default = f"arn:{session['partition']}:iam::{account}:role/{session['role']}"
            return cls("session", arn, account, role or default)
        return cls("root" if arn.endswith(":root") else "user", arn, account)

    @classmethod
    def service(cls, name: str) -> Principal:
        return cls("service", name)

    @classmethod
    def federated(cls, provider: str) -> Principal:
        return cls("federated", provider)

    @classmethod
    def anonymous(cls) -> Principal:
        return cls("anonymous", "*")

    @property
    def arn(self) -> str:
        """``aws:PrincipalArn``: of the role for a session."""
        return self.role or self.name

    @property
    def is_root(self) -> bool:
        return self.kind == "root"


def match(element: Principals, principal: Principal, bounded: bool = False) -> Match | None:
    """How the statement's element names ``principal``; None where it is not about it.

    ``bounded``: it has a permissions boundary, and a NotPrincipal then excepts it in vain.
    """
    if element.negated:
        return None if not bounded and _excepted(element, principal) else "itself"
    if element.everybody:
        return "everybody"
    if _names(element, principal):
        return "itself"
    if principal.role and principal.role in element.aws:
        return "role"
    return "account" if _names_account(element, principal) else None


def _excepted(element: Principals, principal: Principal) -> bool:
    """Whether NotPrincipal names every name that is looked at: the account, then the user or the role."""
    if element.everybody:
        return True
    if not principal.account:
        return _names(element, principal)
    if not _names_account(element, principal):
        return False
    return principal.is_root or principal.arn in element.aws


def _names(element: Principals, principal: Principal) -> bool:
    """Whether the element has the name of the principal among those of the principal's kind."""
    names = {"service": element.services, "federated": element.federated}
    return principal.name in names.get(principal.kind, element.aws)


def _names_account(element: Principals, principal: Principal) -> bool:
    """An account's number and the ARN of its root mean the same."""
    return bool(principal.account) and any(
        name == principal.account or (name.startswith("arn:") and name.endswith(f":iam::{principal.account}:root"))
        for name in element.aws
    )
