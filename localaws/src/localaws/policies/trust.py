"""Whether a role's trust policy lets a principal become the role. Pure: document and request in, a decision out.

Who asks may be a user, role or root (AssumeRole), an AWS service, or a web identity; its own permission to ask is not
looked at here.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from localaws.core.arn import Arn
from localaws.policies.condition_keys import of_service
from localaws.policies.document import Document
from localaws.policies.evaluation import Decision, Policies, Query, decide_as_resource
from localaws.policies.patterns import Context
from localaws.policies.principals import Principal

ASSUME = "sts:AssumeRole"


def trusts(document: Document, role_arn: str, principal: Principal, context: Context, action: str = ASSUME) -> Decision:
    """``context`` are the condition keys of the request, with those of ``assume_role_context``."""
    policies = Policies(resource_policy=document, resource_account=Arn.parse(role_arn).account, resource_kind="trust")
    return decide_as_resource(Query(action, role_arn, context), principal, policies)


def trusts_service(document: Document, role_arn: str, service: str, source_arn: str, now: datetime) -> Decision:
    """Whether ``service`` (``codebuild.amazonaws.com``) may take the role on for ``source_arn`` (a project)."""
    context = {**of_service(service, source_arn, now), "aws:resourceaccount": (Arn.parse(role_arn).account,)}
    return trusts(document, role_arn, Principal.service(service), context)


def trusts_web_identity(document: Document, role_arn: str, provider: str, claims: Mapping[str, str]) -> Decision:
    """Whether the bearer of a token of ``provider`` (``arn:...:oidc-provider/token.actions.githubusercontent.com``)
    may become the role. ``claims`` such as ``sub`` and ``aud`` are the conditions' ``<provider's host>:sub``."""
    host = provider.partition(":oidc-provider/")[2] or provider
    context = {f"{host}:{name}".lower(): (value,) for name, value in claims.items()}
    context["aws:federatedprovider"] = (provider,)
    return trusts(document, role_arn, Principal.federated(provider), context, "sts:AssumeRoleWithWebIdentity")


def needed_actions(request: Mapping[str, Any]) -> Iterator[str]:
    """What the trust policy must allow for a request of AssumeRole."""
    yield ASSUME
    if request.get("Tags"):
        yield "sts:TagSession"
    if request.get("SourceIdentity"):
        yield "sts:SetSourceIdentity"


def assume_role_context(request: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The condition keys that the parameters of AssumeRole fill."""
    found: dict[str, tuple[str, ...]] = {
        key: (str(request[name]),)
        for name, key in (
            ("ExternalId", "sts:externalid"),
            ("RoleSessionName", "sts:rolesessionname"),
            ("SourceIdentity", "sts:sourceidentity"),
        )
        if request.get(name)
    }
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in request.get("Tags") or []}
    found |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    if tags:
        found["aws:tagkeys"] = tuple(tags)
    if request.get("TransitiveTagKeys"):
        found["sts:transitivetagkeys"] = tuple(request["TransitiveTagKeys"])
    return found
