"""``python -m localaws``: start the embedded AWS and say where it is."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

DEFAULT_PORT = 4566
EXIT_PORT_TAKEN = 3
EXIT_STATE_UNUSABLE = 4


def main() -> int:
    arguments = _parser().parse_args()
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    from localaws.server import HOST, Server

    state: Path = arguments.state.resolve()
    try:
        (state / "work").mkdir(parents=True, exist_ok=True)
        server = Server(
            arguments.port, state, state / "work", arguments.account or ["000000000000"], arguments.enforce_iam
        )
    except (OSError, SystemExit) as error:
        # werkzeug prints its own sentence and exits where the address is in use
        print(
            f"localaws: {HOST}:{arguments.port} cannot be used: {error}. Try --port 0 for a free one.", file=sys.stderr
        )
        return EXIT_PORT_TAKEN
    except ValueError as error:
        print(f"localaws: {state} cannot be read: {error}. Remove the directory to begin anew.", file=sys.stderr)
        return EXIT_STATE_UNUSABLE
    server.stop_on_signals()
    print(f"localaws: listening on {server.endpoint_url}, state in {state}", flush=True)
    server.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localaws",
        description="An AWS that fits on a laptop. Point AWS_ENDPOINT_URL at the address it prints.",
        epilog="Exit codes: 0 stopped by a signal, 2 wrong arguments, 3 port taken, 4 state unusable.",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, default=Path(".localaws"), help="directory that keeps everything")
    parser.add_argument(
        "--account",
        action="append",
        metavar="ID",
        help="an account of the organization, 12 digits; repeatable. The first is the management account, which may "
        "assume OrganizationAccountAccessRole in the others",
    )
    parser.add_argument(
        "--enforce-iam",
        action="store_true",
        help="ask IAM before every request: identity and resource policies, permissions boundaries, iam:PassRole",
    )
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    return parser


if __name__ == "__main__":
    sys.exit(main())
