"""Asks a person for what a command needs and was not given; where there is no terminal, says how to give it."""

from __future__ import annotations

import sys

from scripts.errors import UsageError


def ask(question: str, default: str, variable: str) -> str:
    """The answer, or ``default`` for an empty one. Raises UsageError naming ``variable`` where nobody can answer."""
    if not sys.stdin.isatty():
        if default:
            return default
        raise UsageError(
            f"{variable} is not given, and there is no terminal to ask on",
            found=[question],
            next_command=f"the same command with {variable}=...",
        )
    shown = f" [{default}]" if default else ""
    print(f"{question}{shown}: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip() or default
    if not answer:
        raise UsageError(f"{variable} is needed", next_command=f"the same command with {variable}=...")
    return answer
