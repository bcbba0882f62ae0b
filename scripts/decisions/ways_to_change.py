"""Which command changes a stage, for messages that advise one: what a guarded stage refuses leads nobody out. Pure.

``by_hand``: whether people may change the stage, else its CodePipeline alone (``deployed_by_hand`` of the stage file).
"""

from __future__ import annotations


def deploying(stage: str, *, by_hand: bool) -> str:
    return f"make deploy STAGE={stage}" if by_hand else "make codepipeline; make approve"


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
