"""Which command changes a stage, for messages that advise one: what a guarded stage refuses leads nobody out. Pure.

``by_hand``: whether people may change the stage, else its CodePipeline alone (``deployed_by_hand`` of the stage file).
"""

from __future__ import annotations


def deploying(stage: str, *, by_hand: bool, release: str | None = None) -> str:
    """``release``: that one, where people may say which; the CodePipeline makes one of the branch as it is."""
    if not by_hand:
        return "make codepipeline; make approve"
    return f"make deploy STAGE={stage}" + (f" RELEASE={release}" if release else "")


def running(stage: str, *, by_hand: bool) -> str:
    """What starts the pipeline of a stage that something is deployed in."""
    if by_hand:
        return f"make run STAGE={stage}"
    return f"make status STAGE={stage}   # says when the schedule runs it next; nobody starts it by hand"


def verifying(stage: str, *, by_hand: bool) -> str:
    return f"make verify STAGE={stage}" if by_hand else "make codepipeline ARGS=--retry   # verifies again"


def going_back(stage: str, *, by_hand: bool) -> str:
    command = f"make rollback STAGE={stage} RELEASE=<release>"
    return command if by_hand else f'{command}   # by the CodePipeline; in an emergency with BREAK_GLASS="why"'


def unverified(stage: str, release: str, *, by_hand: bool) -> str:
    """The last resort for a release that the stage before has not verified."""
    command = f"make deploy STAGE={stage} UNVERIFIED=1 RELEASE={release}"
    return f"recorded: {command}" if by_hand else f'in an emergency, recorded and told: {command} BREAK_GLASS="why"'


def destroying(stage: str, *, by_hand: bool) -> str:
    """Nothing but a person deletes a stack, so that of a guarded stage takes a broken glass."""
    command = f"make destroy STAGE={stage}" + (" ARGS=--yes-delete-prod" if stage == "prod" else "")
    return command if by_hand else f'{command} BREAK_GLASS="why"'


def switching(stage: str, state: str, *, by_hand: bool) -> str:
    """``state``: ON or OFF. The reason is the one for breaking the glass, where there is a glass."""
    return f'make schedule STAGE={stage} {state.upper()} {"REASON" if by_hand else "BREAK_GLASS"}="why"'
