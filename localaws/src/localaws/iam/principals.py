"""Who a caller is to IAM: its names, its identity policies and its permissions boundary, as moto keeps them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends

from localaws.core.caller import PARTITION, Caller
from localaws.policies.evaluation import Document, Principal

# AWS Organizations makes it in each member account; no user of localaws has to.
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR: Document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_SESSION = re.compile(r"arn:[^:]+:sts::\d{12}:assumed-role/(?P<role>[^/]+)/(?P<session>.+)")
_USER = re.compile(r"arn:[^:]+:iam::\d{12}:user/(?:.*/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class Identity:
    """``arn`` is the principal's own: of the role for a session. ``tags`` are the role's or user's."""

    principal: Principal
    arn: str
    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    user_name: str | None = None


def identity_of(caller: Caller) -> Identity:
    if caller.is_root:
        return Identity(Principal(caller.account, frozenset({caller.arn}), is_root=True), caller.arn)
    backend = iam_backends[caller.account][PARTITION]
    session, user = _SESSION.fullmatch(caller.arn), _USER.fullmatch(caller.arn)
    if session:
        return _session_identity(caller, backend, session["role"])
    entity = backend.users.get(user["name"]) if user else None
    principal = Principal(caller.account, frozenset({caller.arn}))
    if user is None or entity is None:
        return Identity(principal, caller.arn)
    groups = [group for group in list(backend.groups.values()) if entity in group.users]
    documents = tuple(document for one in (entity, *groups) for document in _documents(one))
    return Identity(principal, caller.arn, documents, _boundary(entity, backend), user_name=user["name"])


def role_arn(account: str, name: str) -> str | None:
    """The ARN, path included, of a role that exists."""
    role = _role(iam_backends[account][PARTITION], name)
    return str(role.arn) if role is not None else None


def trust_policy(arn: str) -> Document | None:
    """The trust policy of the role with this ARN, or None where there is no such role."""
    role = _role(iam_backends[arn.split(":")[4]][PARTITION], arn.rsplit("/", 1)[-1])
    return _parsed(role.assume_role_policy_document) if role is not None else None


def _session_identity(caller: Caller, backend: Any, name: str) -> Identity:
    role = _role(backend, name)
    if role is None:
        arn = f"arn:{PARTITION}:iam::{caller.account}:role/{name}"
        policies = (_ADMINISTRATOR,) if name == ORGANIZATION_ROLE else ()
        return Identity(Principal(caller.account, frozenset({caller.arn, arn})), arn, policies)
    tags = {tag["Key"]: tag["Value"] for tag in role.tags or []}
    principal = Principal(caller.account, frozenset({caller.arn, role.arn}))
    return Identity(principal, role.arn, tuple(_documents(role)), _boundary(role, backend), tags)


def _role(backend: Any, name: str) -> Any:
    return next((role for role in list(backend.roles.values()) if role.name == name), None)


def _documents(entity: Any) -> Iterator[Document]:
    """Inline policies, then attached managed ones, of a role, user or group."""
    for text in list(entity.policies.values()):
        yield _parsed(text)
    for policy in list(entity.managed_policies.values()):
        yield _managed(policy)


def _boundary(entity: Any, backend: Any) -> Document | None:
    arn = getattr(entity, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = backend.managed_policies.get(arn)
    # A boundary whose policy is gone bounds everything away, as on AWS.
    return _managed(policy) if policy is not None else {"Statement": []}


def _managed(policy: Any) -> Document:
    version = next(one for one in policy.versions if one.version_id == policy.default_version_id)
    return _parsed(version.document)


def _parsed(document: Any) -> Document:
    return _parsed_text(document) if isinstance(document, str) else document


@functools.lru_cache(maxsize=1024)
def _parsed_text(text: str) -> Document:
    return json.loads(text if text.lstrip().startswith("{") else unquote(text))
