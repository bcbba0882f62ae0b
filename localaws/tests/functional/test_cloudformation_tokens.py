"""ClientRequestToken: a repeated request is answered, another request with the same token is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.stacks import Stacks, parameter, refused, resources

Client = Callable[..., Any]
TAKEN = "TokenAlreadyExistsException"


@pytest.fixture
def stacks(client: Client) -> Stacks:
    return Stacks(client("cloudformation"))


def valued(unique: str, value: str) -> dict[str, Any]:
    return resources(P=parameter(f"/{unique}", value))


@pytest.mark.aws_rule(
    "Operations that change a stack refuse a ClientRequestToken that the stack has seen with another request",
    page="https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html",
)
def test_another_change_set_of_the_same_name_needs_another_token(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, valued(unique, "A"))
    for value in ("B", "A"):
        stacks.change_set(unique, valued(unique, value), ChangeSetName=f"to-{value}")
        stacks.client.execute_change_set(StackName=unique, ChangeSetName=f"to-{value}", ClientRequestToken=f"t-{value}")
        stacks.rest(unique)
    again = stacks.change_set(unique, valued(unique, "B"), ChangeSetName="to-B")
    request = {"StackName": unique, "ChangeSetName": "to-B"}
    assert refused(stacks.client.execute_change_set, **request, ClientRequestToken="t-B")[0] == TAKEN
    stacks.client.execute_change_set(ChangeSetName=again["ChangeSetId"], ClientRequestToken="t-B-again")
    assert stacks.rest(unique)["StackStatus"] == "UPDATE_COMPLETE"


def test_the_same_execution_with_the_same_token_is_answered_again(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, valued(unique, "A"))
    made = stacks.change_set(unique, valued(unique, "B"))
    request = {"StackName": unique, "ChangeSetName": "changes"}
    for _ in range(2):
        stacks.client.execute_change_set(**request, ClientRequestToken="once")
        stacks.rest(unique)
    assert stacks.events(unique).count((unique, "UPDATE_IN_PROGRESS")) == 1
    stacks.client.execute_change_set(ChangeSetName=made["ChangeSetId"], ClientRequestToken="once")
    assert (
        refused(stacks.client.execute_change_set, **request, ClientRequestToken="twice")[0] == "InvalidChangeSetStatus"
    )


def test_an_update_is_repeated_by_its_token_alone(stacks: Stacks, unique: str) -> None:
    first = stacks.create(unique, valued(unique, "A"), ClientRequestToken="create")
    assert stacks.create(unique, valued(unique, "A"), ClientRequestToken="create")["StackId"] == first["StackId"]
    with pytest.raises(stacks.client.exceptions.TokenAlreadyExistsException):
        stacks.create(unique, valued(unique, "B"), ClientRequestToken="create")
    for _ in range(2):
        stacks.update(unique, valued(unique, "B"), ClientRequestToken="update")
    assert stacks.events(unique).count((unique, "UPDATE_IN_PROGRESS")) == 1
    with pytest.raises(stacks.client.exceptions.TokenAlreadyExistsException):
        stacks.update(unique, valued(unique, "C"), ClientRequestToken="update")


def test_a_deletion_with_a_used_token_is_refused(stacks: Stacks, unique: str) -> None:
    stacks.create(unique, valued(unique, "A"), ClientRequestToken="one")
    assert refused(stacks.client.delete_stack, StackName=unique, ClientRequestToken="one")[0] == TAKEN
    stacks.delete(unique, ClientRequestToken="two")
    stacks.create(unique, valued(unique, "A"), ClientRequestToken="one")
