"""What differs between two resolved property documents, leaf by leaf. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from localaws.services.cloudformation.intrinsics import KNOWN_AFTER_APPLY

Path = tuple[str, ...]
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """One leaf. ``before`` and ``after`` are None where it is added or removed."""

    path: Path
    kind: Literal["Add", "Remove", "Modify"]
    before: Any
    after: Any

    @property
    def is_dynamic(self) -> bool:
        """Whether the new value is known only once the stack is updated."""
        return KNOWN_AFTER_APPLY in str(self.after)


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """Every leaf that differs; ``3`` and ``"3"``, ``True`` and ``"true"`` are the same, as for CloudFormation."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            old = before[number] if number < len(before) else _ABSENT
            new = after[number] if number < len(after) else _ABSENT
            yield from differences(old, new, (*path, str(number)))
    elif before is _ABSENT:
        yield Difference(path, "Add", None, after)
    elif after is _ABSENT:
        yield Difference(path, "Remove", before, None)
    elif _normal(before) != _normal(after):
        yield Difference(path, "Modify", before, after)


def changed_properties(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The top-level properties in which two documents differ."""
    return {each.path[0] for each in differences(before, after)}


def _normal(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(item) for item in value]
    return value
