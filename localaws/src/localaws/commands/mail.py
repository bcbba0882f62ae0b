"""``localaws mail``: print the messages that SNS would have sent by email or SMS, oldest first."""

from __future__ import annotations

import argparse
import json
from urllib.parse import urlencode

from localaws.commands.arguments import add_state
from localaws.commands.running_server import running_server

_PAGE = "/_localaws/mail"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the running server's directory")
    parser.add_argument("--to", metavar="ADDRESS", help="print only the messages to this email address or phone number")
    parser.add_argument("--output", choices=["text", "json"], default="text")


def run(arguments: argparse.Namespace) -> int:
    query = f"?{urlencode({'to': arguments.to})}" if arguments.to else ""
    messages = running_server(arguments.state).page(f"{_PAGE}{query}")["messages"]
    if arguments.output == "json":
        print(json.dumps(messages, indent=2, ensure_ascii=False))
        return 0
    for message in messages:
        unsent = "" if message["delivered"] else "  (not delivered: the subscription is not confirmed)"
        print(f"{message['time']}  to {message['to']}{unsent}\n{message['subject']}\n\n{message['text']}\n")
    if not messages:
        print("No mail.")
    return 0
