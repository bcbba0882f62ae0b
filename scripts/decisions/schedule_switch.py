"""Whether a stage's schedule is on: what the stage file says, and what somebody has switched since, with the reason.

A switch is a record in the stage's bucket. Every deployment reads it, so that what was switched off at night stays off
until somebody switches it on. A stage file's ``schedule_enabled: false`` wins over it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.ways_to_change import deploying, switching
from scripts.errors import ReleaseError, SettingsError

State = Literal["on", "off"]
PARAMETER = "ScheduleState"
LONGEST_REASON = 512


@dataclass(frozen=True)
class Switch:
    """What was switched last: to which state, when (ISO 8601, UTC), by whom (an ARN) and why."""

    state: State
    at: str
    by: str
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.state} since {self.at}, by {self.by}: {self.reason}"

    def written(self) -> bytes:
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"


def read_switch(content: bytes | None, where: str, next_command: str) -> Switch | None:
    """The record; None where nothing was ever switched. Raises ReleaseError for one that cannot be read, never "on"."""
    if content is None:
        return None
    try:
        document = json.loads(content)
        if document["state"] not in ("on", "off"):
            raise ValueError(f"state is {document['state']!r}")
        return Switch(**{name: str(document[name]) for name in ("state", "at", "by", "reason")})  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReleaseError(
            f"{where} does not say whether the schedule is on", found=[str(error)], next_command=next_command
        ) from error


def schedule_state(settings: StageSettings, switch: Switch | None) -> str:
    """The stack's parameter ScheduleState."""
    is_off = not settings.schedule_enabled or (switch is not None and switch.state == "off")
    return "DISABLED" if is_off else "ENABLED"


def schedule_lines(settings: StageSettings, stage: str, switch: Switch | None) -> list[str]:
    """Why a stage's schedule is off, one line each; empty where it is on."""
    lines = [] if settings.schedule_enabled else [f"schedule off: stages/{stage}.yml says schedule_enabled: false"]
    if switch is not None and switch.state == "off":
        lines.append(f"schedule {switch.sentence}")
    return lines


def by_hand_lines(declared: str | None, actual: str | None, stage: str, *, by_hand: bool) -> list[str]:
    """What to tell of a rule that somebody switched in EventBridge, past the stack.

    ``declared`` is the stack's ScheduleState, ``actual`` the rule's state; ``by_hand``: whether people may
    change the stage. CloudFormation does not see the difference
    and leaves the rule so; ``make deploy`` and ``make schedule`` put it back.
    """
    if declared not in ("ENABLED", "DISABLED") or actual in (None, declared):
        return []
    state = "ON" if declared == "ENABLED" else "OFF"
    return [
        f"{str(actual).lower()} by hand in EventBridge, while the stack says {declared}: the next deployment by hand "
        f"puts it back; or at once: {switching(stage, state, by_hand=by_hand)}"
    ]


def require_can_be_on(settings: StageSettings, stage: str) -> None:
    """Raises SettingsError where the stage file keeps the schedule off, whatever is switched."""
    if not settings.schedule_enabled:
        way = deploying(stage, by_hand=settings.deployed_by_hand)
        raise SettingsError(
            f"stages/{stage}.yml says schedule_enabled: false, which wins; nothing was switched",
            next_command=f"{way}   # after schedule_enabled: true in stages/{stage}.yml",
        )
