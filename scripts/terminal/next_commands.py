"""Next commands repeat what the user named, the pipeline and the cloud: they can be pasted as they are.

Without ``CLOUD=aws`` a pasted command would work on the embedded AWS, and say that all is well there. In a build
nothing is added: its log is read by somebody whose own command says which cloud that is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

# A make line about a stage, up to the stage; what follows it stays.
_ABOUT_A_STAGE = re.compile(r"\b(make [a-z-]+ (?:[A-Z_]+=\S+ )*?STAGE=\w+)\b(?! PIPELINE=)")

# One about a pipeline's CodePipeline, which names no stage; up to the next command or the comment it names none yet.
_ABOUT_A_CODEPIPELINE = re.compile(r"\b(make (?:codepipeline|approve|reject|logs))\b(?![^;#\n]*PIPELINE=)")

# One that works on a cloud, with its variables; the other targets are about files alone.
_ON_A_CLOUD = re.compile(
    r"\bmake (?:approve|bootstrap|codepipeline|deploy|destroy|doctor|drift|history|logs|plan|predictions|promote"
    r"|register|reject|release|resolve|run|schedule|status|verify)\b(?![-:])"
    r"(?: [A-Z_]+=(?:\"[^\"]*\"|'[^']*'|[^\s,;#)\"']*[^\s,;#).:\"']))*"
)


def repeated(text: str, pipeline: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The text with ``PIPELINE=`` and ``CLOUD=aws`` in its make lines, where the user named a pipeline or AWS.

    ``PIPELINE=`` is named where a line is about a stage or a CodePipeline. What is named already stays as it is.
    """
    if pipeline:
        text = _ABOUT_A_STAGE.sub(rf"\1 PIPELINE={pipeline}", text)
        text = _ABOUT_A_CODEPIPELINE.sub(rf"\1 PIPELINE={pipeline}", text)
    if environment.get("CLOUD") == "aws" and "CODEBUILD_BUILD_ID" not in environment:
        text = _ON_A_CLOUD.sub(_with_cloud, text)
    return text


def named_pipeline(arguments: Sequence[str]) -> str | None:
    """The pipeline that a verb's arguments name; None where they name none."""
    for index, each in enumerate(arguments):
        if each == "--pipeline" and index + 1 < len(arguments):
            return arguments[index + 1]
        if each.startswith("--pipeline="):
            return each.partition("=")[2]
    return None


def _with_cloud(found: re.Match[str]) -> str:
    line = found[0]
    written = " CLOUD=" in line or found.string[found.end() :].startswith(" CLOUD=")
    return line if written else f"{line} CLOUD=aws"
