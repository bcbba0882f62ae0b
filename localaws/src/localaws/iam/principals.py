"""Who a caller is to IAM: its names, its identity policies, its permissions boundary and its session, as moto and STS
keep them. It decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends

from localaws.core.arn import Arn
from localaws.core.caller import Caller
from localaws.policies.document import Document
from localaws.policies.principals import Principal

FEDERATOR = "Federator"  # of a federated user's session: the ARN of who vouches for it
# AWS Organizations makes it in each member account; no user of localaws has to.
ORGANIZATION_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR: Document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_NOTHING: Document = {"Statement": [{"Effect": "Allow", "Action": "none:None", "Resource": "*"}]}
_SESSION = re.compile(r"arn:[^:]+:sts::\d{12}:assumed-role/(?P<role>[^/]+)/(?P<session>.+)")
_USER = re.compile(r"arn:[^:]+:iam::\d{12}:user/(?:.*/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class Identity:
    """``tags`` are the role's or user's, over them those of the session. ``session_policies`` None: there are none,
    so they limit nothing. ``session`` is what STS keeps of the session's credentials, where it issued them."""

    principal: Principal
    policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    user_name: str | None = None
    user_id: str = ""
    session_policies: tuple[Document, ...] | None = None
    session: Mapping[str, Any] = field(default_factory=dict)


def identity_of(caller: Caller, session: Mapping[str, Any] | None = None) -> Identity:
    """``session``: the document of the caller's credentials in the table ``sts.session``, where STS issued them."""
    kept = session or {}
    if kept.get(FEDERATOR):
        return _federated_identity(caller, kept)
    if caller.is_root:
        return Identity(Principal.of_arn(caller.arn), user_id=caller.account, session=kept)
    backend = iam_backends[caller.account][Arn.parse(caller.arn).partition]
    role, user = _SESSION.fullmatch(caller.arn), _USER.fullmatch(caller.arn)
    if role:
        return _session_identity(caller, backend, role["role"], role["session"], kept)
    entity = backend.users.get(user["name"]) if user else None
    if user is None or entity is None:
        return Identity(Principal.of_arn(caller.arn), session=kept)
    groups = [group for group in list(backend.groups.values()) if entity in group.users]
    documents = tuple(document for one in (entity, *groups) for document in _documents(one))
    return Identity(
        Principal.of_arn(caller.arn),
        documents,
        _boundary(entity, backend),
        _tags(backend.list_user_tags(user["name"])),
        user["name"],
        str(entity.id),
        session=kept,
    )


def role_arn(account: str, partition: str, name: str) -> str | None:
    """The ARN, path included, of a role that exists."""
    role = _role(iam_backends[account][partition], name)
    return str(role.arn) if role is not None else None


def trust_policy(arn: str) -> Document | None:
    """The trust policy of the role with this ARN, or None where there is no such role."""
    named = Arn.parse(arn)
    role = _role(iam_backends[named.account][named.partition], arn.rsplit("/", 1)[-1])
    return _document(role.assume_role_policy_document) if role is not None and role.arn == arn else None


def managed_policy(account: str, arn: str) -> Document | None:
    """The default version of a managed policy, AWS's own or the account's; None where there is none."""
    policy = iam_backends[account][Arn.parse(arn).partition].managed_policies.get(arn)
    return _managed(policy) if policy is not None else None


def entity_policies(
    account: str, partition: str, kind: str, name: str
) -> tuple[list[tuple[str, Document]], Document | None] | None:
    """Named policies and the boundary of a ``user``, ``group`` or ``role``; a user's groups are its own to ask for."""
    backend = iam_backends[account][partition]
    entity = (
        _role(backend, name) if kind == "role" else {"user": backend.users, "group": backend.groups}[kind].get(name)
    )
    if entity is None:
        return None
    holders = [entity]
    if kind == "user":
        holders += [group for group in list(backend.groups.values()) if entity in group.users]
    named = [(each, document) for holder in holders for each, document in _named_documents(holder)]
    return named, _boundary(entity, backend)


def _session_identity(
    caller: Caller, backend: Any, name: str, session_name: str, session: Mapping[str, Any]
) -> Identity:
    role = _role(backend, name)
    given = {str(key): str(value) for key, value in (session.get("Tags") or {}).items()}
    limits = tuple(session["Policies"]) if session.get("Policies") else None
    if role is None:
        policies = (_ADMINISTRATOR,) if name == ORGANIZATION_ROLE else ()
        return Identity(Principal.of_arn(caller.arn), policies, tags=given, session_policies=limits, session=session)
    return Identity(
        Principal.of_arn(caller.arn, str(role.arn)),
        tuple(_documents(role)),
        _boundary(role, backend),
        {**_tags(role.tags or []), **given},
        user_id=f"{role.id}:{session_name}",
        session_policies=limits,
        session=session,
    )


def _federated_identity(caller: Caller, session: Mapping[str, Any]) -> Identity:
    """What its session policies and the policies of who vouches for it both allow: nothing without session policies."""
    federator = identity_of(replace(caller, arn=session[FEDERATOR], access_key_id=""))
    return replace(
        federator,
        principal=Principal.of_arn(caller.arn),
        policies=(_ADMINISTRATOR,) if federator.principal.is_root else federator.policies,
        tags={str(key): str(value) for key, value in (session.get("Tags") or {}).items()},
        user_name=None,
        user_id=str(session["UserId"]),
        session_policies=tuple(session.get("Policies") or ()),
        session=session,
    )


def _tags(pairs: Any) -> dict[str, str]:
    return {str(tag["Key"]): str(tag["Value"]) for tag in pairs}


def _role(backend: Any, name: str) -> Any:
    return next((role for role in list(backend.roles.values()) if role.name == name), None)


def _documents(entity: Any) -> Iterator[Document]:
    return (document for _, document in _named_documents(entity))


def _named_documents(entity: Any) -> Iterator[tuple[str, Document]]:
    """Inline policies, then attached managed ones, of a role, user or group."""
    for name, text in list(entity.policies.items()):
        yield str(name), _document(text)
    for policy in list(entity.managed_policies.values()):
        yield str(policy.name), _managed(policy)


def _boundary(entity: Any, backend: Any) -> Document | None:
    arn = getattr(entity, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = backend.managed_policies.get(arn)
    # A boundary whose policy is gone bounds everything away, as on AWS.
    return _managed(policy) if policy is not None else _NOTHING


def _managed(policy: Any) -> Document:
    version = next(one for one in policy.versions if one.version_id == policy.default_version_id)
    return _document(version.document)


def _document(document: Any) -> Document:
    """Text stays text: the reader of policies remembers what it read."""
    if not isinstance(document, str):
        found: Document = document
        return found
    return document if document.lstrip().startswith("{") else unquote(document)
