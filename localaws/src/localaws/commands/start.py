"""``localaws start``: start the server in this process and print its address. SIGTERM or SIGINT stops it."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from localaws.commands import exit_codes
from localaws.commands.arguments import account, add_state, port
from localaws.commands.running_server import note_address
from localaws.core.caller import MANAGEMENT_ACCOUNT
from localaws.core.private_files import UMASK, close_to_others
from localaws.core.state_file import LAST_GOOD, return_to_last_good
from localaws.core.state_lock import hold
from localaws.isolation.trials import level

DEFAULT_PORT = 4566
DEFAULT_ACCOUNT = "000000000000"
_UNVERIFIED = (
    "localaws: WARNING: --any-secret: no signature is verified. Every program that reaches the port may do everything "
    "in these accounts, and so start programs as you."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=DEFAULT_PORT, help="TCP port on 127.0.0.1; 0 takes a free one")
    add_state(parser, "the state directory; only one server can use it at a time")
    parser.add_argument(
        "--account",
        action="append",
        type=account,
        metavar="ID",
        help=f"an account of the organization (12 digits); repeat for more. Default: {DEFAULT_ACCOUNT}",
    )
    parser.add_argument(
        "--management-account",
        type=account,
        metavar="ID",
        default=MANAGEMENT_ACCOUNT,
        help="the organization's management account, which alone can assume OrganizationAccountAccessRole elsewhere",
    )
    parser.add_argument(
        "--enforce-iam",
        action="store_true",
        help="check IAM on every request: identity and resource policies, permissions boundaries, iam:PassRole",
    )
    parser.add_argument(
        "--any-secret",
        action="store_true",
        help="verify no signature: whoever names an account or key of this server is it, with any secret (a warning "
        "is printed)",
    )
    parser.add_argument(
        "--last-good",
        action="store_true",
        help="go back to the last state that was read without errors; the present one is kept beside it",
    )
    parser.add_argument(
        "--require-isolation",
        action="store_true",
        help="do not start where jobs and builds cannot be closed in fully (localaws isolation says why)",
    )
    parser.add_argument(
        "--jobs-on-machine-network",
        action="store_true",
        help="give jobs without EnableNetworkIsolation this machine's network, its loopback services included; "
        "otherwise they reach this server alone",
    )
    parser.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])


def run(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    _forget_users_aws_configuration()
    os.umask(UMASK)
    from localaws.server import AddressError, Server  # noqa: PLC0415 (550 ms that --help and a wrong argument need not wait)

    weaknesses = level().weaknesses
    if weaknesses and arguments.require_isolation:
        return _failed(
            exit_codes.ISOLATION_WEAK, f"not started, as --require-isolation wants: {'; '.join(weaknesses)}."
        )
    state: Path = arguments.state.resolve()
    try:
        (state / "work").mkdir(parents=True, exist_ok=True)
        close_to_others(state)
        hold(state, os.getpid())
        if arguments.last_good:
            _go_back(state)
    except (OSError, ValueError) as error:
        return _failed(exit_codes.STATE_UNUSABLE, f"the state directory {state} cannot be used: {error}.")
    try:
        accounts = arguments.account or [DEFAULT_ACCOUNT]
        management: str = arguments.management_account
        server = Server(
            arguments.port, state, state / "work", accounts, arguments.enforce_iam, management, arguments.any_secret
        )
    except AddressError as error:
        return _failed(exit_codes.PORT_TAKEN, f"{error}. Use --port 0 to listen on any free port.")
    except OSError as error:
        return _failed(exit_codes.STATE_UNUSABLE, f"{state} cannot be worked with: {error}. {_what_it_needs(state)}")
    except ValueError as error:
        return _failed(exit_codes.STATE_UNUSABLE, f"{state} cannot be read: {error}. {_ways_out(state)}")
    server.cloud.enclosure.jobs_on_machine_network = arguments.jobs_on_machine_network
    server.stop_on_signals()
    print(f"localaws: listening on {server.endpoint_url}, state in {state}", flush=True)
    if arguments.any_secret:
        print(_UNVERIFIED, file=sys.stderr, flush=True)
    for weakness in weaknesses:
        print(f"localaws: weaker isolation: {weakness}.", flush=True)
    _note(state, server.endpoint_url)
    server.run()
    return 0


def _go_back(state: Path) -> None:
    former = return_to_last_good(state)
    kept = f"; the former is {former}" if former else ""
    print(f"localaws: went back to the last good state{kept}", flush=True)


def _note(state: Path, endpoint_url: str) -> None:
    try:
        note_address(state, endpoint_url, os.getpid())
    except OSError as error:  # a full disk: the server itself says so in every answer, and must stay reachable for it
        logging.getLogger(__name__).warning("the server's address cannot be written to %s: %s", state, error)


def _what_it_needs(state: Path) -> str:
    free = shutil.disk_usage(state).free // 1024
    return f"Nothing that it holds was changed. Its disk has {free} KiB left; make room, or let this user write there."


def _ways_out(state: Path) -> str:
    start_over = f"To start over, delete it: localaws reset --state {state}"
    if not (state / LAST_GOOD).exists():
        return start_over
    noted = datetime.fromtimestamp((state / LAST_GOOD).stat().st_mtime, UTC)
    return (
        f"To go back to the last state that was read without errors ({noted:%Y-%m-%d %H:%M} UTC), start it with "
        f"--last-good. {start_over}"
    )


def _failed(code: int, message: str) -> int:
    print(f"localaws: {message}", file=sys.stderr)
    return code


def _forget_users_aws_configuration() -> None:
    """Whoever starts this may have profiles, keys and endpoints of a real AWS; nothing here may read them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
