"""The options that say which release; ``plan`` and ``deploy`` have the same."""

from __future__ import annotations

import argparse
import os


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--release", metavar="ID", help="the id of a release, instead of the newest or the last verified one"
    )
    parser.add_argument(
        "--unverified",
        action="store_true",
        default=os.environ.get("UNVERIFIED") == "1",
        help="accept a release that preprod has not verified; this is recorded (also: UNVERIFIED=1)",
    )
