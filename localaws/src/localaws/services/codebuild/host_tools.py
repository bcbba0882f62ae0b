"""Which programs of this machine a build may use. Nothing of the server's own environment gets into a build but how
this machine reaches package registries (``localaws/isolation/registries.py``).

The image that a project names is not run: builds find the tools of this machine.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import venv
from pathlib import Path

STANDARD_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_NEEDED = ("make", "git", "uv")


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
    found = (str(Path(tool).parent) for tool in _tools())
    beside = [str(Path(sys.base_prefix) / "bin"), str(Path(sys.executable).parent)]
    return ":".join(dict.fromkeys([str(python / "bin"), *STANDARD_PATH, *found, *beside]))


def tool_files() -> list[Path]:
    """What a build must see of make, git and uv where they lie outside of the system's folders: the programs alone,
    and of a script its interpreter's folder."""
    found = []
    for tool in map(Path, _tools()):
        found.append(tool)
        with tool.open("rb") as opened:
            first = opened.readline(512)
        interpreter = Path(first[2:].split()[0].decode(errors="replace")) if first.startswith(b"#!/") else None
        if interpreter and interpreter.parent.name == "bin":
            found.append(interpreter.parents[1])
    return found


def _tools() -> list[str]:
    """Those of the standard directories first: the user's own may be a link into their home."""
    standard = ":".join((*STANDARD_PATH, str(Path(sys.base_prefix) / "bin")))
    return [path for tool in _NEEDED if (path := shutil.which(tool, path=standard) or shutil.which(tool))]
