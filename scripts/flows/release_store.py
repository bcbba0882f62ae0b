"""Where a release is kept: release.json in this clone, and each stage's bucket with exactly the files it pins.

A release's files (definition, code, template) are taken from the working tree where their digests agree, and
else from a stage's bucket, where every deployment keeps them: prod gets what preprod tested, whatever the tree is now.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.decisions.canonical import sha256_of
from scripts.decisions.names import BATCH_TEMPLATE, release_key
from scripts.decisions.release import (
    DEFINITION,
    TEMPLATE,
    Release,
    read_release,
    write_release,
)
from scripts.errors import ReleaseError
from scripts.flows.stage_context import StageContext
from scripts.workspace.pipeline_code import pipeline_code

RELEASE_FILE = Path("release.json")
CODE = "code/"  # where a release keeps the files of its jobs, by their paths


@dataclass(frozen=True)
class ReleaseFiles:
    """The content of the files that a release pins."""

    definition: bytes
    code: dict[str, bytes]
    template: bytes


def save_release(release: Release, path: Path = RELEASE_FILE) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(write_release(release), encoding="utf-8")
    unfinished.replace(path)


def release_in_file(path: Path = RELEASE_FILE) -> Release:
    if not path.exists():
        raise ReleaseError(f"{path} does not exist", next_command="make release")
    return read_release(path.read_bytes(), str(path))


def find_release(release_id: str, contexts: list[StageContext], path: Path = RELEASE_FILE) -> Release:
    """A release by its id: the file at hand, or a stage's bucket. Raises ReleaseError where none has it."""
    if path.exists():
        release = read_release(path.read_bytes(), str(path))
        if release.release_id == release_id:
            return release
    for context in contexts:
        bucket, key = context.foundation.bucket, release_key(release_id)
        content = context.objects.read(bucket, key)
        if content is not None:
            return read_release(content, f"s3://{bucket}/{key}")
    places = [f"{path}", *(f"s3://{each.foundation.bucket}/{release_key(release_id)}" for each in contexts)]
    raise ReleaseError(
        f'there is no release "{release_id}"',
        found=[f"not in {place}" for place in places],
        next_command="make status   # shows the release of each stage",
    )


def files_of(release: Release, contexts: list[StageContext], root: Path = Path()) -> ReleaseFiles:
    """The files that a release pins. Raises ReleaseError where one is nowhere to be found."""
    pipeline = release.pipeline
    folder = root / "pipelines" / pipeline.name
    definition = _file(folder / DEFINITION, pipeline.definition_sha256, release, DEFINITION, contexts)
    code = _code(release, contexts, root)
    template = _file(root / BATCH_TEMPLATE, release.templates[TEMPLATE], release, TEMPLATE, contexts)
    return ReleaseFiles(definition, code, template)


def _code(release: Release, contexts: list[StageContext], root: Path) -> dict[str, bytes]:
    current = pipeline_code(release.pipeline.name, root) if release.pipeline.code else {}
    if {path: sha256_of(content) for path, content in current.items()} == release.pipeline.code:
        return current
    return {
        path: _file(root / path, digest, release, f"{CODE}{path}", contexts)
        for path, digest in release.pipeline.code.items()
    }


def _file(path: Path, digest: str, release: Release, name: str, contexts: list[StageContext]) -> bytes:
    if path.exists() and sha256_of(path.read_bytes()) == digest:
        return path.read_bytes()
    for context in contexts:
        content = context.objects.read(context.foundation.bucket, release_key(release.release_id, name))
        if content is not None and sha256_of(content) == digest:
            return content
    raise ReleaseError(
        f"{path} differs from the file that release {release.release_id} pins, and no stage's bucket has that file",
        found=[f"pinned sha256 {digest}"],
        next_command=f"git checkout {release.source.git_commit or '<the commit of the release>'}, or: make release",
    )
