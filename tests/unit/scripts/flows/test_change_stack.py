"""Following a stack until it has settled, and what is said where that went badly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from scripts.decisions.stacks import Stack
from scripts.errors import StackError
from scripts.flows.change_stack import CREATION_INITIATED, delete_and_follow, execute_and_follow
from scripts.gateways.stacks import ChangeSet, StackEvent, Stacks
from scripts.terminal.progress import Progress

BEFORE = Stack("batch", "arn:batch", "UPDATE_COMPLETE", "")
CHANGE_SET = ChangeSet("arn:changeSet/release-1/1", "release-1", "batch", ())


def event(number: int, status: str, reason: str = "") -> StackEvent:
    return StackEvent(f"e{number}", "Rule", "AWS::Events::Rule", status, reason)


@dataclass
class FakeStacks:
    """A stack that ends in ``ends``; None: it is gone."""

    ends: str | None
    done: list[str] = field(default_factory=list)

    def describe(self, name: str) -> Stack | None:
        if not self.done:
            return BEFORE
        return replace(BEFORE, status=self.ends) if self.ends else None

    def recent_events(self, stack_id: str) -> list[StackEvent]:
        return [event(0, "UPDATE_COMPLETE")]

    def execute(self, change_set: ChangeSet) -> None:
        self.done.append(change_set.name)

    def delete(self, stack_id: str, role_arn: str | None) -> None:
        self.done.append(f"delete as {role_arn}")

    def follow(self, stack: Stack, seen: set[str]) -> Iterator[StackEvent]:
        assert seen == {"e0"}  # what was there before is no news
        yield event(1, "CREATE_IN_PROGRESS")
        yield event(2, "CREATE_IN_PROGRESS", CREATION_INITIATED)
        yield event(3, "CREATE_COMPLETE")

    def failures(self, stack_id: str) -> list[str]:
        return ["Rule: no such role"]


def stacks(ends: str | None) -> tuple[FakeStacks, Stacks]:
    fake = FakeStacks(ends)
    return fake, cast(Stacks, fake)


def test_a_change_set_is_executed_and_its_events_are_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    fake, given = stacks("UPDATE_COMPLETE")
    assert execute_and_follow(given, CHANGE_SET, Progress(colour=False)).status == "UPDATE_COMPLETE"
    assert fake.done == ["release-1"]
    assert capsys.readouterr().err.count("AWS::Events::Rule") == 2


@pytest.mark.parametrize("ends", ["UPDATE_ROLLBACK_COMPLETE", None])
def test_a_change_that_was_undone_is_an_error_with_what_failed_first(ends: str | None) -> None:
    with pytest.raises(StackError) as refused:
        execute_and_follow(stacks(ends)[1], CHANGE_SET, Progress(colour=False))
    assert refused.value.found == ["Rule: no such role"]
    assert "describe-stack-events --stack-name batch" in str(refused.value.next_command)


@pytest.mark.parametrize("ends", ["DELETE_COMPLETE", None])
def test_a_stack_is_deleted_as_the_role_that_may(ends: str | None) -> None:
    fake, given = stacks(ends)
    delete_and_follow(given, BEFORE, "arn:role", Progress(colour=False))
    assert fake.done == ["delete as arn:role"]


def test_a_stack_that_stays_is_an_error() -> None:
    with pytest.raises(StackError, match="it is in DELETE_FAILED"):
        delete_and_follow(stacks("DELETE_FAILED")[1], BEFORE, None, Progress(colour=False))
