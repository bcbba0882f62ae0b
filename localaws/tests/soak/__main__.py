"""``python -m tests.soak --minutes 30 --seed 1``: exit code 1, and what was lost, where anything was."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.soak import Soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what is written, and when kills come")
    parser.add_argument("--clients", type=int, default=6)
    arguments = parser.parse_args()
    print(f"soak of {arguments.minutes:g} minutes, seed {arguments.seed}, {arguments.clients} clients", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), arguments.seed, arguments.clients)
        findings = soak.run(60 * arguments.minutes, lambda line: print(line, flush=True))
    print(findings.table())
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
