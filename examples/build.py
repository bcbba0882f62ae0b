"""Trains every example model and makes the scoring data, as files: ``python -m examples.build FOLDER``.

``models/<candidate>/model.tar.gz`` with its reports beside it, and ``scoring/*.csv``. Reaches no AWS. A folder that
was built of the same sources is left as it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from examples.candidates import CANDIDATES, source_digest

_BUILT_OF = "built-of"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.build", description=__doc__)
    parser.add_argument("folder", type=Path)
    build(parser.parse_args(arguments).folder)
    return 0


def build(folder: Path) -> None:
    """Write all files into ``folder``; the mark that says so is written last."""
    mark = folder / _BUILT_OF
    if mark.exists() and mark.read_text() == source_digest():
        return
    from examples.scoring_data import scoring_files
    from examples.train import train

    for candidate in CANDIDATES:
        trained = train(candidate)
        _write(folder, f"models/{candidate.name}", {"model.tar.gz": trained.archive, **trained.reports})
        figures = ", ".join(f"{name} {value:.3f}" for name, value in trained.metrics.items())
        print(f"Trained {candidate.name}: {figures}", flush=True)
    _write(folder, "scoring", scoring_files())
    _write(folder, "", {_BUILT_OF: source_digest().encode()})


def _write(folder: Path, below: str, files: dict[str, bytes]) -> None:
    """Each file appears whole, even where two processes build the same folder."""
    (folder / below).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        unfinished = folder / f"unfinished-{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(folder / below / name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
