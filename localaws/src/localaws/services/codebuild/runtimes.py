"""``runtime-versions``: what of it is on this machine, told truthfully.

The image is not run, so no version is chosen. A runtime that CodeBuild does not have, or that this machine lacks, fails
the build; another version than the one asked for is named in the log.
https://docs.aws.amazon.com/codebuild/latest/userguide/available-runtimes.html
"""

from __future__ import annotations

import re
import shutil
import subprocess

from localaws.services.codebuild.failures import PhaseError

# Runtime -> the program that runs it and how it tells its version.
_PROGRAMS = {
    "python": ("python3", "--version"),
    "nodejs": ("node", "--version"),
    "java": ("java", "-version"),
    "ruby": ("ruby", "--version"),
    "golang": ("go", "version"),
    "php": ("php", "--version"),
    "dotnet": ("dotnet", "--version"),
    "docker": ("docker", "--version"),
}
_LONGEST = 10  # seconds


def selected_runtime(runtime: str, version: str, path: str) -> str:
    """What the log says of one runtime. Raises PhaseError where the build cannot have it."""
    if runtime not in _PROGRAMS:
        known = ", ".join(sorted(_PROGRAMS))
        raise PhaseError("YAML_FILE_ERROR", f"Unknown runtime named '{runtime}'. This build has: {known}")
    program, option = _PROGRAMS[runtime]
    found = shutil.which(program, path=path)
    if found is None:
        raise PhaseError(
            "YAML_FILE_ERROR", f"Runtime {runtime} {version} is not on this machine: there is no program {program}"
        )
    own = _version(found, option)
    if _is_wanted(version, own):
        return f"Selecting '{runtime}' runtime version '{version}': this machine's {own}"
    return f"WARNING: runtime {runtime} {version} is not on this machine; {own} is used in its place"


def _version(program: str, option: str) -> str:
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, timeout=_LONGEST, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "a version that it does not tell"
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "a version that it does not tell"


def _is_wanted(version: str, own: str) -> bool:
    """``3.11`` is any 3.11, ``18`` and ``18.x`` any 18, ``latest`` whatever there is, ``corretto17`` a Java 17."""
    wanted = re.sub(r"^[a-z]+", "", version.lower().removesuffix(".x"))
    return version.lower() == "latest" or own == wanted or own.startswith(f"{wanted}.")
