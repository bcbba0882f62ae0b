"""Where one principal meets the policy of another's bucket, key, topic or role, and whether it is let in. Pure.

AWS simulates no resource's policy for a role, so these are read. That somebody is kept out is a check, too: whoever
runs before the approval must not get into prod's writing roles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from scripts.decisions.policy_reading import Request, read_resource
from scripts.decisions.readiness import Outcome

Kind = Literal["bucket", "key", "role", "topic"]


@dataclass(frozen=True)
class Visit:
    """One principal's calls of a resource, which are let in or, where ``wanted`` is False, must not be.

    ``context``: lower-case condition keys; None for one that AWS does not supply.
    """

    principal: str
    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str | None] = field(default_factory=dict)
    wanted: bool = True


@dataclass(frozen=True)
class Crossing:
    """All that is asked of one policy. ``name``: the bucket's or the role's name, the key's or the topic's ARN."""

    what: str
    kind: Kind
    name: str
    visits: tuple[Visit, ...]


def outcome_of(crossing: Crossing, policy: Mapping[str, Any] | None, where: str) -> Outcome:
    """``policy`` None: the bucket has none, or there is no such role. ``where`` names the account."""
    if policy is None and crossing.kind == "role":
        return Outcome("wrong", f"account {where} has no role {crossing.name}", "make bootstrap")
    wrong, unknown = [], []
    for visit in crossing.visits:
        for action in visit.actions:
            reading = read_resource(policy, Request(action, visit.resource, visit.principal, visit.context))
            if reading.verdict == "unknown":
                unknown.append(f"{action} by {_short(visit.principal)}: {reading.reason}")
            elif (reading.verdict == "allowed") != visit.wanted:
                wrong.append(
                    f"{_short(visit.principal)} {'may not' if visit.wanted else 'may'} {action}: {reading.reason}"
                )
    if wrong:
        return Outcome("wrong", _listed(wrong), "make bootstrap   # writes the policies of the templates again")
    if unknown:
        return Outcome("unknown", _listed(unknown), _look(crossing, where))
    names = sorted({_short(visit.principal) for visit in crossing.visits if visit.wanted})
    outside = sum(1 for visit in crossing.visits if not visit.wanted)
    kept = f"; keeps out {outside} others" if outside else ""
    return Outcome("ok", f"read: lets in {', '.join(names)}{kept}")


def _short(principal: str) -> str:
    return principal.rsplit("/", 1)[-1] if principal.startswith("arn:") else principal


def _listed(sentences: Sequence[str]) -> str:
    return sentences[0] + (f"; and {len(sentences) - 1} more" if sentences[1:] else "")


def _look(crossing: Crossing, where: str) -> str:
    commands = {
        "bucket": f"aws s3api get-bucket-policy --bucket {crossing.name}",
        "key": f"aws kms get-key-policy --policy-name default --key-id {crossing.name}",
        "role": f"aws iam get-role --role-name {crossing.name}",
        "topic": f"aws sns get-topic-attributes --topic-arn {crossing.name}",
    }
    return f"{commands[crossing.kind]}   # in {where}"
