"""``python -m localaws``: start the embedded AWS and say where it is."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from pathlib import Path

from localaws.core.state_lock import hold

DEFAULT_PORT = 4566
EXIT_PORT_TAKEN = 3
EXIT_STATE_UNUSABLE = 4


def main() -> int:
    arguments = _parser().parse_args()
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    _forget_users_aws_configuration()
    from localaws.server import HOST, Server  # noqa: PLC0415 (550 ms that --help and a wrong argument need not wait)

    state: Path = arguments.state.resolve()
    try:
        (state / "work").mkdir(parents=True, exist_ok=True)
        hold(state, os.getpid())
    except (OSError, ValueError) as error:
        print(f"localaws: the state directory {state} cannot be used: {error}.", file=sys.stderr)
        return EXIT_STATE_UNUSABLE
    try:
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


def _forget_users_aws_configuration() -> None:
    """Whoever starts this may have profiles, keys and endpoints of a real AWS; nothing here may read them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localaws",
        description="An AWS that fits on a laptop. Point AWS_ENDPOINT_URL at the address it prints.",
        epilog="Exit codes: 0 stopped by a signal, 2 wrong arguments, 3 port taken, 4 state unusable.",
    )
    parser.add_argument("--port", type=_port, default=DEFAULT_PORT, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", type=Path, default=Path(".localaws"), help="directory that keeps everything")
    parser.add_argument(
        "--account",
        action="append",
        type=_account,
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


def _account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no account: it has 12 digits")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
