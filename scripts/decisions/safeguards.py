"""What a change set takes away that guarded something: a permissions boundary, a policy, a statement of a policy.

It compares a resource's properties before and after, which DescribeChangeSet gives whole; a statement is known by its
Sid, and one without by all that it says, so that moving it is no removal. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.decisions.change_set import ResourceChange

BOUNDARY = "PermissionsBoundary"
_POLICIES = frozenset(
    {
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::UserPolicy",
        "AWS::IAM::GroupPolicy",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Events::EventBusPolicy",
    }
)


def removed_safeguards(change: ResourceChange) -> list[str]:
    """In words, what this change takes away; empty where nothing is."""
    if change.action == "Remove":
        return [f"the policy {change.logical_id}"] if change.type in _POLICIES else []
    if change.action != "Modify":
        return []
    if change.before is None or change.after is None:  # CloudFormation told no values: the paths are all there is
        return [
            f"the permissions boundary {each.before or ''}".rstrip()
            for each in change.properties
            if each.path.endswith(f"/{BOUNDARY}") and each.after is None
        ]
    before, after = change.before, change.after
    found = []
    if before.get(BOUNDARY) and not after.get(BOUNDARY):
        found.append(f"the permissions boundary {before[BOUNDARY]}")
    found += [
        f"the managed policy {arn}"
        for arn in _texts(before.get("ManagedPolicyArns"))
        if arn not in _texts(after.get("ManagedPolicyArns"))
    ]
    kept = dict(_documents(after))
    for path, document in _documents(before):
        if path not in kept:
            found.append(f"the policy {path}")
            continue
        there = {_identity(each) for each in _statements(kept[path])}
        found += [
            f"the statement {_name(each)} of {path}" for each in _statements(document) if _identity(each) not in there
        ]
    return found


def _documents(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every policy document within properties, by where it stands; one of a list of policies by its name."""
    value = _parsed(value)
    if isinstance(value, dict):
        if "Statement" in value:
            yield path, value
            return
        for key, each in value.items():
            yield from _documents(each, f"{path}/{key}" if path else str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            name = each.get("PolicyName", index) if isinstance(each, dict) else index
            yield from _documents(each, f"{path}/{name}")


def _parsed(value: Any) -> Any:
    """A document that is given as its text is read; any other text stays."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _statements(document: Mapping[str, Any]) -> list[Any]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _identity(statement: Any) -> str:
    sid = statement.get("Sid") if isinstance(statement, dict) else None
    effect = statement.get("Effect") if isinstance(statement, dict) else None
    return f"{effect} {sid}" if sid else json.dumps(statement, sort_keys=True)


def _name(statement: Any) -> str:
    if isinstance(statement, dict) and statement.get("Sid"):
        return f"{statement['Sid']} ({statement.get('Effect')})"
    return json.dumps(statement, sort_keys=True)[:100]


def _texts(value: Any) -> list[str]:
    return [json.dumps(each, sort_keys=True) if not isinstance(each, str) else each for each in value or []]
