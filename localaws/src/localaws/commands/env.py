"""``localaws env``: print the export lines that point AWS clients at the running server."""

from __future__ import annotations

import argparse
import os
import re
import shlex

from localaws.commands.arguments import account, add_state, region
from localaws.commands.running_server import RequestRefusedError, running_server, secret_of

_USUAL_REGION = "us-east-1"
# What may stand in a shell and would lead calls elsewhere.
_FOREIGN = re.compile(r"AWS_(?!REGION$|DEFAULT_REGION$)[A-Z0-9_]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the running server's directory")
    parser.add_argument(
        "--account",
        type=account,
        metavar="ID",
        help="the account whose credentials are printed (default: the first account)",
    )
    parser.add_argument(
        "--region",
        type=region,
        default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _USUAL_REGION,
        help=f"the region of the calls (default: the shell's AWS_REGION, otherwise {_USUAL_REGION})",
    )


def run(arguments: argparse.Namespace) -> int:
    server = running_server(arguments.state)
    chosen = arguments.account or server.accounts[0]
    if chosen not in server.accounts:
        raise RequestRefusedError(
            f"account {chosen} is not an account of this server. Its accounts: {', '.join(server.accounts)}"
        )
    variables = {
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ACCESS_KEY_ID": chosen,
        "AWS_SECRET_ACCESS_KEY": secret_of(arguments.state, chosen),
        "AWS_REGION": arguments.region,
        "AWS_DEFAULT_REGION": arguments.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    others = {name for name in os.environ if _FOREIGN.fullmatch(name)} | {"AWS_PROFILE", "AWS_SESSION_TOKEN"}
    print("unset", *sorted(others - variables.keys()))
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
