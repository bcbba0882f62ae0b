"""Reads what a stage has now of a release, and says what is not as it was released: resources, roles, bytes.

It only reads, several things at once, and it never takes what it could not read for unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from scripts.decisions.canonical import sha256_of
from scripts.decisions.deployment_plan import Upload
from scripts.decisions.drift import COMPARED, DEFINITION_PLACE, Difference, Expected, drift_of
from scripts.decisions.names import SHORT_DIGEST, StageNames, release_key
from scripts.decisions.promoted_bytes import (
    OBJECT,
    Copied,
    artifact_difference,
    code_difference,
    copies_of,
    needs_record,
    pinned_artifacts,
    pinned_code,
    sha256_told,
)
from scripts.decisions.release import TEMPLATE, Release, S3Object, read_release
from scripts.decisions.rendered_stack import RenderedStack
from scripts.decisions.stacks import Stack
from scripts.decisions.ways_to_change import deploying
from scripts.errors import ReleaseError
from scripts.flows.stage_context import StageContext
from scripts.gateways.live_resources import read_live
from scripts.workspace.template_files import whole_template

AT_ONCE = 8
_DEFINITION_KEY = "PipelineDefinitionS3Key"
# The foundation's roles that a release runs by, with the outputs that name them.
_ROLES = {"PipelineRole": "PipelineRoleArn", "JobRole": "JobRoleArn", "EventsRole": "EventsRoleArn"}
_DATA = {"Bucket": "ArtifactBucketName", "Key": "KmsKeyArn"}


@dataclass(frozen=True)
class Drift:
    """``expected``: every resource as it was released. ``definition``: the text that SageMaker has now, if any.
    ``release``: what all of it was compared with, where it was read for that."""

    differences: tuple[Difference, ...] = ()
    expected: tuple[Expected, ...] = ()
    definition: str | None = None
    release: Release | None = None


def read_resource_drift(
    context: StageContext, stack: Stack, template: str, definition: bytes | None, *, roles: bool = True
) -> Drift:
    """The stack's resources, and the foundation's roles, against the template that they were made by.

    ``definition`` is the bound one that the stack's parameters name; None: it is read from the bucket.
    """
    with ThreadPoolExecutor(2) as pool:
        foundation = pool.submit(_expected_roles, context) if roles else None
        expected, lost = _expected_resources(context, stack, template, definition)
        both = (*expected, *(foundation.result() if foundation else ()))
    live = read_live(context.reader, both)
    pipeline = next((live.get(each.logical_id) for each in expected if each.type == "AWS::SageMaker::Pipeline"), None)
    return Drift((*drift_of(both, live), *lost), tuple(expected), (pipeline or {}).get("PipelineDefinition"))


def read_released_drift(context: StageContext, stack: Stack) -> Drift:
    """All of it for what the stack says is live, by the release's own files in the stage's bucket.

    Raises ReleaseError where the bucket no longer has a release that can be read: then nothing can be compared.
    """
    release_id = stack.parameters.get("ReleaseId", "")
    release, template = release_in_bucket(context, release_id)
    drift = read_resource_drift(context, stack, template, None)
    bytes_drift = (*read_artifact_drift(context, release), *read_code_drift(context, release))
    return replace(drift, differences=(*drift.differences, *bytes_drift), release=release)


def read_artifact_drift(context: StageContext, release: Release) -> tuple[Difference, ...]:
    """The model data under the promoted keys that is gone, or is not what the release pins."""
    pinned, bucket = pinned_artifacts(release, context.names), context.foundation.bucket
    there = heads(context, list(pinned))
    record = recorded_copies(context, release.release_id) if needs_record(pinned, there) else {}
    found = (artifact_difference(bucket, key, item, there[key], record.get(key)) for key, item in pinned.items())
    return tuple(each for each in found if each is not None)


def read_code_drift(context: StageContext, release: Release) -> tuple[Difference, ...]:
    """The code that the jobs get and that is gone, or is not what the release pins."""
    pinned = pinned_code(release, context.names)
    there = heads(context, list(pinned))
    found = (_of_text(context, key, digest, there[key]) for key, digest in pinned.items())
    return tuple(each for each in found if each is not None)


def read_upload_drift(context: StageContext, release: Release, uploads: Sequence[Upload]) -> tuple[Difference, ...]:
    """Of what a deployment uploads: the release's own files that are gone, and a definition that is another or gone.

    Code is looked at by ``read_code_drift``.
    """
    bucket, kept = context.foundation.bucket, release_key(release.release_id, "")
    code = pinned_code(release, context.names)
    listed = {key for key, _ in context.objects.keys(bucket, kept)}
    lost = [each.key for each in uploads if each.key.startswith(kept) and each.key not in listed]
    wanted = {each.key: sha256_of(each.content) for each in uploads if not each.key.startswith(kept)}
    others = {key: digest for key, digest in wanted.items() if key not in code}
    there = heads(context, list(others))
    found = [Difference("bucket", f"s3://{bucket}/{key}", OBJECT, None) for key in lost]
    return (*found, *filter(None, (_of_text(context, key, digest, there[key]) for key, digest in others.items())))


def _of_text(context: StageContext, key: str, digest: str, there: S3Object | None) -> Difference | None:
    bucket, read = context.foundation.bucket, None
    if there is not None and sha256_told(there) is None:
        content = context.objects.read(bucket, key)
        read = sha256_of(content) if content is not None else None
    return code_difference(bucket, key, digest, there, read)


def heads(context: StageContext, keys: list[str]) -> dict[str, S3Object | None]:
    """What S3 says now of each key of the stage's bucket."""
    bucket = context.foundation.bucket
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(keys, pool.map(lambda key: context.objects.head(bucket, key), keys), strict=True))


