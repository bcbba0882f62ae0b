"""Makes one virtual environment from one hashed requirements file, with uv where it is present, else with pip.

The embedded AWS cannot be pinned by a hash where it is a folder of this clone: a second file names where it comes from,
and it is installed by itself, since the hashed file holds what it needs, and again when the folder's content changes.

The folder may be a link that CodeBuild's local cache has put there, and older than this Python. This runs before
anything is installed, so it uses the standard library alone, and runs on any Python that can tell a user that it is
too old. Killed anywhere it is simply run again: the mark that makes it do nothing is written last.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from scripts.terminal.heartbeat import Heartbeat
from scripts.workspace.environment_folder import empty, had_alone, identity, python_of, real_folder, works

OLDEST_PYTHON = (3, 11)
EXIT_TOO_OLD = 2
EXIT_CANNOT_WRITE = 15
EXIT_INSTALL_FAILED = 21
_CANNOT_WRITE = ("No space left on device", "Disk quota exceeded", "Read-only file system", "Permission denied")
_PIP_VERSION = ("-m", "pip", "--version")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.verbs.install", description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="the directory, e.g. .venv")
    parser.add_argument("--requirements", type=Path, required=True, help="a hashed file, e.g. requirements/local.txt")
    parser.add_argument("--embedded-aws", type=Path, help="a file that names where localaws comes from")
    arguments = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Python 3.11 or newer is needed; this is {found}.", file=sys.stderr)
        print("  next:  make PYTHON=/path/to/python3.11 ...", file=sys.stderr)
        return EXIT_TOO_OLD
    absent = [path for path in (arguments.requirements, arguments.embedded_aws) if path and not path.exists()]
    if absent:
        print(f"There is no {absent[0]} in {Path.cwd()}.", file=sys.stderr)
        print(f"  next:  git checkout -- {absent[0]}   # and run make where the Makefile is", file=sys.stderr)
        return EXIT_INSTALL_FAILED
    try:
        code = install(arguments.environment, arguments.requirements)
        if code or not arguments.embedded_aws:
            return code
        return install_embedded_aws(arguments.environment, arguments.embedded_aws)
    except OSError as error:
        print(f"Cannot write: {error}", file=sys.stderr)
        print("  next:  df -h . ; ls -ld .   # is there space, and may you write to this directory?", file=sys.stderr)
        return EXIT_CANNOT_WRITE


def install(environment: Path, requirements: Path) -> int:
    """Bring ``environment`` to exactly what ``requirements`` pins (other requirements installed before stay)."""
    content = requirements.read_bytes()
    folder = real_folder(environment)
    mark, digest = folder / f"installed-{requirements.stem}", hashlib.sha256(content).hexdigest()
    if _is_marked(mark, digest):
        return 0
    with had_alone(folder, lambda: _tell_waiting(environment)):
        if _is_marked(mark, digest):  # another install has just done it
            return 0
        packages = content.count(b"==")
        steps = _create(folder)
        steps.append([*_installer(folder), "--require-hashes", "-r", str(requirements)])
        what = f"{packages} packages of {requirements}"
        return _installed(environment, what, steps, packages) or _mark(mark, digest)


def install_embedded_aws(environment: Path, source: Path) -> int:
    """Install what ``source`` names, without its dependencies, where that or the folder that it names has changed."""
    paths = _named_paths(source)
    missing = [path for path in paths if not path.exists()]
    if missing:
        print(f"{source} names {missing[0]}, which is not in this clone: the embedded AWS cannot be", file=sys.stderr)
        print("installed. Working on AWS does not need it.", file=sys.stderr)
        print(
            f"  next:  name a wheel of localaws in {source} (pip wheel --no-deps ./localaws builds one),",
            file=sys.stderr,
        )
        print("         or work on AWS: make ... CLOUD=aws", file=sys.stderr)
        return EXIT_INSTALL_FAILED
    folder = real_folder(environment)
    mark, digest = folder / "installed-embedded-aws", _digest([source, *paths])
    if _is_marked(mark, digest):
        return 0
    options = ["--no-deps", "--no-build-isolation", "--force-reinstall", "-r", str(source)]
    with had_alone(folder, lambda: _tell_waiting(environment)):
        code = _installed(environment, "localaws", [[*_installer(folder), *options]], 1)
        if code:
            return code
        _compile(folder)
        return _mark(mark, digest)


def _compile(environment: Path) -> None:
    """Compile all modules of the environment but those of tests, by every core.

    The embedded AWS starts each job and build with these packages, which they see read-only: what is not compiled by
    now would be compiled again in each of them (2 s of each job that imports scikit-learn). A module that cannot be
    compiled, such as a template, is no failure.
    """
    command = ["-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", str(environment / "lib")]
    _succeeds([str(python_of(environment)), *command])


def _named_paths(source: Path) -> list[Path]:
    """The folders and files that a requirements file names."""
    lines = [line.partition(" #")[0].strip() for line in source.read_text().splitlines()]
    return [Path(line) for line in lines if line.startswith((".", "/"))]


def _digest(paths: list[Path]) -> str:
    """Of the files, and of all files in the folders but tests and caches, which are not installed."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not {"__pycache__", "tests"} & set(file.relative_to(path).parts):
                digest.update(f"{file}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _is_marked(mark: Path, digest: str) -> bool:
    """Whether the environment holds this already, and still belongs to the Python that it was made for."""
    return mark.exists() and mark.read_text() == _marking(mark, digest)


def _mark(mark: Path, digest: str) -> int:
    mark.write_text(_marking(mark, digest))
    return 0


def _marking(mark: Path, digest: str) -> str:
    return f"{digest} {identity(mark.parent)}\n"


def _tell_waiting(environment: Path) -> None:
    print(f"Another install fills {environment}: waiting for it ...", file=sys.stderr)


def _installed(environment: Path, what: str, steps: list[list[str]], packages: int) -> int:
    """Run the steps; an exit code, with the reason told where it is not 0."""
    started = time.monotonic()
    print(f"Installing {what} into {environment} with {_tool()} ...", file=sys.stderr)
    for step in steps:
        with Heartbeat(f"{_tool()} to install {what}") as heartbeat:
            code, lines = _run_with_progress(step, packages, heartbeat)
        if code:
            print(lines, file=sys.stderr)
            print(f"Installing failed (exit code {code} of: {' '.join(step)}).", file=sys.stderr)
            print(
                f"  next:  fix what the lines above report; to start over: rm -rf {environment}/*",
                file=sys.stderr,
            )
            return EXIT_CANNOT_WRITE if any(sign in lines for sign in _CANNOT_WRITE) else EXIT_INSTALL_FAILED
    print(f"Installed in {time.monotonic() - started:.0f} s.", file=sys.stderr)
    return 0


def _tool() -> str:
    return "uv" if shutil.which("uv") else "pip"


def _create(folder: Path) -> list[list[str]]:
    """The step that makes the environment, where it is not there in working order."""
    if works(folder) and (_tool() == "uv" or _has_foreign_pip() or _succeeds([str(python_of(folder)), *_PIP_VERSION])):
        return []
    empty(folder)
    if _tool() == "uv":
        return [["uv", "venv", "--quiet", "--python", sys.executable, str(folder)]]
    # Giving each environment a pip of its own takes seconds.
    options = ["--without-pip"] if _has_foreign_pip() else []
    return [[sys.executable, "-m", "venv", *options, str(folder)]]


def _installer(environment: Path) -> list[str]:
    """The command that installs into the environment, up to its options."""
    python = str(python_of(environment))
    if _tool() == "uv":
        return ["uv", "pip", "install", "--python", python]
    pip = [sys.executable, "-m", "pip", "--python", python] if _has_foreign_pip() else [python, "-m", "pip"]
    # Modules are compiled when they are first imported (most never are), or by ``_compile``.
    return [*pip, "install", "--disable-pip-version-check", "--no-input", "--no-compile"]


def _has_foreign_pip() -> bool:
    """Whether this Python's own pip can install into another environment."""
    return _succeeds([sys.executable, "-m", "pip", "--python", sys.executable, "--version"])


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run_with_progress(command: list[str], packages: int, heartbeat: Heartbeat) -> tuple[int, str]:
    """Run ``command``; its exit code and last lines. Packages are counted in the heartbeat, and every 20 told."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_clean_environment()
    )
    assert process.stdout is not None
    collected = 0
    last_lines: list[str] = []
    for line in process.stdout:
        last_lines = [*last_lines[-30:], line]
        if line.startswith("Collecting "):
            collected += 1
            heartbeat.subject = f"{_tool()}: {collected} of {packages} packages, {line.split()[1]}"
            if collected % 20 == 0:
                heartbeat.line(f"  {collected}/{packages} packages")
    return process.wait(), "".join(last_lines)


def _clean_environment() -> dict[str, str]:
    """Without what would lead an installer into another environment than the one it is told."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONHOME", "PIP_TARGET", "PIP_USER")
    }


if __name__ == "__main__":
    sys.exit(main())
