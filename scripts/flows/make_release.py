"""Makes a release: a resolved model package, with the definition and templates of the working tree, pinned by digests.

Nothing is copied or deployed; where the release is kept is ``release_store``'s matter.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.containers import ContainerSource, container_sources
from scripts.decisions.model_packages import last_changed_by
from scripts.decisions.names import BATCH_TEMPLATE
from scripts.decisions.python_source import require_python
from scripts.decisions.release import (
    TEMPLATE,
    Approval,
    Container,
    ModelPackage,
    Pipeline,
    Release,
    S3Object,
    Source,
    new_release,
)
from scripts.errors import AccessDeniedError, ArtifactError
from scripts.flows.release_store import ReleaseFiles
from scripts.flows.resolve_package import Resolved
from scripts.flows.stage_context import StageContext
from scripts.gateways.commits import commit_in_codecommit, moment_of_git
from scripts.gateways.images import image_digest
from scripts.workspace.git import source_of
from scripts.workspace.pipeline_code import pipeline_code
from scripts.workspace.pipelines import read_fresh_definition
from scripts.workspace.text_files import require_file

PARALLEL_HEADS = 8


def make_release(context: StageContext, resolved: Resolved, root: Path = Path()) -> tuple[Release, ReleaseFiles]:
    """Pin a version, with the definition and templates of the working tree."""
    rendered = read_fresh_definition(context.settings.pipeline, root)
    code = pipeline_code(context.settings.pipeline, root)
    for path, content in code.items():
        if path.endswith(".py"):
            require_python(path, content)
    require_file(root / BATCH_TEMPLATE)
    templates = {path.name: path.read_bytes() for path in sorted((root / BATCH_TEMPLATE).parent.glob("*.yml"))}
    release = new_release(
        package=_pinned(context, resolved),
        pipeline=Pipeline(
            name=context.settings.pipeline,
            definition_sha256=rendered.sha256,
            code={path: sha256_of(content) for path, content in code.items()},
        ),
        templates={name: sha256_of(content) for name, content in templates.items()},
        source=_told_by_codecommit(context, source_of(root)),
    )
    return release, ReleaseFiles(rendered.text.encode(), code, templates[TEMPLATE])


def _told_by_codecommit(context: StageContext, source: Source) -> Source:
    """A CodePipeline names the repository; author and message would not survive its JSON of environment variables."""
    repository = os.environ.get("COMMIT_REPOSITORY")
    if not repository or not source.git_commit or source.git_author is not None:
        return source
    told = commit_in_codecommit(context.dev, repository, source.git_commit)
    if told is None:
        return source
    return source.model_copy(
        update={
            "git_author": told["author"].get("name") or None,
            "git_committed_at": moment_of_git(told["committer"].get("date", "")) or source.git_committed_at,
            "git_message": told.get("message", "").partition("\n")[0] or None,
        }
    )


def _pinned(context: StageContext, resolved: Resolved) -> ModelPackage:
    package = resolved.package
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
            modified_by=last_changed_by(package),
        ),
    )


def _container(context: StageContext, source: ContainerSource, described: dict[str, Any]) -> Container:
    return Container(
        image=source.image,
        image_digest=source.image_digest or image_digest(context.dev, source.image),
        kind=source.kind,
        uri=source.location.uri if source.location else None,
        objects=tuple(_readable_objects(context, source)),
        environment=described.get("Environment") or {},
    )


def _readable_objects(context: StageContext, source: ContainerSource) -> list[S3Object]:
    """The objects. Raises AccessDeniedError that says how the builds learn where model artifacts lie."""
    try:
        return _objects(context, source)
    except AccessDeniedError as error:
        raise AccessDeniedError(
            f"the model data {source.location.uri if source.location else ''} may not be read",
            found=[error.problem, *error.found],
            next_command="make bootstrap   # lets the builds read where the newest approved packages lie, and says "
            "what another account's bucket or key must allow",
        ) from error


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
            f"container {source.index}: the model data {source.location.uri} does not exist",
            found=["the newest Approved version refers to it"],
            next_command="upload it again, or reject that version, then: make resolve",
        )
    return pinned
