"""Writes ``docs/exit-codes.md`` from ``scripts/errors.py``, so that the page cannot drift from the code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import INTERRUPTED, DeploymentError, UsageError
from scripts.terminal.command_line import argument_parser, run

PAGE = Path("docs/exit-codes.md")
_INTRODUCTION = """\
# Exit codes

Every verb ends with one of these (`python -m scripts.verbs.<verb>`; generated from `scripts/errors.py`). An error is
three things on stderr: what was wrong, what was found, and what to run next. `make` itself always ends with 2 when a
verb fails, and prints the verb's own code: `make: *** [deploy] Error 7`.

| code | title | when |
|---|---|---|
| 0 | | the verb did what it says, or there was nothing to do |
| 1 | | a defect of this repository: a traceback, please report it |
"""


def exit_code_page() -> str:
    """The whole page, Markdown."""
    kinds = sorted(DeploymentError.__subclasses__(), key=lambda kind: kind.exit_code)
    rows = [f"| {kind.exit_code} | {kind.title} | {' '.join((kind.__doc__ or '').split())} |" for kind in kinds]
    rows.append(f"| {INTERRUPTED} | | Ctrl-C. Every verb can be run again and continues where it stopped |")
    return _INTRODUCTION + "\n".join(rows) + "\n"


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.repository.document_exit_codes", "Write docs/exit-codes.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is stale")
    if parser.parse_args(arguments).check:
        if not PAGE.exists() or PAGE.read_text() != exit_code_page():
            raise UsageError(f"{PAGE} is stale", next_command="python -m scripts.repository.document_exit_codes")
        return 0
    PAGE.write_text(exit_code_page())
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
