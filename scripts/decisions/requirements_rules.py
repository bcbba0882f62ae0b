"""What a model's requirements.txt may say: releases that are pinned, so that the job of tomorrow installs today's.

Pinned are ``name==1.2.3``, ``name===1.2.3``, ``name @ https://...``, a URL, and a wheel that travels beside the file.
https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REQUIREMENT = re.compile(rf"({_NAME})\s*(\[[^\]]*\])?\s*(.*)", re.DOTALL)
_PIN = re.compile(r"\(?\s*={2,3}\s*[A-Za-z0-9][A-Za-z0-9.!+_-]*\s*\)?")
_URL = re.compile(r"(?:(?:git|hg|svn|bzr)\+)?[a-z][a-z0-9+.-]*://\S+")
_HASH = re.compile(r"\s--hash[= ]\S+")
_OPTIONS = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host", "--pre"}
_OPTIONS |= {"--only-binary", "--no-binary", "--prefer-binary", "--require-hashes"}


def unpinned(text: str, beside: Collection[str] = ()) -> list[str]:
    """What is wrong with a requirements.txt, one line each. ``beside`` are the files of its folder, by name."""
    return [f"line {number}: {problem}" for number, line in _lines(text) if (problem := _problem(line, beside))]


def asks_for_packages(text: str) -> bool:
    return any(not line.startswith("-") for _, line in _lines(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first: continued ones joined, comments and empty ones left out."""
    number, joined = 0, ""
    for index, raw in enumerate(text.splitlines(), 1):
        number = number or index
        line = raw if raw.lstrip().startswith("#") else joined + raw
        if line.endswith("\\") and not raw.lstrip().startswith("#"):
            joined = line[:-1]
            continue
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        if stripped:
            yield number, stripped
        number, joined = 0, ""
    if joined.strip():
        yield number, joined.strip()


def _problem(line: str, beside: Collection[str]) -> str | None:
    if line.startswith("-"):
        option = re.split(r"[\s=]", line, maxsplit=1)[0]
        return None if option in _OPTIONS else f'"{line}": {option} is not allowed here; write the packages themselves'
    bare = _HASH.sub("", line).partition(" ;")[0].strip()
    if bare.endswith((".whl", ".tar.gz")) and not re.search("[=@:]", bare):
        return None if bare.removeprefix("./") in beside else f'"{line}" names a file that is not beside it in code/'
    match = _REQUIREMENT.fullmatch(bare)
    rest = match[3].partition(";")[0].strip() if match else ""
    if _URL.fullmatch(bare) or _PIN.fullmatch(rest) or (rest[:1] == "@" and _URL.fullmatch(rest[1:].strip())):
        return None
    return f'"{line}" is not pinned: write {match[1]}==<version>' if match else f'"{line}" is no requirement'
