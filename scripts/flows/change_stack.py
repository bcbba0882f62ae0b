"""Changes or deletes a stack and shows its events until it has settled. What the change is, others have decided."""

from __future__ import annotations

from scripts.decisions.stacks import Stack
from scripts.errors import StackError
from scripts.gateways.stacks import ChangeSet, StackEvent, Stacks
from scripts.terminal.progress import Progress

CREATION_INITIATED = "Resource creation Initiated"


def execute_and_follow(stacks: Stacks, change_set: ChangeSet, progress: Progress) -> Stack:
    """Execute a change set, show the stack's events, and return the stack. Raises StackError where it failed."""
    before = stacks.describe(change_set.stack)
    if before is None:
        raise StackError(f"stack {change_set.stack} no longer exists", next_command="run the command again")
    seen = {event.id for event in stacks.recent_events(before.id)}
    stacks.execute(change_set)
    return follow_stack(stacks, before, seen, progress)


def delete_and_follow(stacks: Stacks, stack: Stack, role_arn: str | None, progress: Progress) -> None:
    """Delete a stack and show its events until it is gone. Raises StackError where it stays."""
    seen = {event.id for event in stacks.recent_events(stack.id)}
    stacks.delete(stack.id, role_arn)
    show_until_settled(stacks, stack, seen, progress)
    after = stacks.describe(stack.id)
    if after is not None and after.status != "DELETE_COMPLETE":
        raise StackError(
            f"stack {stack.name} could not be deleted: it is in {after.status}",
            found=stacks.failures(stack.id),
            next_command="fix the cause, then run the command again",
        )


def follow_stack(stacks: Stacks, stack: Stack, seen: set[str], progress: Progress) -> Stack:
    """Show events until the stack has settled. Raises StackError, with what failed first, unless that went well."""
    show_until_settled(stacks, stack, seen, progress)
    after = stacks.describe(stack.id)
    if after is None or not after.succeeded:
        status = after.status if after else "gone"
        raise StackError(
            f"stack {stack.name} is in {status}: CloudFormation rolled the change back",
            found=stacks.failures(stack.id),
            next_command=f"aws cloudformation describe-stack-events --stack-name {stack.name}",
        )
    return after


def show_until_settled(stacks: Stacks, stack: Stack, seen: set[str], progress: Progress) -> None:
    """Show events until the stack has settled, however that ends."""
    with progress.awaiting(f"CloudFormation: stack {stack.name}"):
        for event in stacks.follow(stack, seen):
            _show(event, progress)


def _show(event: StackEvent, progress: Progress) -> None:
    # CloudFormation tells the start of a creation twice: when it begins, and when the resource has its name.
    if event.reason != CREATION_INITIATED:
        progress.event(f"{event.resource}  {event.type}", event.status, event.reason)
