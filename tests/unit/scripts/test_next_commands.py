"""A next command can be pasted into a shell: what is said beside it stands behind a #, as a shell's comment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "scripts"
ASIDE = "   ("


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string; of an f-string with a blank where a value goes in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values]
            yield node.lineno, "".join(parts)


def unpasteable(source: str) -> list[int]:
    """Lines of next commands with an aside in brackets."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "next_command":
            found |= {line for line, text in texts(node.value) if ASIDE in text}
    for line, text in texts(ast.parse(source)):
        if ASIDE in text and ("next:  " in text or text.lstrip().startswith(("make ", "git ", "aws "))):
            found.add(line)
    return sorted(found)


# What changes a stage, said of whichever stage it is: of a guarded one people may do none of it.
CHANGING = re.compile(r"make (deploy|run|verify|promote|destroy|schedule) (\S+=\S+ )*STAGE=(x|prod)\b")
WAYS = SCRIPTS / "decisions/ways_to_change.py"


def test_a_next_command_holds_no_aside_in_brackets() -> None:
    found = {str(path): unpasteable(path.read_text()) for path in sorted(SCRIPTS.rglob("*.py"))}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_an_aside_in_brackets_is_found() -> None:
    assert unpasteable("UsageError('x', next_command=f'make deploy STAGE={stage}   (again)')") == [1]
    assert unpasteable("print('  next:  make approve   (or: make reject)')") == [1]
    assert unpasteable("UsageError('x', next_command=f'make deploy STAGE={stage}   # again')") == []


def misleading(source: str) -> list[int]:
    """Lines that advise to change some stage, without asking whether people may."""
    found = (line for line, text in texts(ast.parse(source)) if CHANGING.search(text) and "BREAK_GLASS" not in text)
    return sorted(set(found))


def test_what_changes_a_stage_is_advised_by_one_module_that_knows_who_may() -> None:
    sources = {str(path): path.read_text() for path in sorted(SCRIPTS.rglob("*.py")) if path != WAYS}
    assert {path: lines for path, source in sources.items() if (lines := misleading(source))} == {}


def test_advice_that_a_guarded_stage_refuses_is_found() -> None:
    assert misleading("f'then: make deploy STAGE={stage}'") == [1]
    assert misleading("'make schedule UNVERIFIED=1 STAGE=prod OFF'") == [1]
    assert misleading("f'make verify STAGE={stage} BREAK_GLASS=why'") == []
    assert misleading("f'make deploy STAGE=preprod PIPELINE={name}'") == []
