"""Makes one virtual environment from one hashed requirements file, with uv where it is present, else with pip.

It runs before anything is installed, so it uses the standard library alone, and runs on any Python that can tell a
user that it is too old. Killed anywhere it is simply run again: the mark that makes it do nothing is written last.
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

OLDEST_PYTHON = (3, 11)
EXIT_TOO_OLD = 2
EXIT_CANNOT_WRITE = 15
EXIT_INSTALL_FAILED = 21
_CANNOT_WRITE = ("No space left on device", "Disk quota exceeded", "Read-only file system", "Permission denied")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.verbs.install", description=__doc__)
    parser.add_argument("--environment", type=Path, required=True, help="the directory, e.g. .venv")
    parser.add_argument("--requirements", type=Path, required=True, help="a hashed file, e.g. requirements/local.txt")
    arguments = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Python 3.11 or newer is needed; this is {found}.", file=sys.stderr)
        print("  next:  make PYTHON=/path/to/python3.11 ...", file=sys.stderr)
        return EXIT_TOO_OLD
    try:
        return install(arguments.environment, arguments.requirements)
    except OSError as error:
        print(f"Cannot write: {error}", file=sys.stderr)
        print("  next:  df -h . ; ls -ld .   (room, and a directory that you may write)", file=sys.stderr)
        return EXIT_CANNOT_WRITE


def install(environment: Path, requirements: Path) -> int:
    """Bring ``environment`` to exactly what ``requirements`` pins (other requirements installed before stay)."""
    content = requirements.read_bytes()
    mark = environment / f"installed-{requirements.stem}"
    wanted = hashlib.sha256(content).hexdigest() + "\n"
    if mark.exists() and mark.read_text() == wanted:
        return 0
    packages = content.count(b"==")
    started = time.monotonic()
    installer = "uv" if shutil.which("uv") else "pip"
    print(f"Installing {packages} packages of {requirements} into {environment} with {installer} ...", file=sys.stderr)
    command = _uv_commands if installer == "uv" else _pip_commands
    for step in command(environment, requirements):
        code, lines = _run_with_progress(step, packages)
        if code:
            print(lines, file=sys.stderr)
            print(f"Installing failed (exit code {code} of: {' '.join(step)}).", file=sys.stderr)
            print(f"  next:  look at the lines above; rm -rf {environment} begins anew", file=sys.stderr)
            return EXIT_CANNOT_WRITE if any(sign in lines for sign in _CANNOT_WRITE) else EXIT_INSTALL_FAILED
    mark.write_text(wanted)
    print(f"Installed in {time.monotonic() - started:.0f} s.", file=sys.stderr)
    return 0


def _uv_commands(environment: Path, requirements: Path) -> list[list[str]]:
    python = str(environment / "bin" / "python")
    steps = [] if Path(python).exists() else [["uv", "venv", "--quiet", "--python", sys.executable, str(environment)]]
    return [*steps, ["uv", "pip", "install", "--python", python, "--require-hashes", "-r", str(requirements)]]


def _pip_commands(environment: Path, requirements: Path) -> list[list[str]]:
    """With this Python's own pip where it can install into another environment: giving each a pip takes seconds."""
    python = str(environment / "bin" / "python")
    foreign_pip = [sys.executable, "-m", "pip", "--python", python]
    create = [sys.executable, "-m", "venv", str(environment)]
    if _succeeds([sys.executable, "-m", "pip", "--python", sys.executable, "--version"]):
        create, pip = [*create, "--without-pip"], foreign_pip
        exists = Path(python).exists()
    else:
        pip = [python, "-m", "pip"]
        exists = Path(python).exists() and _succeeds([*pip, "--version"])
    # Modules are compiled when they are first imported; most never are.
    options = ["--disable-pip-version-check", "--no-input", "--no-compile", "--require-hashes"]
    return [*([] if exists else [create]), [*pip, "install", *options, "-r", str(requirements)]]


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run_with_progress(command: list[str], packages: int) -> tuple[int, str]:
    """Run ``command``; its exit code and last lines. Packages are counted: on one line of a terminal, else every 20."""
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
            if sys.stderr.isatty():
                print(f"\r  {collected}/{packages} {line.split()[1][:60]:<60}", end="", file=sys.stderr, flush=True)
            elif collected % 20 == 0:
                print(f"  {collected}/{packages} packages", file=sys.stderr, flush=True)
    if collected and sys.stderr.isatty():
        print(file=sys.stderr)
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
