"""Finds change sets. A document's key is its stack's key and the change set's uuid."""

from __future__ import annotations

from typing import Any

from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.services.cloudformation.records import Records

_SPENT = ("EXECUTE_COMPLETE", "EXECUTE_IN_PROGRESS", "EXECUTE_FAILED")


def find_change_set(records: Records, caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """The change set that ChangeSetName means (with StackName, or an ARN); where there is none, AWS's refusal."""
    name, stack_name = request["ChangeSetName"], request.get("StackName")
    if name.startswith("arn:"):
        every = records.change_sets.values(f"{caller.account}/{caller.region}/")
        found = [each for each in every if each["ChangeSetId"] == name]
    else:
        if not stack_name:
            raise ServiceError(
                "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN."
            )
        stack = records.stack(caller, stack_name, "Stack [{}] does not exist")
        every = records.change_sets.values(f"{stack['Key']}/")
        found = [each for each in every if each["ChangeSetName"] == name]
        found.sort(key=lambda each: each["ExecutionStatus"] in _SPENT, reverse=True)  # a live one comes last
    if not found:
        raise ServiceError("ChangeSetNotFoundException", f"ChangeSet [{name}] does not exist")
    return found[-1]


def live_change_sets(records: Records, stack_key: str) -> list[dict[str, Any]]:
    """A stack's change sets but those that were executed."""
    found = records.change_sets.values(f"{stack_key}/")
    return [each for each in found if each["ExecutionStatus"] not in _SPENT]
