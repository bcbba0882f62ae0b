"""What the state directory of the embedded AWS keeps for its clients: its accounts' secret keys, and the token of its
own pages. Read anew each time, and written nowhere but into files that this user alone may read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from scripts.errors import LocalCloudError

TOKEN_HEADER = "X-Localaws-Token"  # noqa: S105 (its name)
_KEYS, _TOKEN = "keys.json", "control-token"


def secret_of(state: Path, account: str) -> str:
    """The secret access key of an account. Raises LocalCloudError where the embedded AWS has not issued one."""
    secrets = _secrets(state)
    if account not in secrets:
        raise LocalCloudError(
            f"the embedded AWS has no key of account {account}",
            found=[f"{state / _KEYS}: {', '.join(sorted(secrets)) or 'absent'}"],
            next_command="make local-down && make local-up",
        )
    return secrets[account]


def has_keys(state: Path) -> bool:
    """Whether a server that verifies signatures has kept its keys here; an earlier version had none."""
    return (state / _KEYS).exists() and (state / _TOKEN).exists()


def control_token(state: Path) -> str:
    """The token of the server's own pages; empty where it has none (yet)."""
    try:
        return (state / _TOKEN).read_text().strip()
    except FileNotFoundError:
        return ""


def write_private(path: Path, text: str) -> None:
    """Write a file that holds secrets, as one that others cannot read."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _secrets(state: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((state / _KEYS).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LocalCloudError(
            f"{state / _KEYS} is damaged", found=[str(error)], next_command="make local-reset   # deletes all state"
        ) from error
    return found
