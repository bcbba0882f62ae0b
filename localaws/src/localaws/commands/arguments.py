"""Argument types that several subcommands share; each says what is wrong with a value and what a right one is."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

DEFAULT_STATE = Path(".localaws")


def add_state(parser: argparse.ArgumentParser, purpose: str) -> None:
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE, metavar="DIRECTORY", help=purpose)


def account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an account number: it must have 12 digits")
    return text


def port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: it must be a number from 0 to 65535")
    return int(text)


def region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region: it must look like us-east-1")
    return text


_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> int:
    """Seconds of ``90``, ``90s``, ``15m``, ``6h`` or ``2d``."""
    found = re.fullmatch(r"([0-9]+)([smhd]?)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration: it must look like 90s, 15m, 6h or 2d")
    return int(found[1]) * _SECONDS[found[2]]
