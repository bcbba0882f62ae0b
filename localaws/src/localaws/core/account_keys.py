"""The secret keys of a state directory's accounts, and the token of its control pages: random, made once, kept.

The access key id of an account is its number. ``keys.json`` holds ``{account: secret}``, ``control-token`` the token:
whoever can read the directory may do everything, nobody else anything. Secrets of sessions and users are not here.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from localaws.core.private_files import write_private

KEYS_FILE = "keys.json"
TOKEN_FILE = "control-token"  # noqa: S105 (its name)
TOKEN_HEADER = "X-Localaws-Token"  # noqa: S105 (its name)
_ACCOUNT = re.compile(r"[0-9]{12}")


class AccountKeys:
    """The keys of ``accounts``; a secret of any other account in the file is kept and is no key.

    ``directory`` None keeps nothing on disk. ValueError where the file cannot be read.
    """

    def __init__(self, directory: Path | None, accounts: Iterable[str]) -> None:
        known = read_keys(directory) if directory else {}
        self._secrets = {account: known.get(account) or secrets.token_urlsafe(30) for account in accounts}
        if directory and {**known, **self._secrets} != known:
            write_private(directory / KEYS_FILE, json.dumps({**known, **self._secrets}, indent=2) + "\n")

    def secret(self, account: str) -> str | None:
        """The secret access key of an account of this server; None for any other."""
        return self._secrets.get(account)


def read_keys(directory: Path) -> dict[str, str]:
    """{account: secret}; empty before the first start. ValueError where the file is damaged."""
    try:
        text = (directory / KEYS_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    problem = f"{directory / KEYS_FILE} does not hold accounts and their secret keys"
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{problem} ({error})") from error
    if not isinstance(found, dict) or not all(
        _ACCOUNT.fullmatch(account) and isinstance(secret, str) and secret for account, secret in found.items()
    ):
        raise ValueError(problem)
    return found


def control_token(directory: Path | None) -> str:
    """The token that control pages ask for, made where there is none yet."""
    if directory is None:
        return secrets.token_urlsafe(32)
    found = read_control_token(directory)
    if found is None:
        found = secrets.token_urlsafe(32)
        write_private(directory / TOKEN_FILE, f"{found}\n")
    return found


def read_control_token(directory: Path) -> str | None:
    try:
        return (directory / TOKEN_FILE).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
