"""What a stack's status allows: deploy now, wait, or stop and say which command mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scripts.decisions.ways_to_change import deploying, destroying
from scripts.errors import StackError

RELEASE_CHANGE_SETS = "release"  # the CodePipeline's change set is named just so
BOOTSTRAP_CHANGE_SETS = "bootstrap-"
SCHEDULE_CHANGE_SETS = "schedule"
PREVIEWS = "preview-"  # no role may execute a change set of such a name
Readiness = Literal["create", "update", "wait"]
_DEPLOYABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
_BUSY_WITH_A_CHANGE = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"}
_BROKEN_UPDATE = {"UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED"}


@dataclass(frozen=True)
class Stack:
    """A stack as DescribeStacks tells it."""

    name: str
    id: str
    status: str
    reason: str
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        return not self.status.endswith("_IN_PROGRESS")

    @property
    def succeeded(self) -> bool:
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE")


def readiness(
    stack: Stack | None,
    wanted: Mapping[str, str | None],
    pending: Sequence[str],
    stage: str,
    region: str,
    *,
    by_hand: bool = True,
) -> Readiness:
    """What may be done with a stack now.

    ``wanted`` are the parameters it shall have: a stack that is busy getting just these is waited for, since an
    earlier, interrupted run of the same command started that. ``pending`` names its change sets that were not
    executed; ``by_hand``: whether people may change the stage. Raises StackError for everything that a person must
    look at first.
    """
    if stack is None:
        return "create"
    if stack.status == "REVIEW_IN_PROGRESS":
        ours = (RELEASE_CHANGE_SETS, BOOTSTRAP_CHANGE_SETS, PREVIEWS)
        foreign = [name for name in pending if not name.startswith(ours)]
        if foreign:
            raise _stuck(
                stack, f"its change set {foreign[0]} is not from this deployment and waits for a review", stage, by_hand
            )
        return "create"
    if stack.status in _DEPLOYABLE:
        return "update"
    if not stack.settled:
        return _wait_or_refuse(stack, wanted, stage, region, by_hand)
    if stack.status in _BROKEN_UPDATE:
        raise StackError(
            f"stack {stack.name} is in {stack.status} and cannot be updated",
            found=_reason(stack),
            next_command=f"make rollback STAGE={stage}   # carries its rollback on and leaves out what cannot be; "
            f"where nothing else helps: {destroying(stage, by_hand=by_hand)}"
            f", which keeps data, then {deploying(stage, by_hand=by_hand)}",
        )
    raise _stuck(stack, "CloudFormation can only delete it in this state", stage, by_hand)


def _wait_or_refuse(
    stack: Stack, wanted: Mapping[str, str | None], stage: str, region: str, by_hand: bool
) -> Readiness:
    busy_with_ours = all(stack.parameters.get(name) == value for name, value in wanted.items())
    if busy_with_ours and stack.status in _BUSY_WITH_A_CHANGE:
        return "wait"
    raise StackError(
        f"stack {stack.name} is busy: {stack.status}",
        found=_reason(stack),
        next_command=f"aws cloudformation describe-stack-events --stack-name {stack.name} --region {region}   "
        f"# wait until it is done; then: {deploying(stage, by_hand=by_hand)}",
    )


def _stuck(stack: Stack, why: str, stage: str, by_hand: bool) -> StackError:
    return StackError(
        f"stack {stack.name} is in {stack.status}: {why}",
        found=_reason(stack),
        next_command=f"{destroying(stage, by_hand=by_hand)}   # keeps data; then: {deploying(stage, by_hand=by_hand)}",
    )


def _reason(stack: Stack) -> list[str]:
    return [f"reason: {stack.reason}"] if stack.reason else []
