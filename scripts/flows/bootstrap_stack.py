"""A stack that stands before every release (a foundation, the toolchain, a CodePipeline): planned, then deployed.

Planning reads the stack and has CloudFormation make the change set, which changes nothing; ``carry_out`` executes that
very change set. For a stack that is new, none is made before somebody said yes, since it would leave an empty stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scripts.decisions.canonical import sha256_of
from scripts.decisions.stack_preview import creation_lines, removals, update_lines
from scripts.decisions.stacks import BOOTSTRAP_CHANGE_SETS, Readiness, Stack, readiness
from scripts.decisions.template_parameters import Declared, effective
from scripts.errors import StackError
from scripts.flows.change_stack import delete_and_follow, execute_and_follow, follow_stack
from scripts.gateways.stacks import ChangeSet, StackRequest, Stacks
from scripts.terminal.progress import Progress

_FAILED_CREATION = "ROLLBACK_COMPLETE"


@dataclass(frozen=True)
class PlannedStack:
    """One stack and what is to happen to it. ``change_set`` is None where the stack is new or busy with just this."""

    stacks: Stacks
    request: StackRequest
    stack: Stack | None
    ready: Readiness
    change_set: ChangeSet | None
    declared: Declared

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def changes_something(self) -> bool:
        return self.change_set is None or not self.change_set.empty

    @property
    def removals(self) -> int:
        return removals(self.change_set.changes) if self.change_set else 0

    @property
    def heading(self) -> str:
        """What is to happen, after the stack's name."""
        if self.ready == "wait":
            return "is getting just this already, from a run that was interrupted"
        if self.change_set is None:
            return "is new, and made with"
        return "stays as it is" if self.change_set.empty else "changes"

    def lines(self) -> list[str]:
        """Each parameter and property of it; none where nothing changes."""
        if self.ready == "wait":
            return []
        if self.stack is None or self.change_set is None:
            return creation_lines(self.request.parameters)
        if self.change_set.empty:
            return []
        before = self.stack.parameters
        return update_lines(before, effective(self.request.parameters, self.declared, before), self.change_set.changes)


def plan_stack(
    stacks: Stacks, request: StackRequest, declared: Declared, stage: str, region: str, progress: Progress
) -> PlannedStack:
    """What bringing one stack to what ``request`` says would do; its change set and kind are filled in here."""
    stack = stacks.describe(request.name)
    former = stack
    if stack is not None and stack.status == _FAILED_CREATION:
        stack = None  # its leftover is deleted when the plan is carried out
    told = {name: value for name, value in request.parameters.items() if value is not None}
    pending = stacks.pending_change_sets(request.name) if stack and stack.status == "REVIEW_IN_PROGRESS" else []
    ready = readiness(stack, told, pending, stage, region)
    if ready != "update":
        request = replace(request, parameters=_written_out(request.parameters, former))
        return PlannedStack(stacks, _named(request, "CREATE", former), former, ready, None, declared)
    request = _named(request, "UPDATE", stack)
    with progress.awaiting(f"CloudFormation: the change set of {request.name}"):
        change_set = stacks.make_change_set(request)
    return PlannedStack(stacks, request, stack, ready, change_set, declared)


def carry_out(planned: PlannedStack, progress: Progress) -> tuple[Stack, bool]:
    """Do what was planned; the stack as it is then, and whether something was changed."""
    stacks, request, stack = planned.stacks, planned.request, planned.stack
    if planned.ready == "wait" and stack is not None:
        return follow_stack(stacks, stack, set(), progress), True
    if stack is not None and stack.status == _FAILED_CREATION:
        # The leftover of a creation that failed: it holds nothing, and CloudFormation lets it only be deleted.
        progress.line(f"deleting {stack.name}, whose creation failed")
        delete_and_follow(stacks, stack, None, progress)
    change_set = planned.change_set
    if change_set is None:
        with progress.awaiting(f"CloudFormation: the change set of {request.name}"):
            change_set = stacks.make_change_set(request)
    if change_set.empty:
        current = stacks.describe(request.name)
        if current is None:
            raise StackError(f"stack {request.name} no longer exists", next_command="make bootstrap")
        return current, False
    try:
        return execute_and_follow(stacks, change_set, progress), True
    except StackError as error:
        if any("already exists" in line for line in error.found):
            raise _name_taken(error) from error
        raise


def discard(planned: PlannedStack) -> None:
    """Delete the change set of a plan that nobody wants."""
    if planned.change_set is not None and not planned.change_set.empty:
        planned.stacks.delete_change_set(planned.request.name, planned.request.change_set)


def _written_out(parameters: Mapping[str, str | None], former: Stack | None) -> dict[str, str | None]:
    """The same for a stack that must be made: CloudFormation knows no previous values of it."""
    before = former.parameters if former else {}
    values = {name: before.get(name) if value is None else value for name, value in parameters.items()}
    return {name: value for name, value in values.items() if value is not None}


def _named(request: StackRequest, kind: str, stack: Stack | None) -> StackRequest:
    """The request of its kind, named by its content: an interrupted run's change set is found again.

    What the stack has now belongs to it, since values that are kept stand in the change set too.
    """
    content = [request.template, request.parameters, request.tags, stack.parameters if stack else {}]
    return replace(request, change_set=f"{BOOTSTRAP_CHANGE_SETS}{sha256_of(content)[:16]}", kind=kind)


def _name_taken(error: StackError) -> StackError:
    """The same, with what may have taken the name, and how it is freed."""
    return StackError(
        error.problem,
        found=[
            *error.found,
            "a deleted stack left it behind, or a foundation in another region owns it",
        ],
        next_command="make bootstrap   # first delete what is named, e.g. aws s3 rb s3://NAME --force; or set "
        "the other foundation's region in stages/ or AWS_REGION; on the embedded AWS: make local-reset",
    )
