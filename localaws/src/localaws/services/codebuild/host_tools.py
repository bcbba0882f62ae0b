"""Which of this machine a build may use: directories of programs, and how to reach the network. Nothing else of the
server's own environment gets into a build.

The image that a project names is not run: builds find the tools of this machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

STANDARD_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_NEEDED = ("make", "git", "uv")
# What an organisation's network needs to be passed through: proxies, certificates, package indexes.
_NETWORK = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_TRUSTED_HOST",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_FIND_LINKS",
    "GIT_SSL_CAINFO",
)


def make_python(directory: Path) -> None:
    """A Python of the build's own, with this server's version and its machine's packages: what a buildspec installs by
    ``pip`` goes there and ends with the build."""
    venv.EnvBuilder(system_site_packages=True, with_pip=False, symlinks=True).create(directory)
    for name in ("pip", "pip3"):
        script = directory / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(directory / "bin" / "python"))} -m pip "$@"\n')
        script.chmod(0o755)
    # An AWS CLI that was installed with this server goes before the machine's own: one from before 2023 does not read
    # AWS_ENDPOINT_URL and would ask the real AWS.
    cli = Path(sys.executable).parent / "aws"
    if cli.is_file():
        (directory / "bin" / "aws").symlink_to(cli)


def search_path(python: Path) -> str:
    """PATH of a build: its own Python first, the standard directories, where make, git and uv are found besides, and
    last the scripts beside this server (the AWS CLI, say)."""
    found = (str(Path(tool).parent) for tool in map(shutil.which, _NEEDED) if tool)
    beside = [str(Path(sys.base_prefix) / "bin"), str(Path(sys.executable).parent)]
    return ":".join(dict.fromkeys([str(python / "bin"), *STANDARD_PATH, *found, *beside]))


def network_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The server's proxies, certificates and package indexes; localaws itself is never behind a proxy."""
    settings = {name: environment[name] for name in _NETWORK if name in environment}
    for name in ("NO_PROXY", "no_proxy"):
        if any(key.lower().endswith("_proxy") for key in settings):
            settings[name] = ",".join(filter(None, [settings.get(name, ""), "127.0.0.1", "localhost"]))
    user_configuration = Path.home() / ".config/pip/pip.conf"
    if "PIP_CONFIG_FILE" not in settings and user_configuration.is_file():
        settings["PIP_CONFIG_FILE"] = str(user_configuration)
    return settings