def recorded_copies(context: StageContext, release_id: str) -> dict[str, Copied]:
    content = context.objects.read(context.foundation.bucket, release_key(release_id, "deployment.json"))
    try:
        return copies_of(json.loads(content)) if content is not None else {}
    except (ValueError, RecursionError):
        return {}


def _again(context: StageContext, release_id: str) -> str:
    return deploying(context.stage, by_hand=context.settings.deployed_by_hand, release=release_id)


def release_in_bucket(context: StageContext, release_id: str) -> tuple[Release, str]:
    """A release's document and its template, as the stage's own bucket keeps them. Raises ReleaseError."""
    bucket = context.foundation.bucket
    where = {name: f"s3://{bucket}/{release_key(release_id, name)}" for name in ("release.json", TEMPLATE)}
    content = {name: context.objects.read(bucket, release_key(release_id, name)) for name in where}
    for name, found in content.items():
        if found is None:
            raise ReleaseError(
                f"{where[name]} does not exist, so what was released cannot be compared with what is live",
                found=[f"release {release_id} is live in {context.stage}"],
                next_command=f"{_again(context, release_id)}   # brings its files back",
            )
    release = read_release(content["release.json"] or b"", where["release.json"])
    template = content[TEMPLATE] or b""
    if release.release_id != release_id or sha256_of(template) != release.templates[TEMPLATE]:
        raise ReleaseError(
            f"{where[TEMPLATE]} is not the template that release {release_id} pins",
            found=[f"pinned sha256 {release.templates[TEMPLATE]}", f"found sha256 {sha256_of(template)}"],
            next_command=f"aws s3 cp {where[TEMPLATE]} -   # what is it? Then find out who wrote it",
        )
    return release, template.decode()


def _expected_resources(
    context: StageContext, stack: Stack, template: str, definition: bytes | None
) -> tuple[list[Expected], list[Difference]]:
    ids = context.stacks.physical_ids(stack.id)
    rendered = _rendered(context.names, stack, template, ids)
    key = stack.parameters.get(_DEFINITION_KEY, "")
    lost: list[Difference] = []
    if definition is None:
        definition, lost = definition_in_bucket(context, key)
    expected = []
    for logical_id, resource in rendered.resources.items():
        if resource["Type"] not in COMPARED:
            continue
        properties: Mapping[str, Any] = resource.get("Properties", {})
        if resource["Type"] == "AWS::SageMaker::Pipeline":
            properties = {
                **properties,
                DEFINITION_PLACE: properties.get("PipelineDefinition"),
                "PipelineDefinition": None if definition is None else definition.decode(errors="replace"),
            }
        expected.append(Expected(logical_id, resource["Type"], ids.get(logical_id), properties))
    return expected, lost


def definition_in_bucket(context: StageContext, key: str) -> tuple[bytes | None, list[Difference]]:
    """The bound definition under its key, which holds a digest of it, and what is wrong with it."""
    content, name = context.objects.read(context.foundation.bucket, key), f"s3://{context.foundation.bucket}/{key}"
    if content is None:
        return None, [Difference("bucket", name, OBJECT, None)]
    digest = sha256_of(content)[:SHORT_DIGEST]
    if digest in key.rpartition("/")[2]:
        return content, []
    wanted = key.rpartition("definition-")[2].removesuffix(".json")
    return None, [Difference("bucket", name, OBJECT, "SHA256", f"{wanted}...", f"{digest}...")]


def _expected_roles(context: StageContext) -> list[Expected]:
    stack = context.stacks.describe(context.names.foundation_stack)
    if stack is None:
        return []
    return expected_roles(context.names, stack, context.stacks.template(context.names.foundation_stack))


def expected_roles(names: StageNames, stack: Stack, template: str) -> list[Expected]:
    """The roles that a release runs by, as the foundation's own template makes them."""
    arns = {name: stack.outputs[output] for name, output in _ROLES.items() if output in stack.outputs}
    ids = {name: arn.rpartition("/")[2] for name, arn in arns.items()}
    ids |= {name: stack.outputs[output] for name, output in _DATA.items() if output in stack.outputs}
    rendered = _rendered(names, stack, template, ids)
    return [
        Expected(name, "AWS::IAM::Role", ids[name], rendered.resources[name].get("Properties", {}), "foundation")
        for name in arns
        if name in rendered.resources
    ]


def _rendered(names: StageNames, stack: Stack, template: str, ids: Mapping[str, str]) -> RenderedStack:
    return RenderedStack(
        stack.name,
        whole_template(template, f"the template of stack {stack.name}"),
        names.account,
        stack.parameters,
        {},
        partition=names.partition,
        region=names.region,
        ids=ids,
    )
