"""What bootstrap is about to do with one stack, as people read it before they say yes: parameters and properties.

Every property that changes is listed, and what takes a safeguard away (``safeguards``) is marked. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.decisions.change_set import ResourceChange, parameter_changes, shortened
from scripts.decisions.safeguards import removed_safeguards

MARK = "!! REMOVES"


def creation_lines(parameters: Mapping[str, str | None]) -> list[str]:
    """A stack that does not exist yet: what it is made with."""
    told = {name: value for name, value in parameters.items() if value}
    return [f"{name}: {shortened(value)}" for name, value in told.items()]


def update_lines(before: Mapping[str, str], after: Mapping[str, str], changes: Sequence[ResourceChange]) -> list[str]:
    """A stack that exists: each parameter and property that changes; a removal of a safeguard is marked."""
    lines = [f"parameter {each}" for each in parameter_changes(dict(before), dict(after))]
    for change in changes:
        lines += change.lines()
        lines += [f"    {MARK} {what}" for what in removed_safeguards(change)]
        if change.action == "Add":
            lines += [f"    {name}: {_shown(value)}" for name, value in (change.after or {}).items()]
    return lines or ["outputs or tags change; no resource does"]


def removals(changes: Sequence[ResourceChange]) -> int:
    """How many safeguards the changes take away."""
    return sum(len(removed_safeguards(each)) for each in changes)


def _shown(value: Any) -> str:
    return shortened(value if isinstance(value, str) else json.dumps(value))
