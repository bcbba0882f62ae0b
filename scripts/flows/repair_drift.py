"""Puts back what differs from the live release, each resource by its own service and under its own name; and, for
bootstrap alone, the roles that a release runs by.

Bytes are not put back here: promotion copies model data again, and the upload writes code and definition. Every part
can be repeated; what is right already is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from scripts.decisions.drift import Difference, Expected, drift_of
from scripts.decisions.names import StageNames
from scripts.decisions.stacks import Stack
from scripts.flows.read_drift import expected_roles
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account
from scripts.gateways.live_resources import read_live
from scripts.gateways.restored_resources import restore
from scripts.gateways.role_policies import restore_role
from scripts.terminal.progress import Progress


def repair(
    context: StageContext, differences: Sequence[Difference], as_released: Sequence[Expected], progress: Progress
) -> None:
    """Put the stack's own resources back; nothing of the foundation's, and nothing that the stack does not have."""
    ours = [each for each in differences if each.place == "stack" and each.in_stack]
    changed = {each.resource for each in ours}
    gone = frozenset(each.resource for each in ours if each.path is None)
    restore(
        context.deployment,
        [each for each in as_released if each.logical_id in _with_policies(changed, as_released, gone)],
        gone,
    )
    for each in ours:
        progress.line(f"put back: {each.line}")


def _with_policies(changed: set[str], as_released: Sequence[Expected], gone: frozenset[str]) -> set[str]:
    """A queue or topic that is made anew has lost its policy with it."""
    made = {each.id for each in as_released if each.logical_id in gone}
    lost = {
        each.logical_id
        for each in as_released
        if made & {*each.properties.get("Queues", []), *each.properties.get("Topics", [])}
    }
    return changed | lost


def repair_roles(account: Account, names: StageNames, stack: Stack, template: str, progress: Progress) -> bool:
    """Put the foundation's roles back, as an administrator of the stage's account; whether that was needed."""
    expected = expected_roles(names, stack, template)
    live = read_live(account, expected)
    differences = drift_of(expected, live)
    changed = {each.resource for each in differences}
    for role in expected:
        if role.logical_id in changed:
            restore_role(account, str(role.id), role.properties, live[role.logical_id])
    for each in differences:
        progress.line(f"put back: {each.line}")
    return bool(differences)
