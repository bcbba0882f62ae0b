"""What an actor is: a role, and the calls that its work makes. Pure.

The tables are in ``stage_actors`` and ``toolchain_actors``. doctor asks IAM about each call in them, and a test holds
them against the calls that a whole release really made: a call that no table knows fails, and so does one in a table
that is never made and says no reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scripts.decisions.policy_reading import wildcard_match

_UNKNOWN_PART = "doctor"  # stands for what a name has that nobody knows beforehand


@dataclass(frozen=True)
class Use:
    """Calls of one kind. A ``*`` in a resource stands for what is not known beforehand, such as random letters; ``*``
    alone is a call without a resource. ``context``: condition keys that such a call brings along.

    ``unrecorded``: why the embedded AWS shows no such call in a release, though AWS makes or needs it.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)
    unrecorded: str = ""


@dataclass(frozen=True)
class Actor:
    """``name`` is how people call the role; ``role_arn`` may have a ``*`` where CloudFormation chose the name.

    ``optional``: that there is no such role is right, too.
    """

    name: str
    role_arn: str
    uses: tuple[Use, ...]
    optional: bool = False

    @property
    def role(self) -> str:
        return self.role_arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Question:
    """Actions to ask about together: they share their resource and their context."""

    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, str]


def questions(actor: Actor) -> list[Question]:
    """Everything to ask IAM about an actor, with a name in place of each ``*``; each question is one call."""
    asked: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, None]] = {}
    for use in actor.uses:
        for resource in use.resources:
            named = resource if resource == "*" else resource.replace("*", _UNKNOWN_PART)
            about = named, tuple(sorted(use.context.items()))
            asked.setdefault(about, {}).update(dict.fromkeys(use.actions))
    return [Question(tuple(actions), resource, dict(context)) for (resource, context), actions in asked.items()]


@dataclass(frozen=True)
class Call:
    """A call that was made, by the ARN of a role."""

    role_arn: str
    action: str
    resource: str


def unknown_calls(actors: Sequence[Actor], calls: Iterable[Call]) -> list[str]:
    """Calls that no table knows, one sentence each; only of the roles that the tables are about."""
    found = []
    for call in calls:
        mine = [each for each in actors if _is_by(each, call)]
        if mine and not any(_knows(actor, call) for actor in mine):
            found.append(f"{mine[0].name}: {call.action} on {call.resource}")
    return found


def calls_never_made(actors: Sequence[Actor], calls: Sequence[Call], alike: Callable[[str], str] = str) -> list[str]:
    """Calls of the tables that nobody made and that say no reason for it, one sentence each.

    What several actors share is made if one of them made it. ``alike`` makes the resources of two stages one.
    """
    found: dict[str, bool] = {}
    for actor in actors:
        for use in actor.uses:
            if use.unrecorded:
                continue
            for action in use.actions:
                sentence = alike(f"{action} on {', '.join(use.resources)}")
                made = any(call.action == action and _is_by(actor, call) and _is_on(use, call) for call in calls)
                found[sentence] = found.get(sentence, False) or made
    return [sentence for sentence, made in found.items() if not made]


def _is_by(actor: Actor, call: Call) -> bool:
    return wildcard_match(actor.role_arn, call.role_arn)


def _knows(actor: Actor, call: Call) -> bool:
    return any(call.action in use.actions and _is_on(use, call) for use in actor.uses)


def _is_on(use: Use, call: Call) -> bool:
    return any(wildcard_match(resource, call.resource) for resource in use.resources)
