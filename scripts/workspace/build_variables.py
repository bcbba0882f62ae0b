"""What a verb tells the CodePipeline that it runs in: a few named values, kept in a file between two make lines.

CodeBuild exports a variable of the shell; a verb is a child of that shell and cannot set one. So ``release``,
``promote`` and ``plan`` record their values here, and the buildspec's line asks for them
(``buildspecs/README.md`` gives the reasons). Nothing else reads this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from scripts.errors import StorageError
from scripts.workspace.text_files import read_text

VARIABLES = Path("build/variables.json")
LONGEST_VALUE = 850  # a CodePipeline takes 1000 characters, which these become a part of
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def record_build_variables(values: Mapping[str, str], path: Path = VARIABLES) -> None:
    """Add ``values`` to what is recorded. A value becomes one line, since that is all a CodePipeline shows."""
    for name in values:
        if not _NAME.fullmatch(name) or name.startswith(("AWS_", "CODEBUILD_")):
            raise ValueError(f"CodeBuild cannot export a variable named {name}")
    recorded = {**recorded_build_variables(path), **{name: one_line(value) for name, value in values.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    unfinished.replace(path)


def one_line(value: str) -> str:
    """White space folded, and cut with an ellipsis where it is longer than a CodePipeline takes."""
    folded = " ".join(value.split())
    return folded if len(folded) <= LONGEST_VALUE else folded[: LONGEST_VALUE - 1] + "…"


def recorded_build_variables(path: Path = VARIABLES) -> dict[str, str]:
    """What was recorded; empty where nothing was. Raises StorageError where the file was not written by this module."""
    if not path.exists():
        return {}
    try:
        recorded = json.loads(read_text(path))
    except ValueError as error:
        raise _not_recorded(path, str(error)) from error
    if not isinstance(recorded, dict):
        raise _not_recorded(path, "no JSON object")
    return recorded


def _not_recorded(path: Path, why: str) -> StorageError:
    return StorageError(f"{path} is not what a verb recorded: {why}", next_command=f"rm {path}; make release")
