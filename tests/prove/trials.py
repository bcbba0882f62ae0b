"""The proofs themselves: a command that is killed, refused, left waiting or left without an answer, and what then is.

A trial never judges by the command's words alone: the end state must be that of undisturbed runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.errors import AccessDeniedError, FoundationError
from tests.prove.end_state import State, differences
from tests.prove.proxy import Call, Decide, Fate
from tests.prove.scenes import Snapshot
from tests.prove.wire import Wire
from tests.prove.worlds import KILLED, Run, World

# How many seconds a command may take that must try each of its calls twice.
LONGEST = 900.0
SURVIVABLE = (Fate.THROTTLED, Fate.FAILED, Fate.DROPPED, Fate.HUNG)
# AWS answers AccessDenied for a role that does not exist, too: the foundation is named as missing, with the role.
NO_ROLE = FoundationError.exit_code
# What a command does without, and says so.
TOLD_AND_PASSED = {("ecr", "BatchGetImage"): "is not pinned"}
_IMPATIENT = ("tests.prove.impatient",)


Kind = tuple[str, str, str]


@dataclass(frozen=True)
class Reference:
    """What undisturbed runs of a scene do: the calls of one, the end states of all."""

    calls: tuple[Call, ...]
    states: list[State]


@dataclass(frozen=True)
class Verdict:
    """``problem`` is None where what was struck did no harm."""

    scene: str
    struck: str
    problem: str | None


def reference(snapshot: Snapshot, runs: int = 2) -> Reference:
    """One after the other: two that begin in the same second would agree in what depends on the clock."""
    found = []
    for _ in range(runs):
        with World(snapshot) as world:
            run = world.run()
            assert run.code == 0, run.output
            found.append((run, world.end_state()))
    return Reference(found[0][0].calls, [state for _, state in found])


def kill_points(calls: tuple[Call, ...]) -> list[tuple[int, Fate]]:
    """Before each call, and after each that changes something: killed after a read is killed before it, to AWS.

    Of a call that is repeated until something has happened, twice are enough.
    """
    points = []
    for at, call in enumerate(calls):
        near = [each.kind for each in calls[max(at - 8, 0) : at]]
        if near.count(call.kind) >= 2 and not call.changes:
            continue
        points.append((call.number, Fate.KILLED_BEFORE))
        if call.changes:
            points.append((call.number, Fate.KILLED_AFTER))
    return points


def killed(snapshot: Snapshot, expected: Reference, number: int, fate: Fate) -> Verdict | None:
    """None where the command came to its end before that call."""
    with World(snapshot) as world:
        cut = world.run(lambda call: fate if call.number == number else None)
        if not cut.struck:
            return None
        what = f"{fate.value} call {number}, {cut.struck[0]}"
        if cut.code != KILLED:
            return Verdict(snapshot.scene.name, what, f"was not killed: code {cut.code}: {cut.last_words}")
        return Verdict(snapshot.scene.name, what, _after_another_run(world, expected))


def survived(snapshot: Snapshot, expected: Reference, fate: Fate) -> list[Verdict]:
    """Every call comes to harm at the client's first attempt, and its second is answered.

    Where that ends the command, the call is noted and spared, and all begins again.
    """
    through = _IMPATIENT if fate is Fate.HUNG else ()
    spared: dict[Kind, Verdict] = {}
    while True:
        seen: set[tuple[str, str]] = set()

        def decide(call: Call, seen: set[tuple[str, str]] = seen) -> Fate | None:
            # A hang costs seconds: of each operation, one is left waiting.
            again = fate is Fate.HUNG and call.kind[:2] in seen
            seen.add(call.kind[:2])
            spare = call.attempt > 1 or call.kind in spared or again or (fate is Fate.LOST and not call.changes)
            return None if spare else fate

        with World(snapshot) as world:
            run = world.run(decide, LONGEST, through)
            problem = _same_end(world, expected) if run.code == 0 else f"code {run.code}: {run.last_words}"
        if problem is None or run.code == 0 or not run.struck or run.struck[-1].kind in spared:
            struck = [Verdict(snapshot.scene.name, str(call), problem) for call in run.struck[-1:] if problem]
            well = len(run.struck) - len(struck)
            return [*spared.values(), *struck, *[Verdict(snapshot.scene.name, fate.value, None)] * well]
        last = run.struck[-1]
        spared[last.kind] = Verdict(snapshot.scene.name, f"{fate.value}: {last}", problem)


def denied(snapshot: Snapshot, expected: Reference) -> list[Verdict]:
    """Each kind of call is denied in turn, one run each; in the end an undisturbed run must heal what they left.

    They share a world as long as none of them comes to the command's end.
    """
    kinds: dict[Kind, Call] = {}
    for call in expected.calls:
        kinds.setdefault(call.kind, call)
    waiting, verdicts = list(kinds.values()), []
    while waiting:
        with World(snapshot) as world:
            while waiting:
                call = waiting.pop(0)
                run = world.run(_deny(call))
                if run.struck:
                    verdicts.append(Verdict(snapshot.scene.name, f"AccessDenied: {call}", _ill_told(run, call)))
                if run.code == 0:
                    break
            name = f"run after denials, up to {call}"
            verdicts.append(Verdict(snapshot.scene.name, name, _after_another_run(world, expected)))
    return verdicts


def _deny(denied_call: Call) -> Decide:
    return lambda call: Fate.DENIED if call.kind == denied_call.kind else None


def _ill_told(run: Run, call: Call) -> str | None:
    """What is missing in the message of a denial: the documented code, the action, the account and the role."""
    if run.code == 0 and call.kind[:2] in TOLD_AND_PASSED:
        told = TOLD_AND_PASSED[call.kind[:2]]
        return None if told in run.output else f'does not say "{told}": {run.last_words}'
    if run.code != (NO_ROLE if call.operation == "AssumeRole" else AccessDeniedError.exit_code):
        return f"code {run.code}: {run.last_words}"
    if run.code == NO_ROLE:
        return None if "found: AssumeRole arn:" in run.output else f"names no role: {run.last_words}"
    action = "found: action " if call.wire is Wire.S3 else f"found: action {call.operation}"
    wanted = {"the action": action, "the account": "found: as account ", "the next command": "next:"}
    lacking = [name for name, words in wanted.items() if words not in run.output]
    if not any(words in run.output for words in ("role arn:", "the current credentials", "profile ")):
        lacking.append("the role")
    return f"lacks {', '.join(lacking)}: {run.last_words}" if lacking else None


def _after_another_run(world: World, expected: Reference) -> str | None:
    again = world.run()
    if again.code != 0:
        return f"run again, code {again.code}: {again.last_words}"
    return _same_end(world, expected)


def _same_end(world: World, expected: Reference) -> str | None:
    found = differences(expected.states, world.end_state())
    return f"another end state: {'; '.join(found[:6])}" if found else None
