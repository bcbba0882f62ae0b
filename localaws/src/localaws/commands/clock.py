"""``localaws clock``: print the running server's time, or move it forward; schedules and expiry follow it."""

from __future__ import annotations

import argparse

from localaws.commands.arguments import add_state, duration
from localaws.commands.running_server import running_server

_PAGE = "/_localaws/clock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the running server's directory")
    parser.add_argument("--advance", type=duration, metavar="DURATION", help="move it forward first: 90s, 15m, 6h, 2d")


def run(arguments: argparse.Namespace) -> int:
    server = running_server(arguments.state)
    body = None if arguments.advance is None else {"advance_seconds": arguments.advance}
    print(server.page(_PAGE, body)["now"])
    return 0
