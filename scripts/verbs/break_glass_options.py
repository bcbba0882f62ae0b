"""The option with which a person changes a stage past its CodePipeline; every verb that changes one has it."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence


def add_break_glass_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--break-glass",
        metavar="REASON",
        help="change a stage that is not deployed by hand, as its break-glass role; recorded, and told to its topic "
        "(BREAK_GLASS=)",
    )


def as_typed(verb: str, arguments: Sequence[str]) -> str:
    """The command as the record keeps it."""
    return shlex.join(["scripts.verbs." + verb, *arguments])
