"""Next commands repeat what the user named: whoever works on one pipeline of several can paste them as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A make line about a stage, up to the stage; what follows it stays.
_ABOUT_A_STAGE = re.compile(r"\b(make [a-z-]+ (?:[A-Z_]+=\S+ )*?STAGE=\w+)\b(?! PIPELINE=)")

# One about a pipeline's CodePipeline, which names no stage; up to the next command or the comment it names none yet.
_ABOUT_A_CODEPIPELINE = re.compile(r"\b(make (?:codepipeline|approve|reject|logs))\b(?![^;#\n]*PIPELINE=)")


def repeat_pipeline(text: str, pipeline: str | None) -> str:
    """The text with ``PIPELINE=`` in its make lines about a stage or a CodePipeline, where the user named one."""
    if not pipeline:
        return text
    return _ABOUT_A_CODEPIPELINE.sub(rf"\1 PIPELINE={pipeline}", _ABOUT_A_STAGE.sub(rf"\1 PIPELINE={pipeline}", text))


def named_pipeline(arguments: Sequence[str]) -> str | None:
    """The pipeline that a verb's arguments name; None where they name none."""
    for index, each in enumerate(arguments):
        if each == "--pipeline" and index + 1 < len(arguments):
            return arguments[index + 1]
        if each.startswith("--pipeline="):
            return each.partition("=")[2]
    return None
