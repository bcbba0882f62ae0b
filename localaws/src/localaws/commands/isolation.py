"""``localaws isolation``: print how jobs and builds are closed in on this machine, and what is weaker and why.

It needs no server. With ``--strict`` its exit code is 8 where anything is weaker.
"""

from __future__ import annotations

import argparse
import json

from localaws.commands import exit_codes
from localaws.isolation.trials import level


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="exit with 8 where anything is weaker")
    parser.add_argument("--output", choices=["text", "json"], default="text")


def run(arguments: argparse.Namespace) -> int:
    found = level()
    if arguments.output == "json":
        print(json.dumps({"made_by": found.summary, "namespaces": found.namespaces, "weaknesses": found.weaknesses}))
    else:
        print(f"Jobs and builds are closed in by {found.summary}.")
        for weakness in found.weaknesses:
            print(f"Weaker: {weakness}.")
    return exit_codes.ISOLATION_WEAK if arguments.strict and found.weaknesses else 0
