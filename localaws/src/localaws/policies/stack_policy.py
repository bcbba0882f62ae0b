"""Whether a stack's policy lets an update touch a resource. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

import re

from localaws.core.errors import ServiceError
from localaws.policies.document import Statement, read
from localaws.policies.errors import PolicyError
from localaws.policies.evaluation import Policies, Query, decide
from localaws.policies.principals import Principal

_OPERATORS = ("StringEquals", "StringLike")
_ACTIONS = re.compile(r"\*|Update:(\*|Modify|Replace|Delete)", re.IGNORECASE)
_RESOURCES = re.compile(r"\*|LogicalResourceId/.+")
_EVERYBODY = Principal.service("cloudformation")


def check_policy_document(body: str) -> None:
    """Raise ServiceError for a document that is not a stack policy, or that says what stack policies cannot."""
    try:
        for statement in read(body, "stack").statements:
            _check(statement)
    except PolicyError as error:
        raise ServiceError("ValidationError", f"Error validating stack policy: {error}") from error


def denial(body: str | None, logical_id: str, resource_type: str, action: str) -> str | None:
    """Why ``action`` (``Update:Modify``, ``Update:Replace``, ``Update:Delete``) is denied, or None where it is allowed.

    Without a policy everything is allowed; with one, what no statement allows is denied.
    """
    if not body:
        return None
    query = Query(action, f"LogicalResourceId/{logical_id}", {"resourcetype": (resource_type,)}, complete=True)
    decision = decide(query, _EVERYBODY, Policies(resource_policy=body, resource_kind="stack"))
    if decision.allowed:
        return None
    if decision.explicit:
        number = decision.statements[0][2].number
        return f"Action denied by stack policy: Statement [#{number}] denies [{action}] for resource [{logical_id}]"
    return f"Action not allowed by stack policy: [{action}] for resource [{logical_id}]"


def _check(statement: Statement) -> None:
    where = f"statement {statement.number}"
    for action in statement.actions.values:
        if not _ACTIONS.fullmatch(action):
            raise PolicyError(f"Action {action!r} of {where} must be Update:Modify, :Replace, :Delete or :*")
    for resource in statement.resources.values if statement.resources else ():
        if not _RESOURCES.fullmatch(resource):
            raise PolicyError(f"Resource {resource!r} of {where} must be * or LogicalResourceId/name")
    for test in statement.conditions:
        if test.key != "resourcetype" or test.name not in _OPERATORS:
            raise PolicyError(f"the Condition of {where} must test ResourceType by StringEquals or StringLike")
