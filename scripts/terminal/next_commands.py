"""Next commands repeat what the user named: whoever works on one pipeline of several can paste them as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A make line about a stage, up to the stage; what follows it stays.
_ABOUT_A_STAGE = re.compile(r"\b(make [a-z-]+ (?:[A-Z_]+=\S+ )*?STAGE=\w+)\b(?! PIPELINE=)")


def repeat_pipeline(text: str, pipeline: str | None) -> str:
    """The text with ``PIPELINE=`` in each of its make lines about a stage, where the user named a pipeline."""
    return _ABOUT_A_STAGE.sub(rf"\1 PIPELINE={pipeline}", text) if pipeline else text


def named_pipeline(arguments: Sequence[str]) -> str | None:
    """The pipeline that a verb's arguments name; None where they name none."""
    for index, each in enumerate(arguments):
        if each == "--pipeline" and index + 1 < len(arguments):
            return arguments[index + 1]
        if each.startswith("--pipeline="):
            return each.partition("=")[2]
    return None
