"""What IAM says of a role: the simulation of its policies, and the policies themselves; bootstrap puts them back.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from scripts.gateways.accounts import Account
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors

_MOST_ACTIONS = 50  # of one request; IAM's own limit is on the request's size


@dataclass(frozen=True)
class Simulated:
    """IAM's verdict on one action: ``allowed``, ``implicitDeny`` or ``explicitDeny``. ``missing``: condition keys that
    the policies test and the simulation was not told. ``bounded``: the permissions boundary does not allow it."""

    decision: str
    missing: tuple[str, ...] = ()
    bounded: bool = False
    by_organization: bool = False


@dataclass(frozen=True)
class HeldPolicies:
    """A role's trust policy, its inline and attached policies, and its permissions boundary."""

    trust: dict[str, Any]
    documents: tuple[dict[str, Any], ...]
    boundary: dict[str, Any] | None


def simulate(
    account: Account, role_arn: str, actions: Sequence[str], resource: str, context: Mapping[str, str]
) -> dict[str, Simulated] | None:
    """Each action's verdict on one resource; None where there is no such role. Raises AccessDeniedError where we may
    not simulate."""
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in sorted(context.items())
    ]
    pages = account.client("iam").get_paginator("simulate_principal_policy")
    found: dict[str, Simulated] = {}
    with told_as_deployment_errors(account.actor):
        for start in range(0, len(actions), _MOST_ACTIONS):
            request: dict[str, Any] = {
                "PolicySourceArn": role_arn,
                "ActionNames": list(actions[start : start + _MOST_ACTIONS]),
                "ResourceArns": [resource],
                "ContextEntries": entries,
            }
            try:
                for page in pages.paginate(**request):
                    found |= {each["EvalActionName"]: _simulated(each, resource) for each in page["EvaluationResults"]}
            except ClientError as error:
                if error_code(error) == "NoSuchEntity":
                    return None
                raise
    return found


def _simulated(result: Mapping[str, Any], resource: str) -> Simulated:
    """The resource's own result where there is one: the action's is over all resources."""
    specific = result.get("ResourceSpecificResults", [])
    own: Mapping[str, Any] = next((each for each in specific if each["EvalResourceName"] == resource), {})
    boundary = own.get("PermissionsBoundaryDecisionDetail") or result.get("PermissionsBoundaryDecisionDetail") or {}
    organization = result.get("OrganizationsDecisionDetail") or {}
    return Simulated(
        str(own.get("EvalResourceDecision") or result["EvalDecision"]),
        tuple(own.get("MissingContextValues") or result.get("MissingContextValues") or ()),
        boundary.get("AllowedByPermissionsBoundary") is False,
        organization.get("AllowedByOrganizations") is False,
    )


def held_policies(account: Account, role: str) -> HeldPolicies | None:
    """Everything that the role named ``role`` holds; None where there is no such role."""
    iam = account.client("iam")
    with told_as_deployment_errors(account.actor):
        try:
            found = iam.get_role(RoleName=role)["Role"]
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return None
            raise
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for page in iam.get_paginator("list_role_policies").paginate(RoleName=role)
            for name in page["PolicyNames"]
        ]
        documents += [
            _managed(iam, each["PolicyArn"])
            for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
            for each in page["AttachedPolicies"]
        ]
        boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return HeldPolicies(
            _document(found["AssumeRolePolicyDocument"]),
            tuple(map(_document, documents)),
            _document(_managed(iam, boundary)) if boundary else None,
        )


def trust_policy(account: Account, role: str) -> dict[str, Any] | None:
    """Who may assume the role named ``role``; None where there is no such role."""
    with told_as_deployment_errors(account.actor):
        try:
            return _document(account.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return None
            raise


def restore_role(account: Account, name: str, wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> None:
    """Give a role the trust, policies and boundary that its template gives it, and no others; ``found``: what it has.

    A role that is gone is made again under its name.
    """
    iam = account.client("iam")
    trust, boundary = json.dumps(wanted["AssumeRolePolicyDocument"]), wanted.get("PermissionsBoundary")
    with told_as_deployment_errors(account.actor):
        if found is None:
            bounded = {"PermissionsBoundary": boundary} if boundary else {}
            description = str(wanted.get("Description", ""))
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Description=description, **bounded)
        else:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
            if boundary:
                iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
            elif found.get("PermissionsBoundary"):
                iam.delete_role_permissions_boundary(RoleName=name)
        policies = {each["PolicyName"]: each["PolicyDocument"] for each in wanted.get("Policies", [])}
        for each, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=each, PolicyDocument=json.dumps(document))
        for each in {entry["PolicyName"] for entry in (found or {}).get("Policies", [])} - policies.keys():
            iam.delete_role_policy(RoleName=name, PolicyName=each)
        managed, attached = set(wanted.get("ManagedPolicyArns", [])), set((found or {}).get("ManagedPolicyArns", []))
        for arn in managed - attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in attached - managed:
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)


def _managed(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _document(document: Any) -> dict[str, Any]:
    """botocore has decoded it already, but for a document that is text."""
    return json.loads(document) if isinstance(document, str) else dict(document)
