"""What localaws' own Python has installed: the packages that a model may use without an environment of its own."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from localaws.services.sagemaker.jobs.serving_images import Package


def own_version(package: Package) -> str | None:
    """The installed version; None where the package is absent."""
    for name in (package.name, package.also):
        try:
            if name:
                return version(name)
        except PackageNotFoundError:
            continue
    return None


def is_served_here(package: Package) -> bool:
    """Whether what is installed is what the image would bring."""
    found = own_version(package)
    return found is not None and package.accepts(found)


def own_folders() -> list[str]:
    """Where the installed packages lie."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


def own_fingerprint() -> list[str]:
    """What changes when a package is installed, removed or changes its version; read anew at every call."""
    folders = [Path(folder) for folder in own_folders()]
    found = [path.name for folder in folders if folder.is_dir() for path in folder.glob("*.dist-info")]
    return [sys.version, *map(str, folders), *sorted(found)]
