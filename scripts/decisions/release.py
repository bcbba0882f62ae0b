"""A release: one model package version, one pipeline definition and the templates, pinned by digests.

``release_id`` is the digest of what determines behaviour; when and from which commit a release was made is recorded
beside it and does not change it. A document whose digests do not agree with its content was edited, and is refused.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.decisions.canonical import sha256_of
from scripts.errors import ReleaseError

FORMAT = 2
ID_LENGTH = 16
FIRST_STAGE = "preprod"  # every release is tested here before another stage may have it
DEFINITION, TEMPLATE = "definition.json", "batch-inference.yml"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Checksum(_Part):
    """What S3 itself says about an object's content. COMPOSITE is the digest of the parts' digests."""

    algorithm: Literal["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
    type: Literal["FULL_OBJECT", "COMPOSITE"]
    value: str


class S3Object(_Part):
    """One pinned object. ``path`` is its key below the prefix, or its file name."""

    bucket: str
    key: str
    path: str
    version_id: str | None = Field(description="null where the bucket keeps no versions")
    etag: str
    size: Annotated[int, Field(ge=0)]
    checksum: Checksum | None = Field(description="null where the object was stored without one")

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this object's content from another's, wherever it lies."""
        return {
            "path": self.path,
            "size": self.size,
            "content": self.checksum.model_dump() if self.checksum else {"etag": self.etag},
        }


class Container(_Part):
    """One container of the model package: its image, and the model data it is started with."""

    image: str
    image_digest: str | None = Field(description="sha256:..., or null if the registry does not give it")
    kind: Literal["object", "prefix", "image-only"]
    uri: str | None = Field(description="where the model data is in the dev account; null for image-only")
    objects: tuple[S3Object, ...]
    environment: dict[str, str]


class Approval(_Part):
    """Who approved what, as the registry tells it."""

    status: str
    description: str | None
    modified_at: datetime | None
    modified_by: str | None


class ModelPackage(_Part):
    """The pinned model package version of the dev account."""

    arn: str
    group: str
    version: Annotated[int, Field(ge=1)]
    containers: Annotated[tuple[Container, ...], Field(min_length=1)]
    approval: Approval

    @property
    def artifact_digest(self) -> str:
        """Hex SHA-256 of what all model data is made of."""
        return sha256_of([[each.identity for each in container.objects] for container in self.containers])


class Pipeline(_Part):
    """The stage-neutral definition, and the code that its jobs run."""

    name: str
    definition_sha256: Sha256
    code: dict[str, Sha256] = Field(
        description="path from the root -> sha256 of each file that travels with the release"
    )

    @property
    def code_sha256(self) -> str | None:
        """Hex SHA-256 of all that code, which names its folder in a stage's bucket; None where there is none."""
        return sha256_of(self.code) if self.code else None

    @property
    def schema_path(self) -> str | None:
        """Where the records' schema is among the code; None where the pipeline has none."""
        path = f"pipelines/{self.name}/schema.json"
        return path if path in self.code else None


class Source(_Part):
    """Where and when the release was made; no part of its identity."""

    created_at: datetime
    git_commit: str | None
    git_dirty: bool | None = Field(description="whether the tree had uncommitted changes; null outside a git tree")
    # Documents older than these fields lack them.
    git_author: str | None = Field(default=None, description="who wrote the commit")
    git_committed_at: datetime | None = Field(default=None, description="when it was committed")
    git_message: str | None = Field(default=None, description="the first line of its message")


class Release(_Part):
    """release.json."""

    format: Literal[2] = 2
    release_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    model_package: ModelPackage
    pipeline: Pipeline
    templates: dict[str, Sha256] = Field(description="file name -> sha256 of each template in cloudformation/")
    source: Source
    document_sha256: Sha256 = Field(description="of the rest of this document; detects an edit")


def new_release(package: ModelPackage, pipeline: Pipeline, templates: dict[str, str], source: Source) -> Release:
    content = {
        "format": FORMAT,
        "release_id": _release_id(package, pipeline, templates),
        "model_package": package.model_dump(mode="json"),
        "pipeline": pipeline.model_dump(mode="json"),
        "templates": templates,
        "source": source.model_dump(mode="json"),
    }
    return Release.model_validate({**content, "document_sha256": sha256_of(content)})


def write_release(release: Release) -> str:
    """The document's text: indented, keys sorted, a final newline."""
    return json.dumps(release.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_release(text: str | bytes, where: str) -> Release:
    """The release of a document. Raises ReleaseError for another format, and for an edited one; ``where`` names it."""
    again = "make release   # writes it again; or git restore the file"
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{where} is not JSON: {error}", next_command=again) from error
    if not isinstance(content, dict):
        raise ReleaseError(f"{where} is not a release document", next_command=again)
    if content.get("format") != FORMAT:
        raise ReleaseError(
            f"{where} has format {content.get('format')!r}; this version reads {FORMAT}", next_command=again
        )
    try:
        release = Release.model_validate(content)
    except ValidationError as error:
        found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:10]]
        raise ReleaseError(f"{where} is not a valid release document", found=found, next_command=again) from error
    claimed = content.pop("document_sha256")
    actual = _release_id(release.model_package, release.pipeline, release.templates)
    if release.release_id != actual:
        raise ReleaseError(
            f"{where} was edited: its content does not have its release_id",
            found=[f"release_id {release.release_id}, content says {actual}"],
            next_command=again,
        )
    if claimed != sha256_of(content):
        raise ReleaseError(
            f"{where} was edited: its document_sha256 does not agree with the rest",
            found=[f"document_sha256 {claimed[:16]}..., content says {sha256_of(content)[:16]}..."],
            next_command=again,
        )
    return release


def release_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of release.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Release.model_json_schema()}


def image_lines(release: Release) -> list[str]:
    """One line for each image that no digest pins, since its registry told none: what its tag names may change."""
    untold = dict.fromkeys(each.image for each in release.model_package.containers if each.image_digest is None)
    return [
        f"image {image} is not pinned: its registry gives no digest, so jobs pull whatever it names" for image in untold
    ]


def _release_id(package: ModelPackage, pipeline: Pipeline, templates: dict[str, str]) -> str:
    """16 hex digits of the SHA-256 of what a stage would run.

    The foundation and the toolchain are recorded but left out: they are deployed by bootstrap, not with a release.
    """
    behaviour = {
        "model_package": package.arn,
        "containers": [
            {
                "image": each.image,
                "image_digest": each.image_digest,
                "environment": each.environment,
                "model_data": [item.identity for item in each.objects],
            }
            for each in package.containers
        ],
        "pipeline": pipeline.model_dump(mode="json"),
        "template": templates.get(TEMPLATE),
    }
    return sha256_of(behaviour)[:ID_LENGTH]
