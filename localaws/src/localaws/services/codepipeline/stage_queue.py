"""Who may enter a pipeline stage next, and who is overtaken while waiting. Pure.

SUPERSEDED: one execution in a stage, the newest that waits goes next and the older ones that wait are superseded.
QUEUED: one in a stage, the others wait in their order. PARALLEL: nobody waits for another.
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """An execution before a stage. ``rollback`` executions go before others and supersede nobody."""

    execution_id: str
    arrived: int
    rollback: bool = False


@dataclass(frozen=True)
class Decision:
    enter: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()


def decide(mode: str, waiting: list[Waiting], occupied: bool, enabled: bool) -> Decision:
    """What happens before one stage. ``enabled`` is its inbound transition."""
    ordinary = sorted((item for item in waiting if not item.rollback), key=lambda item: item.arrived)
    rollbacks = sorted((item for item in waiting if item.rollback), key=lambda item: item.arrived)
    if mode == "PARALLEL":
        everyone = [*rollbacks, *ordinary] if enabled else rollbacks
        return Decision(enter=tuple(item.execution_id for item in everyone))
    superseded: tuple[str, ...] = ()
    if mode == "SUPERSEDED":
        superseded = tuple(item.execution_id for item in ordinary[:-1])
        ordinary = ordinary[-1:]
    candidates = [*rollbacks, *(ordinary if enabled else [])]
    if occupied or not candidates:
        return Decision(superseded=superseded)
    return Decision((candidates[0].execution_id,), superseded)
