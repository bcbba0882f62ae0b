"""Making a release, and finding one again with exactly the files it pins.

A release's files (definition, preprocessing, template) are taken from the working tree where their digests agree, and
else from a stage's bucket, where every deployment keeps them: prod gets what preprod tested, whatever the tree is now.
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import ContainerSource, container_sources
from scripts.decisions.model_packages import PackageSummary, choose_package, no_group, nothing_approved, passed_over
from scripts.decisions.names import BATCH_TEMPLATE, release_key
from scripts.decisions.release import (
    DEFINITION,
    PREPROCESS,
    TEMPLATE,
    Approval,
    Container,
    ModelPackage,
    Pipeline,
    Release,
    S3Object,
    Source,
    new_release,
    read_release,
    write_release,
)
from scripts.errors import ArtifactError, ModelPackageError, ReleaseError
from scripts.flows.stage_context import StageContext
from scripts.workspace.pipelines import preprocess_path, read_fresh_definition

RELEASE_FILE = Path("release.json")
PARALLEL_HEADS = 8


@dataclass(frozen=True)
class ReleaseFiles:
    """The content of the files that a release pins."""

    definition: bytes
    preprocess: bytes | None
    template: bytes


@dataclass(frozen=True)
class Resolved:
    """The chosen version, as the registry describes it, and Approved ones that could not be chosen."""

    summary: PackageSummary
    package: dict[str, Any]
    skipped: list[PackageSummary]


def resolve(context: StageContext) -> Resolved:
    """The newest Approved version of the stage's group. Raises ModelPackageError that says what there is instead."""
    group, account = context.settings.model_package_group, context.settings.dev_account
    registry = context.dev_registry
    approved = registry.newest_approved(group)
    chosen = choose_package(approved)
    if chosen is None:
        if not registry.has_group(group):
            raise no_group(group, account, registry.groups())
        raise nothing_approved(group, account, registry.versions(group))
    return Resolved(chosen, described(context, chosen.arn), passed_over(approved, chosen))


def described(context: StageContext, arn: str) -> dict[str, Any]:
    """What dev's registry says of a version. Raises ModelPackageError where it is gone."""
    package = context.dev_registry.describe(arn)
    if package is None:
        raise ModelPackageError(f"{arn} is gone from the registry", next_command="make release   (of another version)")
    return package


def make_release(context: StageContext, resolved: Resolved, root: Path = Path()) -> tuple[Release, ReleaseFiles]:
    """Pin a version, with the definition and templates of the working tree."""
    rendered = read_fresh_definition(context.settings.pipeline, root)
    script = preprocess_path(context.settings.pipeline, root)
    preprocess = script.read_bytes() if script.exists() else None
    templates = {path.name: path.read_bytes() for path in sorted((root / BATCH_TEMPLATE).parent.glob("*.yml"))}
    release = new_release(
        package=_pinned(context, resolved),
        pipeline=Pipeline(
            name=context.settings.pipeline,
            definition_sha256=rendered.sha256,
            preprocess_sha256=sha256_of(preprocess) if preprocess is not None else None,
        ),
        templates={name: sha256_of(content) for name, content in templates.items()},
        source=_source(root),
    )
    return release, ReleaseFiles(rendered.text.encode(), preprocess, templates[TEMPLATE])


def save_release(release: Release, path: Path = RELEASE_FILE) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(write_release(release), encoding="utf-8")
    unfinished.replace(path)


def release_in_file(path: Path = RELEASE_FILE) -> Release:
    if not path.exists():
        raise ReleaseError(f"there is no {path}", next_command="make release")
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
        next_command="make status   (shows the release of each stage)",
    )


def files_of(release: Release, contexts: list[StageContext], root: Path = Path()) -> ReleaseFiles:
    """The files that a release pins. Raises ReleaseError where one is nowhere to be found."""
    pipeline = release.pipeline
    folder = root / "pipelines" / pipeline.name
    definition = _file(folder / DEFINITION, pipeline.definition_sha256, release, DEFINITION, contexts)
    preprocess = None
    if pipeline.preprocess_sha256:
        preprocess = _file(folder / PREPROCESS, pipeline.preprocess_sha256, release, PREPROCESS, contexts)
    template = _file(root / BATCH_TEMPLATE, release.templates[TEMPLATE], release, TEMPLATE, contexts)
    return ReleaseFiles(definition, preprocess, template)


def _file(path: Path, digest: str, release: Release, name: str, contexts: list[StageContext]) -> bytes:
    if path.exists() and sha256_of(path.read_bytes()) == digest:
        return path.read_bytes()
    for context in contexts:
        content = context.objects.read(context.foundation.bucket, release_key(release.release_id, name))
        if content is not None and sha256_of(content) == digest:
            return content
    raise ReleaseError(
        f"{path} is not the one that release {release.release_id} pins, and no stage's bucket has that",
        found=[f"pinned sha256 {digest}"],
        next_command=f"git checkout {release.source.git_commit or '<the commit of the release>'}, or: make release",
    )


def _pinned(context: StageContext, resolved: Resolved) -> ModelPackage:
    package = resolved.package
    author = (package.get("LastModifiedBy") or {}).get("UserProfileName")
    return ModelPackage(
        arn=package["ModelPackageArn"],
        group=package["ModelPackageGroupName"],
        version=package["ModelPackageVersion"],
        containers=tuple(
            _container(context, each, described)
            for each, described in zip(
                container_sources(package), package["InferenceSpecification"]["Containers"], strict=True
            )
        ),
        approval=Approval(
            status=package["ModelApprovalStatus"],
            description=package.get("ApprovalDescription"),
            modified_at=package.get("LastModifiedTime"),
            modified_by=author,
        ),
    )


def _container(context: StageContext, source: ContainerSource, described: dict[str, Any]) -> Container:
    from scripts.gateways.images import image_digest

    return Container(
        image=source.image,
        image_digest=source.image_digest or image_digest(context.dev, source.image),
        kind=source.kind,
        uri=source.location.uri if source.location else None,
        objects=tuple(_objects(context, source)),
        environment=described.get("Environment") or {},
    )


def _objects(context: StageContext, source: ContainerSource) -> list[S3Object]:
    if source.location is None:
        return []
    bucket, key, objects = source.location.bucket, source.location.key, context.dev_objects
    if source.kind == "object":
        found = [objects.head(bucket, key)]
    else:
        keys = [each for each, _ in objects.keys(bucket, key)]
        with ThreadPoolExecutor(PARALLEL_HEADS) as pool:
            found = list(
                pool.map(lambda each: objects.head(bucket, each, path=each.removeprefix(key).lstrip("/")), keys)
            )
    pinned = [each for each in found if each is not None]
    if not pinned or len(pinned) != len(found):
        raise ArtifactError(
            f"container {source.index}: the model data {source.location.uri} is gone",
            found=["the newest Approved version names it"],
            next_command="upload it again, or reject that version, then: make resolve",
        )
    return pinned


def _source(root: Path) -> Source:
    # A CodePipeline hands the tree over without its repository, and tells the commit beside it.
    built = os.environ.get("CODEBUILD_RESOLVED_SOURCE_VERSION")
    if built and not (root / ".git").exists():
        return Source(created_at=datetime.now(UTC).replace(microsecond=0), git_commit=built, git_dirty=False)
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return Source(
        created_at=datetime.now(UTC).replace(microsecond=0),
        git_commit=commit,
        git_dirty=None if commit is None else bool(changed),
    )


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or no repository."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
