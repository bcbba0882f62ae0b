"""Going back: what a rollback will do, and what a stack that is stuck in its own rollback has to leave out. Pure.

A release is deployed again with the template and the parameters that it had, so its very bytes run again; nothing is
promoted. Only whether the schedule is on is today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scripts.decisions.canonical import sha256_of
from scripts.decisions.change_set import PropertyChange, parameter_changes
from scripts.decisions.schedule_switch import PARAMETER as SCHEDULE_STATE
from scripts.decisions.stacks import RELEASE_CHANGE_SETS, Stack
from scripts.errors import StackError

# What must happen to a stack before it can be changed again.
Settling = Literal["none", "wait", "cancel", "continue"]
_SETTLING: Mapping[str, Settling] = {
    "UPDATE_IN_PROGRESS": "cancel",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "wait",
    "UPDATE_ROLLBACK_FAILED": "continue",
    "CREATE_COMPLETE": "none",
    "UPDATE_COMPLETE": "none",
    "UPDATE_ROLLBACK_COMPLETE": "none",
    "IMPORT_COMPLETE": "none",
    "IMPORT_ROLLBACK_COMPLETE": "none",
}
_CANCELLED = "cancelled"


@dataclass(frozen=True)
class Rollback:
    """The plan: which release replaces which, by what, and how the stack gets ready for it."""

    stage: str
    release_id: str
    from_release: str | None
    parameters: dict[str, str]
    template: str
    stack: Stack
    settling: Settling
    passed: bool
    recorded: bool  # whether the ledger has it as the newest already
    notes: tuple[str, ...] = field(default=())

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        known = {name: value for name, value in self.stack.parameters.items() if name in self.parameters}
        return parameter_changes(known, self.parameters)

    @property
    def nothing_to_do(self) -> bool:
        """Whether the stack has just this already and is at rest, and the ledger says so."""
        return self.recorded and self.settling == "none" and self.stack.parameters == self.parameters

    @property
    def change_set(self) -> str:
        content = sha256_of([self.parameters, self.stack.id])
        return f"{RELEASE_CHANGE_SETS}-{self.release_id}-back-{content[:8]}"


def settling_of(stack: Stack, stage: str) -> Settling:
    """Raises StackError for a stack that was never there whole: there is nothing to go back to."""
    found = _SETTLING.get(stack.status)
    if found is None:
        raise StackError(
            f"stack {stack.name} is in {stack.status}: no earlier release of it is left to go back to",
            found=[f"reason: {stack.reason}"] if stack.reason else [],
            next_command=f"make status STAGE={stage}",
        )
    return found


def back_to(parameters: Mapping[str, str], schedule_state: str) -> dict[str, str]:
    """A deployment's parameters again; the schedule stays switched as it is."""
    return {**parameters, SCHEDULE_STATE: schedule_state}


@dataclass(frozen=True)
class ResourceEvent:
    """What CloudFormation tells of one resource, or of the stack itself: its logical id and status, and the reason."""

    resource: str
    status: str
    reason: str
    is_stack: bool = False


def resources_to_skip(newest_first: Iterable[ResourceEvent]) -> list[str]:
    """The resources that the newest rollback could not bring back, by logical id.

    Only what failed in the rollback itself may be skipped, and not what was cancelled because of it: those are tried
    again. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
    """
    failed: list[str] = []
    for event in newest_first:
        if event.is_stack and event.status == "UPDATE_ROLLBACK_IN_PROGRESS":
            break
        own = event.status == "UPDATE_FAILED" and _CANCELLED not in event.reason.lower()
        if not event.is_stack and own and event.resource not in failed:
            failed.append(event.resource)
    return sorted(failed)


def rollback_lines(plan: Rollback) -> list[str]:
    """The plan for people, one line each."""
    replaced = f", in place of {plan.from_release}" if plan.from_release else ""
    lines = [f"Back to release {plan.release_id}{replaced}: its own template, parameters and bytes"]
    if not plan.passed:
        lines.append("  ! it has not passed here: deployed because UNVERIFIED=1 is set; this is recorded")
    lines += [f"  ! {each}" for each in plan.notes]
    before = {
        "wait": f"is in {plan.stack.status}: waiting for it",
        "cancel": f"is in {plan.stack.status}: its change is cancelled first",
        "continue": f"is in {plan.stack.status}: its rollback is carried on first",
    }
    if plan.settling != "none":
        lines.append(f"Stack {plan.stack.name} {before[plan.settling]}")
    return [*lines, f"Stack {plan.stack.name}: change", *(f"    {each}" for each in plan.changes)]
