"""Asks a person: before something is done that cannot be undone, and for a reason that is kept."""

from __future__ import annotations

import sys

from scripts.errors import UsageError
from scripts.terminal.heartbeat import hushed


def confirm(question: str, word: str, how_without: str = "--yes") -> None:
    """Return when ``word`` is typed. Raises UsageError for anything else, and where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError(
            "this command asks for confirmation, and there is no terminal to ask on",
            next_command=f"the same command with {how_without}",
        )
    if _answer(f'{question} Type "{word}": ').strip() != word:
        raise UsageError("not confirmed; nothing was done")


def ask(question: str, how_without: str) -> str:
    """What is typed in answer. Raises UsageError where nobody can be asked, with the command that answers itself."""
    if not sys.stdin.isatty():
        raise UsageError("no reason was given, and there is no terminal to ask on", next_command=how_without)
    return _answer(f"{question}: ")


def _answer(question: str) -> str:
    with hushed():
        print(question, end="", file=sys.stderr, flush=True)
        return sys.stdin.readline()
