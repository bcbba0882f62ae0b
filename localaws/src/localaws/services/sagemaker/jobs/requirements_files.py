"""A model's requirements.txt: what it asks for, told apart by its content and by that of the files it names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_NAMES_A_FILE = re.compile(r"\s*(-r|-c|-e|--requirement|--constraint|--editable|--find-links|-f|\.|/|file:|\S+\s*@\s)")


def asks_for_nothing(text: str) -> bool:
    """Whether there are only comments and blank lines: pip then has nothing to do."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def names_package(text: str, name: str) -> bool:
    """Whether a line of its own asks for ``name``."""
    pattern = rf"^\s*{re.escape(name)}\s*($|[\[=<>!~;#@])"
    return re.search(pattern, text, re.MULTILINE | re.IGNORECASE) is not None


def requirements_digest(file: Path) -> str:
    """Equal for equal requirements. Where the file names other files, everything beside it counts: a wheel that the
    artifact brings, a second list, a package in a folder."""
    digest = hashlib.sha256()
    text = file.read_bytes()
    _add(digest, b"", text)
    if any(_NAMES_A_FILE.match(line) for line in text.decode(errors="replace").splitlines()):
        for path in sorted(file.parent.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _add(digest, path.relative_to(file.parent).as_posix().encode(), path.read_bytes())
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: bytes, content: bytes) -> None:
    for part in (name, content):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
