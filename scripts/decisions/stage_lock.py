"""One at a time: who holds a stage's pipeline while it is changed, and when somebody else may take it from them.

The lock is one object in the stage's bucket, written over nothing or over the very one that was read. Whoever gives it
back leaves it there as free. It is taken from its holder only where that one is known to have ended; of a holder about
whom nobody here can know, a person decides, with a reason. Pure: what was read goes in, sentences come out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import StackError

AGE_TO_BREAK = timedelta(hours=1)  # of a lock whose holder may be alive, for all that can be known
Kind = Literal["process", "build", "execution"]
Fate = Literal["ended", "running", "unknown"]


class Holder(BaseModel):
    """Whoever changes a stage: ``by`` an ARN, ``where`` in words, and ``kind`` and ``id`` to ask after it.

    ``id`` is that of a CodePipeline's execution, of a build, or the name of the mark that a process leaves on its disk.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    kind: Kind
    id: str
    by: str
    where: str
    verb: str


class StageLock(BaseModel):
    """``locks/<pipeline>.json``. ``token`` is new each time that it is taken; ``held`` false: it was given back."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    format: Literal[1]
    stage: str
    pipeline: str
    token: str
    since: str
    held: bool
    holder: Holder

    def written(self) -> bytes:
        return self.model_dump_json(indent=2).encode() + b"\n"

    def is_of(self, holder: Holder) -> bool:
        """Whether this very execution of the CodePipeline holds it already, as in an action that is run again."""
        return self.holder.kind == holder.kind == "execution" and self.holder.id == holder.id

    @property
    def sentence(self) -> str:
        return f"{self.holder.verb} by {self.holder.by}, in {self.holder.where}, since {self.since}"

    def age(self, now: datetime) -> timedelta:
        return now - datetime.fromisoformat(self.since)


def read_lock(content: bytes | None) -> StageLock | str | None:
    """The lock; None where nobody ever took it; why it cannot be read, where it says nothing of its holder."""
    if content is None:
        return None
    try:
        lock = StageLock.model_validate_json(content, strict=True)
        if datetime.fromisoformat(lock.since).tzinfo is None:
            raise ValueError(lock.since)
    except (ValidationError, ValueError, TypeError, RecursionError):
        return "it is not what this project wrote: nobody can know who holds it"
    return lock


def shown_age(age: timedelta) -> str:
    """In days and hours, hours and minutes, minutes, or seconds."""
    seconds = max(0, int(age.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def held_by_another(where: str, lock: StageLock | str, fate: Fate, now: datetime, stage: str) -> StackError:
    """The refusal of whoever comes second; the next command is one that leads on, whoever holds it."""
    look = f"make status STAGE={stage}"
    if isinstance(lock, str):
        return StackError(
            f"{where} does not say who changes stage {stage} now",
            found=[lock],
            next_command=f'make unlock STAGE={stage} REASON="why"   # once nobody does',
        )
    if lock.holder.kind == "execution":
        look = "make codepipeline ARGS=--newest   # follows it; then: the same command again"
    elif fate == "unknown":
        look = f'make unlock STAGE={stage} REASON="why"   # if it has died; else wait for it, then the same command'
    else:
        look += "   # then: the same command again"
    return StackError(
        f"stage {stage} is being changed by somebody else: {lock.holder.verb} of pipeline {lock.pipeline}",
        found=[
            f"by {lock.holder.by}",
            f"in {lock.holder.where}",
            f"since {lock.since}, {shown_age(lock.age(now))} ago ({TOLD[fate]})",
            f"lock: {where}",
        ],
        next_command=look,
    )


TOLD: dict[Fate, str] = {
    "ended": "it has ended",
    "running": "it is running",
    "unknown": "whether it still runs cannot be known here",
}


def require_breakable(where: str, lock: StageLock | str, fate: Fate, now: datetime, stage: str, *, force: bool) -> None:
    """Whether a person may take the lock from its holder. Raises StackError where that one is at work, or may be.

    ``force`` is for a holder of whom nothing can be known and who has not held it for long; never for one that runs.
    """
    if isinstance(lock, str) or fate == "ended":
        return
    if fate == "running":
        raise held_by_another(where, lock, fate, now, stage)
    if not force and lock.age(now) < AGE_TO_BREAK:
        raise StackError(
            f"the lock of stage {stage} is {shown_age(lock.age(now))} old, and its holder may be at work",
            found=[lock.sentence, f"it may be broken once it is {shown_age(AGE_TO_BREAK)} old"],
            next_command=f'make unlock STAGE={stage} REASON="why" ARGS=--force   # only if you know that it has died',
        )
