"""Which programs of this machine a build may use. Nothing of the server's own environment gets into a build but how
this machine reaches package registries (``localaws/isolation/registries.py``).

The image that a project names is not run: builds find the tools of this machine.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
import uuid
import venv
from importlib import metadata
from pathlib import Path

STANDARD_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_NEEDED = ("make", "git", "uv")
_DEBIANS = ("/usr/lib/python3/dist-packages",)


def make_python(directory: Path, pip: Path | None) -> None:
    """A Python of the build's own, with this server's version, pip and nothing else of its machine's packages: what a
    buildspec installs by ``pip`` goes there and ends with the build. ``pip`` is the folder of ``shared_pip``."""
    venv.EnvBuilder(system_site_packages=False, with_pip=False, symlinks=True).create(directory)
    if pip is not None:
        packages = directory / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        (packages / "pip.pth").write_text(f"{pip}\n")
    for name in ("pip", "pip3"):
        script = directory / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(directory / "bin" / "python"))} -m pip "$@"\n')
        script.chmod(0o755)
    # Tools that lie among others of this machine's user are linked alone. An AWS CLI that was installed with this
    # server goes before the machine's own: one from before 2023 does not read AWS_ENDPOINT_URL and would ask the real
    # AWS.
    beside = ":".join(map(str, (Path(sys.executable).parent, Path(sys.base_prefix) / "bin")))
    for tool in (*_tools(), shutil.which("aws", path=beside)):
        if tool and str(Path(tool).parent) not in STANDARD_PATH:
            (directory / "bin" / Path(tool).name).symlink_to(tool)


def shared_pip(work_directory: Path) -> Path | None:
    """A folder with the pip of this server's Python and nothing else, which builds read; made once. None where that
    Python has no pip: a build has none then."""
    own = sysconfig.get_path("purelib", vars={"base": sys.base_prefix})
    found = next(iter(metadata.distributions(name="pip", path=[own, *_DEBIANS, *sys.path])), None)
    if found is None:
        return None
    folder = work_directory.resolve() / f"codebuild-pip-{found.version}"
    if not folder.exists():
        made = folder.with_name(f"{folder.name}-{uuid.uuid4().hex}")
        for name in {file.parts[0] for file in found.files or () if file.parts[0].startswith("pip")}:
            source = Path(str(found.locate_file(name)))
            if source.is_dir():
                shutil.copytree(source, made / name)
        try:
            made.rename(folder)
        except OSError:  # another build was quicker
            shutil.rmtree(made, ignore_errors=True)
    return folder


def search_path(python: Path, node: Path) -> str:
    """PATH of a build: its own Python with the tools that are linked there, what npm installs, the standard folders."""
    return ":".join((str(python / "bin"), str(node / "bin"), *STANDARD_PATH))


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
