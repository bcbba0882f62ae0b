"""Puts questions to a person, and takes the answers: what a command was not given, a reason that is kept, and consent
before something is done that cannot be undone.

A question goes to stderr, so that stdout holds results alone, and nothing beats while a person thinks. It is never put
where nobody can answer: the command then says how to give the answer beforehand. An input that ends (Ctrl-D) is no
answer, and never consent.
"""

from __future__ import annotations

import sys

from scripts.errors import UsageError
from scripts.terminal.heartbeat import hushed


def ask_for(question: str, default: str, variable: str) -> str:
    """What ``variable`` of the Makefile would have said; ``default`` for an empty answer and where nobody is there.

    Raises UsageError that names the variable where there is neither an answer nor a default.
    """
    again = f"the same command with {variable}=..."
    if not sys.stdin.isatty():
        if default:
            return default
        raise UsageError(
            f"{variable} is not given, and there is no terminal to ask on", found=[question], next_command=again
        )
    answer = _answer(f"{question} [{default}]: " if default else f"{question}: ") or default
    if not answer:
        raise UsageError(f"{variable} is needed", next_command=again)
    return answer


def ask_reason(question: str, again: str) -> str:
    """What was typed, which may be empty. Raises UsageError with ``again``, a command that brings its reason along."""
    if not sys.stdin.isatty():
        raise UsageError("no reason was given, and there is no terminal to ask on", next_command=again)
    return _answer(f"{question}: ")


def confirm(question: str, word: str, how_without: str = "--yes") -> None:
    """Return when ``word`` is typed. Raises UsageError for anything else, and where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UsageError(
            "this command asks for confirmation, and there is no terminal to ask on",
            next_command=f"the same command with {how_without}",
        )
    if _answer(f'{question} Type "{word}": ') != word:
        raise UsageError("not confirmed; nothing was done")


def _answer(question: str) -> str:
    """A line without the spaces around it; the input's end is ended on the screen too, and is empty."""
    with hushed():
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
    if not line.endswith("\n"):
        print(file=sys.stderr)
    return line.strip()
