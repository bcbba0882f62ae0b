"""Whether a push through a connection matches a V2 trigger: its branch or tag, and the paths of the files that any of
its commits changed.

https://docs.aws.amazon.com/codepipeline/latest/userguide/syntax-glob.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.services.codecommit.git import git
from localaws.services.codeconnections.sources import local_repository

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud


def push_matches(cloud: Cloud, filters: list[dict[str, Any]] | None, detail: dict[str, Any], branch: str) -> bool:
    """``filters`` None means any push to the source action's own branch."""
    if filters is None:
        return bool(detail.get("branchName") == branch)
    return any(_matches(cloud, each, detail) for each in filters)


def _matches(cloud: Cloud, wanted: dict[str, Any], detail: dict[str, Any]) -> bool:
    """A filter is for tags or for branches; one for file paths alone is for every branch."""
    if "tagName" in detail:
        return "tags" in wanted and selects(wanted["tags"], [detail["tagName"]])
    if "tags" in wanted or not selects(wanted.get("branches"), [detail["branchName"]]):
        return False
    return "filePaths" not in wanted or selects(wanted["filePaths"], _changed_files(cloud, detail))


def selects(pattern: dict[str, list[str]] | None, names: Iterable[str]) -> bool:
    """Whether one of ``names`` is included and not excluded."""
    if pattern is None:
        return True
    includes, excludes = pattern.get("includes", ["**"]), pattern.get("excludes", [])
    return any(_any(includes, name) and not _any(excludes, name) for name in names)


def _any(globs: list[str], name: str) -> bool:
    return any(re.fullmatch(_regex(glob), name) for glob in globs)


def _regex(glob: str) -> str:
    """``**`` crosses ``/``, ``*`` and ``?`` do not, ``{a,b}`` is either."""
    found, position = "", 0
    while position < len(glob):
        character = glob[position]
        if glob.startswith("**", position):
            found, position = found + ".*", position + 2
            if glob.startswith("/", position) and found.endswith(".*"):
                found, position = found[:-2] + "(?:.*/)?", position + 1
            continue
        if character in "{}":
            found += {"{": "(?:", "}": ")"}[character]
        elif character == ",":
            found += "|" if found.count("(?:") > found.count(")") else ","
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
        position += 1
    return found


def _changed_files(cloud: Cloud, detail: dict[str, Any]) -> list[str]:
    """The files that the commits of the push changed: all that the branch had not before; of a new branch those that no
    other branch has, and its last commit where others have them all. A merge changes what it brings to any parent."""
    repository = local_repository(cloud, detail["connectionArn"], detail["fullRepositoryId"])
    old, new = detail.get("oldCommitId"), detail["commitId"]
    known = (f"^{old}",) if old else ("--not", f"--exclude={detail['branchName']}", "--branches")
    return _files(repository, new, *known) or _files(repository, "-1", new)


def _files(repository: Path, *commits: str) -> list[str]:
    listed = git(repository, "log", "-m", "--name-only", "--format=", "-z", *commits).decode("utf-8", "replace")
    return list(dict.fromkeys(name.strip("\n") for name in listed.split("\0") if name.strip("\n")))
