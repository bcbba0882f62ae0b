"""How this machine reaches package registries: what a closed-in pip, uv or git must be told, and the files that say it.

Proxies, certificates and indexes pass; caches, credentials in a netrc file and install targets of the user do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

NAMES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"),
    *("PIP_CERT", "PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST"),
    *("PIP_CLIENT_CERT", "PIP_CONSTRAINT", "PIP_NO_INDEX", "PIP_DEFAULT_TIMEOUT"),
    *("UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_FIND_LINKS"),
)
_PATH = re.compile(r"(?:^|[\s=,;]|file://)(/[^\s,;]+)")


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables, with the user's own pip configuration; localaws itself is never behind a proxy."""
    found = {name: environment[name] for name in NAMES if name in environment}
    for name in ("NO_PROXY", "no_proxy"):
        if any(key.lower().endswith("_proxy") for key in found):
            found[name] = ",".join(filter(None, [found.get(name, ""), "127.0.0.1", "localhost"]))
    own = next((path for path in _own_pip_configurations(environment) if path.is_file()), None)
    if "PIP_CONFIG_FILE" not in found and own is not None:
        found["PIP_CONFIG_FILE"] = str(own)
    return found


def files(found: Mapping[str, str]) -> list[Path]:
    """The files and folders that settings name, and those that the configuration files among them name.

    No home directory and no root is among them, whatever somebody wrote.
    """
    named = [path for value in found.values() for path in _paths(value)]
    for name in ("PIP_CONFIG_FILE", "UV_CONFIG_FILE"):
        file = Path(found.get(name, os.devnull))
        if file.is_file():
            named += _paths(file.read_text(errors="replace"))
    home = Path.home().resolve()
    return [path for path in dict.fromkeys(named) if path.exists() and not home.is_relative_to(path.resolve())]


def _own_pip_configurations(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path.home()
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    yield home / ".pip/pip.conf"


def _paths(text: str) -> Iterator[Path]:
    for match in _PATH.finditer(text):
        yield Path(match[1].strip("\"'"))
