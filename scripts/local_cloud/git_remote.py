"""Keeps this clone's git remote ``localaws`` at this clone's own embedded AWS, wherever that answers now.

A restart may take another port, and another clone's server the one that was left: a push would reach nobody, or the
repository of another clone that has the same name. While it is stopped the remote therefore leads nowhere. Only the
address of a remote that ``bootstrap`` has made is changed; none is made here, and any other host is left alone.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from scripts.workspace.git import forget_credential_helper, remote_url, set_credential_helper, set_remote_url

REMOTE = "localaws"
STOPPED = "embedded-aws-is-stopped--make-local-up.invalid"
_OURS = ("127.0.0.1", "localhost", STOPPED)


def point_remote_to(endpoint_url: str, helper: str, root: Path = Path()) -> None:
    """``helper``: the command that gives git the credentials of its repositories."""
    netloc = urlsplit(endpoint_url).netloc
    if _set_host(netloc, root):
        set_credential_helper(root, f"http://{netloc}", helper)


def point_remote_nowhere(root: Path = Path()) -> None:
    _set_host(STOPPED, root)


def _set_host(netloc: str, root: Path) -> bool:
    """Whether there is such a remote, which now leads to ``netloc``."""
    url = remote_url(root, REMOTE)
    if not url:
        return False
    parts = urlsplit(url)
    if parts.hostname not in _OURS:
        return False
    if parts.netloc != netloc:
        set_remote_url(root, REMOTE, parts._replace(netloc=netloc).geturl())
        forget_credential_helper(root, f"http://{parts.netloc}")
    return True
