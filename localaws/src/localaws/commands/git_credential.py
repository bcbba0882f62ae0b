"""``localaws git-credential``: give git the credentials of a repository here, by git's credential protocol.

Without ``--from-environment`` they are those of the account in the repository's address, from the state directory.
https://git-scm.com/docs/git-credential
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, datetime

from localaws.commands.arguments import add_state
from localaws.commands.running_server import RequestRefusedError, secret_of

_REPOSITORY = re.compile(r"_localaws/git/(?P<account>\d{12})/(?P<region>[a-z0-9-]+)/.+")
_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_state(parser, "the server's directory, which holds the keys")
    parser.add_argument(
        "--from-environment",
        action="store_true",
        help="sign with the AWS credentials of this process (a build's role) instead of the account's own",
    )
    parser.add_argument("action", choices=["get", "store", "erase"], help="what git asks for; only get does anything")


def run(arguments: argparse.Namespace) -> int:
    asked = dict(line.rstrip("\n").partition("=")[::2] for line in sys.stdin if line.strip())
    found = _REPOSITORY.fullmatch(asked.get("path", ""))
    if arguments.action != "get" or not found or not _OWN_HOST.fullmatch(asked.get("host", "")):
        return 0  # git asks the next helper, or its user
    from localaws.core.git_credentials import password  # noqa: PLC0415 (80 ms that other commands need not wait)

    key_id, secret, token = _credentials(arguments, found["account"])
    made = password(key_id, secret, found["region"], asked["host"], f"/{asked['path']}", datetime.now(UTC))
    print(f"username={key_id}{f'%{token}' if token else ''}\npassword={made}")
    return 0


def _credentials(arguments: argparse.Namespace, account: str) -> tuple[str, str, str | None]:
    if not arguments.from_environment:
        return account, secret_of(arguments.state, account), None
    import botocore.session  # noqa: PLC0415

    found = botocore.session.get_session().get_credentials()
    if found is None:
        raise RequestRefusedError("this process has no AWS credentials")
    frozen = found.get_frozen_credentials()
    return str(frozen.access_key), str(frozen.secret_key), frozen.token
