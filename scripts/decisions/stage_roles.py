"""Which of a stage's roles an actor could not assume, and what that means: the next command differs with the reason.

AWS gives one answer, AccessDenied, for a role that does not exist and for one that does not trust the caller. What
else is known tells the two apart: whether the reader can be assumed, and what the stage file says. Pure.
"""

from __future__ import annotations

from scripts.decisions.names import RoleKind, StageNames
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import AccessDeniedError, DeploymentError, FoundationError

_DOES = {
    "reader": "reads the stage",
    "promoter": "registers model packages and writes releases",
    "verifier": "runs the pipeline and writes verifications",
    "deployment": "changes the stack",
    "break-glass": "changes the stage past its CodePipeline",
}


def no_reader(names: StageNames, denied: AccessDeniedError, *, is_earlier: bool) -> FoundationError:
    """The refusal of what every verb begins with. ``is_earlier``: the account has an older foundation's one role."""
    problem = (
        f"the foundation of stage {names.stage} in account {names.account} is of an earlier version: "
        "it has a deployment role, and none that only reads"
        if is_earlier
        else f"stage {names.stage}: account {names.account} has no reader role "
        f"that account {names.dev_account} may assume"
    )
    return FoundationError(problem, found=_found(names, "reader", denied), next_command="make bootstrap")


def not_trusted(
    kind: RoleKind,
    names: StageNames,
    settings: StageSettings,
    caller: str,
    denied: AccessDeniedError,
    *,
    in_build: bool,
) -> DeploymentError:
    """The refusal of a role that changes something, to a caller who may read."""
    found = [f"caller {caller}", *_found(names, kind, denied)]
    if kind == "break-glass":
        listed = ", ".join(settings.break_glass) or "nobody"
        return AccessDeniedError(
            f"{caller} may not break the glass of stage {names.stage}",
            found=[*found, f"stages/{names.stage}.yml names under break_glass: {listed}"],
            next_command=f"write the ARN under break_glass: in stages/{names.stage}.yml, then: make bootstrap",
        )
    problem = f"{caller} may not assume the {kind} role of stage {names.stage}, which {_DOES[kind]}"
    if in_build:
        next_command = "make bootstrap   # gives each build its role, and lets the stage's role trust just that one"
    elif settings.deployed_by_hand:
        next_command = f"make bootstrap   # stages/{names.stage}.yml says deployed_by_hand: true; the account must know"
    else:
        next_command = f'the same command with BREAK_GLASS="reason"   # stage {names.stage} is not changed by hand'
    return AccessDeniedError(problem, found=found, next_command=next_command)


def _found(names: StageNames, kind: RoleKind, denied: AccessDeniedError) -> list[str]:
    return [f"AssumeRole {names.role_arn(kind)}", *denied.found[2:]]
