"""The command ``localaws`` (also ``python -m localaws``): picks the subcommand and turns its errors into exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from localaws.commands import accounts, clock, env, exit_codes, git_credential, isolation, mail, reset, start
from localaws.commands.running_server import RequestRefusedError, ServerNotRunningError

_COMMANDS = {
    "start": (start, "start the server; it runs in this terminal until Ctrl-C"),
    "env": (env, "print the export lines that point AWS clients at the server"),
    "accounts": (accounts, "print the server's accounts"),
    "clock": (clock, "print the server's time; move it forward"),
    "isolation": (isolation, "print how jobs and builds are closed in on this machine, and what is weaker"),
    "mail": (mail, "print the messages that SNS would have sent by email or SMS"),
    "git-credential": (git_credential, "give git the credentials of a repository here (a credential helper)"),
    "reset": (reset, "stop the server and delete its state"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        return int(_COMMANDS[chosen.command][0].run(chosen))
    except ServerNotRunningError as error:
        return _fail(exit_codes.NOT_RUNNING, f"{error}. Start it first: localaws start --state {chosen.state}")
    except RequestRefusedError as error:
        return _fail(exit_codes.REFUSED, f"{error}.")
    except OSError as error:
        return _fail(exit_codes.STATE_UNUSABLE, f"{error}.")


def _fail(code: int, message: str) -> int:
    print(f"localaws: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="localaws",
        description="An AWS that fits on a laptop.",
        epilog="Exit codes: 0 success (start: stopped by a signal), 2 wrong arguments, 3 port in use, 4 state "
        "unusable, 5 no server running, 6 request refused, 8 jobs and builds cannot be closed in fully.",
    )
    parser.add_argument("--version", action="version", version=f"localaws {version('localaws')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in _COMMANDS.items():
        module.add_arguments(commands.add_parser(name, help=summary, description=module.__doc__))
    return parser


if __name__ == "__main__":
    sys.exit(main())
