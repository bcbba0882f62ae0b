"""Puts the verbs to the proof: killed at each AWS call, each call refused, hung or left without an answer.

python -m tests.prove                               every verb, every call; an hour on four idle cores
python -m tests.prove --verb deploy --every 10      every tenth kill point of one
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.prove.proxy import Fate
from tests.prove.scenes import SCENES, Snapshot, snapshot
from tests.prove.tables import Row, table, write
from tests.prove.trials import SURVIVABLE, Reference, Verdict, denied, kill_points, killed, reference, survived

PROOFS = ("kills", "faults", "denials", "lost")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__, formatter_class=_FORMAT)
    parser.add_argument("--verb", choices=SCENES, action="append", help="one of them; may be repeated; default: all")
    parser.add_argument("--proof", choices=PROOFS, action="append", help="one of them; may be repeated; default: all")
    parser.add_argument("--every", type=int, default=1, help="only every n-th kill point")
    parser.add_argument("--jobs", type=int, default=2, help="how many worlds at once")
    parser.add_argument("--page", type=Path, help="write the tables into this page, between its marks")
    chosen = parser.parse_args()
    proofs = chosen.proof or PROOFS
    began, all_rows, problems = time.monotonic(), _Rows(), 0
    for name in chosen.verb or SCENES:
        with tempfile.TemporaryDirectory(prefix="scene-") as folder, ThreadPoolExecutor(chosen.jobs) as pool:
            scene = snapshot(SCENES[name], Path(folder))
            expected = reference(scene)
            print(f"{name}: {len(expected.calls)} AWS calls undisturbed", flush=True)
            problems += _prove(scene, expected, proofs, chosen.every, pool, all_rows)
    lines = all_rows.lines()
    print("\n".join(["", *lines, f"{(time.monotonic() - began) / 60:.0f} minutes."]))
    if chosen.page:
        write(chosen.page, f"python -m tests.prove {' '.join(sys.argv[1:])}".split(" --page")[0].strip(), lines)
    return 1 if problems else 0


_FORMAT = argparse.RawDescriptionHelpFormatter


class _Rows:
    def __init__(self) -> None:
        self.kills: list[Row] = []
        self.faults: list[Row] = []
        self.lost: list[Row] = []

    def lines(self) -> list[str]:
        return [
            *table("Killed anywhere, run again", ("command", "AWS calls", "kill points survived"), self.kills),
            *table("Faults", ("command", "fault", "calls struck, survived"), self.faults),
            *table("Answers lost after AWS acted", ("command", "lost answers healed in the same run"), self.lost),
        ]


def _prove(
    scene: Snapshot, expected: Reference, proofs: Sequence[str], every: int, pool: ThreadPoolExecutor, rows: _Rows
) -> int:
    """Adds rows; how many trials ended badly. All begin at once: those of faults wait more than they compute."""
    name, calls = scene.scene.name, str(len(expected.calls))
    points = kill_points(expected.calls)[::every] if "kills" in proofs else []
    cuts = [pool.submit(killed, scene, expected, number, fate) for number, fate in points]
    fates = [*(SURVIVABLE if "faults" in proofs else ()), *([Fate.LOST] if "lost" in proofs else [])]
    faults = [(fate, pool.submit(survived, scene, expected, fate)) for fate in fates]
    denials = [pool.submit(_denials, scene, expected)] if "denials" in proofs else []
    bad = 0
    if cuts:
        verdicts = _told(verdict for cut in cuts if (verdict := cut.result()) is not None)
        rows.kills.append(_row((name, calls), verdicts))
        bad += _bad(verdicts)
    for fate, fault in faults:
        verdicts = _told(fault.result())
        if fate is Fate.LOST:
            rows.lost.append(_row((name,), verdicts))
        else:
            rows.faults.append(_row((name, fate.value), verdicts))
        bad += _bad(verdicts)
    for denial in denials:
        verdicts = _told(denial.result())
        rows.faults.append(_row((name, Fate.DENIED.value), verdicts))
        bad += _bad(verdicts)
    return bad


def _denials(scene: Snapshot, expected: Reference) -> list[Verdict]:
    return list(denied(scene, expected))


def _told(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The same, each that ended badly printed as it comes."""
    found = []
    for each in verdicts:
        found.append(each)
        if each.problem:
            print(f"{each.scene}, {each.struck}: {each.problem}", flush=True)
    return found


def _row(cells: tuple[str, ...], verdicts: Sequence[Verdict]) -> Row:
    return Row(cells, len(verdicts), len(verdicts) - _bad(verdicts))


def _bad(verdicts: Sequence[Verdict]) -> int:
    return sum(each.problem is not None for each in verdicts)


if __name__ == "__main__":
    sys.exit(main())
