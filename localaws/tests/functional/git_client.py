"""The ordinary git client as a user has it who works with the shared server's repositories: credentials by a helper."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_NAME": "A Tester" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "tester@example.com" for who in ("AUTHOR", "COMMITTER")},
}
HELPER = f"!{sys.executable} -m localaws git-credential"


def credentials_by(helper: str, **keys: str) -> dict[str, str]:
    """Variables that let git ask ``helper``, with the AWS keys that it signs with."""
    settings = {"credential.helper": helper, "credential.useHttpPath": "true"}
    named = {f"GIT_CONFIG_KEY_{number}": name for number, name in enumerate(settings)}
    valued = {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(settings.values())}
    return {"GIT_CONFIG_COUNT": str(len(settings)), **named, **valued, **keys}


def sign_as(account: str, secret: str) -> None:
    """Let ``git`` below show the keys of an account, as the server's fixture says once."""
    keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": secret}
    GIT_ENVIRONMENT.update(credentials_by(f"{HELPER} --from-environment", **keys))


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=GIT_ENVIRONMENT, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
