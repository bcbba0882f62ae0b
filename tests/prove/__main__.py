"""Puts the verbs to the proof: killed at each AWS call, each call refused, hung or left without an answer.

python -m tests.prove                               every verb, every call; an hour on four idle cores
python -m tests.prove --verb deploy --every 10      every tenth kill point of one
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
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


_IN_BULK = {fate.value for fate in Fate}
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

    def begin(trial: Callable[[], Iterable[Verdict | None]]) -> Future[list[Verdict]]:
        return pool.submit(lambda: _told(trial()))

    faults: list[tuple[list[Row], tuple[str, ...], list[Future[list[Verdict]]]]] = []
    if "faults" in proofs:
        for fate in SURVIVABLE:
            faults.append((rows.faults, (name, fate.value), [begin(partial(survived, scene, expected, fate))]))
    if "denials" in proofs:
        faults.append((rows.faults, (name, Fate.DENIED.value), [begin(partial(denied, scene, expected))]))
    if "lost" in proofs:
        faults.append((rows.lost, (name,), [begin(partial(survived, scene, expected, Fate.LOST))]))
    if "kills" in proofs:
        points = kill_points(expected.calls)[::every]
        cuts = [begin(partial(_cut, scene, expected, number, fate)) for number, fate in points]
        faults.append((rows.kills, (name, calls), cuts))
    bad = 0
    for table_rows, cells, trials in faults:
        verdicts = [verdict for trial in trials for verdict in trial.result()]
        problems = sum(each.problem is not None for each in verdicts)
        table_rows.append(Row(cells, len(verdicts), len(verdicts) - problems))
        print(f"{', '.join(cells)}: {len(verdicts) - problems} of {len(verdicts)}", flush=True)
        bad += problems
    return bad


def _cut(scene: Snapshot, expected: Reference, number: int, fate: Fate) -> list[Verdict | None]:
    return [killed(scene, expected, number, fate)]


def _told(verdicts: Iterable[Verdict | None]) -> list[Verdict]:
    """Those that were reached, each printed as it comes; of those that one run strikes, what ended badly."""
    found = []
    for each in verdicts:
        if each is not None:
            found.append(each)
            if each.problem or each.struck not in _IN_BULK:
                print(f"{each.scene}, {each.struck}: {each.problem or 'survived'}", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
