"""Breaking the glass: a person changes a stage that only its CodePipeline changes, says why, and everybody hears of it.

What is written down is a ``Use``, below ``break-glass/`` of the stage's bucket, where nothing is ever overwritten or
deleted. This module says when the glass may be broken, what a use looks like, and how it is told. Pure.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from scripts.decisions.names import BREAK_GLASS_FOLDER
from scripts.errors import DeploymentError, GuardedStageError, UsageError

FORMAT = 1
LONGEST_REASON = 500
LONGEST_SUBJECT = 100  # of a message; SNS refuses a longer one
VARIABLE = "BREAK_GLASS"
_RELEASED = "make bootstrap   # once: makes the CodePipeline; then: git push, or make codepipeline; and: make approve"
# What leads to the same through the CodePipeline, by verb; for the others there is no such way.
_WAYS = {
    "deploy": _RELEASED,
    "promote": _RELEASED,
    "verify": "make codepipeline ARGS=--retry   # verifies again",
    "run": "make status STAGE={stage}   # says when the schedule runs it next",
    "schedule": "schedule_enabled: in stages/{stage}.yml, git push, then: make approve",
}


@dataclass(frozen=True)
class Use:
    """Who was about to change what, when and why. ``release_id``: where a release is what the verb is about."""

    at: str
    by: str
    reason: str
    verb: str
    stage: str
    pipeline: str
    command: str
    release_id: str | None = None

    def key(self, distinct: str) -> str:
        """Sorted by time; ``distinct`` tells two uses of the same second apart."""
        return f"{BREAK_GLASS_FOLDER}{self.at.replace(':', '-')}-{self.verb}-{distinct}.json"

    def written(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True).encode() + b"\n"

    @property
    def sentence(self) -> str:
        release = f", release {self.release_id}" if self.release_id else ""
        return f"{self.at} {self.verb}{release} by {self.by}: {self.reason}"

    @property
    def subject(self) -> str:
        """One line of ASCII, as SNS wants it."""
        return f"Glass broken: {self.verb} of {self.pipeline} in {self.stage}"[:LONGEST_SUBJECT]

    @property
    def message(self) -> str:
        release = f", release {self.release_id}" if self.release_id else ""
        lines = [
            f"Stage {self.stage} is about to be changed past its CodePipeline.",
            f"who      {self.by}",
            f"when     {self.at}",
            f"why      {self.reason}",
            f"what     {self.verb}, pipeline {self.pipeline}{release}",
            f"command  {self.command}",
        ]
        return "\n".join(lines) + "\n"


def read_use(content: bytes | None, where: str) -> Use | str:
    """The use that was written there, or why it cannot be read: a sentence, since looking must always be possible."""
    try:
        values = json.loads(content or b"")
        if values.pop("format") != FORMAT:
            return f"{where} is of another version"
        return Use(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return f"{where} is not what this project wrote"


def way_of(
    stage: str, verb: str, reason: str | None, *, deployed_by_hand: bool, in_build: bool, role_exists: bool
) -> str | None:
    """The reason with which the glass is broken; None where the actor's own roles do.

    Raises GuardedStageError for a person without a reason, UsageError for an empty reason and for one that is not
    needed. ``role_exists``: whether the stage file names anybody who may break the glass.
    """
    if reason is not None and not reason.strip():
        raise UsageError(
            f"{VARIABLE} is empty: whoever breaks the glass says why",
            next_command=f'make {verb} STAGE={stage} {VARIABLE}="why"',
        )
    if reason is not None and (in_build or deployed_by_hand):
        why = "a build has roles of its own" if in_build else f"stages/{stage}.yml says deployed_by_hand: true"
        raise UsageError(f"there is no glass to break: {why}", next_command=f"the same command without {VARIABLE}")
    if reason is not None and len(reason.strip()) > LONGEST_REASON:
        raise UsageError(
            f"the reason has {len(reason.strip())} characters; the limit is {LONGEST_REASON}",
            next_command=f'make {verb} STAGE={stage} {VARIABLE}="shorter"',
        )
    if reason is None and not in_build and not deployed_by_hand:
        raise guarded(stage, verb, role_exists=role_exists)
    return reason.strip() if reason is not None else None


def guarded(stage: str, verb: str, *, role_exists: bool) -> DeploymentError:
    prepare = "" if role_exists else f"name who may under break_glass: in stages/{stage}.yml, make bootstrap, then: "
    # What schedule switches to, the user has said; it stands behind the stage.
    command = "the same command with" if verb == "schedule" else f"make {verb} STAGE={stage}"
    emergency = f'in an emergency, recorded and told to the topic: {prepare}{command} {VARIABLE}="why"'
    way = _WAYS.get(verb, "").format(stage=stage)
    # Last, since it is the last resort; nothing but a person deletes a stack.
    last = f"{way}{'; ' if '#' in way else '   # '}{emergency}" if way else emergency
    return GuardedStageError(
        f"only its CodePipeline changes stage {stage}, after an approval, and {verb} would change it",
        found=[f"stages/{stage}.yml says deployed_by_hand: false"],
        next_command=last,
    )
