"""What IAM's answers mean for an actor: whether its role may make all calls of its work. Pure.

An action that the simulation refuses for a condition key that it was not told is read instead; what reading cannot
decide either is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.decisions.actors import Actor
from scripts.decisions.readiness import Outcome

_SHOWN = 2


@dataclass(frozen=True)
class Answer:
    """IAM's answer to one action of a question, or what reading gave. ``why`` for all that is not allowed."""

    action: str
    resource: str
    verdict: str  # allowed, denied or unknown
    why: str = ""
    simulated: bool = True

    @property
    def sentence(self) -> str:
        return f"{self.action} on {self.resource}: {self.why}"


def outcome_of(actor: Actor, account: str, answers: Sequence[Answer]) -> Outcome:
    """The denied first: one that is certain counts for more than any that are unknown."""
    denied = [each for each in answers if each.verdict == "denied"]
    unknown = [each for each in answers if each.verdict == "unknown"]
    if denied:
        return Outcome("wrong", _sentences(denied), f"make bootstrap   # or allow it to {actor.role} in {account}")
    if unknown:
        return Outcome(
            "unknown", _sentences(unknown), f"aws iam list-role-policies --role-name {actor.role}   # in {account}"
        )
    read = sum(1 for each in answers if not each.simulated)
    how = "simulated" if not read else "read, not simulated" if read == len(answers) else f"allowed, {read} by reading"
    return Outcome("ok", f"{len(answers)} calls {how}")


def no_role(actor: Actor, account: str) -> Outcome:
    if actor.optional:
        return Outcome("ok", "there is no such role, as intended")
    return Outcome("wrong", f"account {account} has no role {actor.role}", "make bootstrap")


def _sentences(answers: Sequence[Answer]) -> str:
    """The first ones; of an action that is refused for several resources, one."""
    each_once = list({each.action: each for each in answers}.values())
    more = len(each_once) - _SHOWN
    shown = "; ".join(each.sentence for each in each_once[:_SHOWN])
    return f"{shown}; and {more} more" if more > 0 else shown
