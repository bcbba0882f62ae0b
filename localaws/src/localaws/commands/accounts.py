"""``localaws accounts``: print the accounts of the running server, one per line, in the order in which they were
given."""

from __future__ import annotations

import argparse

from localaws.commands.arguments import add_state
from localaws.commands.running_server import running_server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the running server's directory")


def run(arguments: argparse.Namespace) -> int:
    print(*running_server(arguments.state).accounts, sep="\n")
    return 0
