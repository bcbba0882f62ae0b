"""Reads which releases of one pipeline a stage's bucket keeps, which is every release that was ever promoted there.

It only reads. A release.json that is broken is told in its place; a read that AWS refuses is an error.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scripts.decisions.names import release_key
from scripts.decisions.release import Release, read_release
from scripts.decisions.release_history import KeptRelease, newest_first
from scripts.decisions.verification_record import Standing
from scripts.errors import DeploymentError
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import record_of
from scripts.gateways.artifacts import Listed

_RELEASES, _FILE, _INTENTION = "releases/", "/release.json", "/deployment.json"
_PARALLEL_READS = 8


def read_history(context: StageContext) -> list[KeptRelease]:
    """The releases of the context's pipeline, newest first. A broken one is listed: whose it is, it does not tell."""
    bucket = context.foundation.bucket
    kept = list(context.objects.contents(bucket, _RELEASES))
    # release.json is the first one of its release; what each promotion writes anew says when the last one was.
    last = {each.key.removesuffix(_INTENTION): each.written for each in kept if each.key.endswith(_INTENTION)}
    listed = [
        each._replace(written=last.get(each.key.removesuffix(_FILE), each.written))
        for each in kept
        if each.key.endswith(_FILE)
    ]
    stack = context.stacks.describe(context.names.batch_stack)
    live = stack.parameters.get("ReleaseId") if stack else None
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        found = pool.map(lambda each: _kept(context, each, live), listed)
    return newest_first([each for each in found if each is not None])


def _kept(context: StageContext, listed: Listed, live: str | None) -> KeptRelease | None:
    """None for a release of another pipeline, or one that was deleted meanwhile."""
    release_id = listed.key.removeprefix(_RELEASES).removesuffix(_FILE)
    content = context.objects.read(context.foundation.bucket, release_key(release_id))
    if content is None:
        return None
    try:
        release = read_release(content, f"s3://{context.foundation.bucket}/{listed.key}")
    except DeploymentError as error:
        return KeptRelease(release_id, listed.written, is_live=release_id == live, problem=error.problem)
    if release.pipeline.name != context.settings.pipeline:
        return None
    return _described(release, listed, record_of(context, release_id), is_live=release_id == live)


def _described(release: Release, listed: Listed, standing: Standing, *, is_live: bool) -> KeptRelease:
    return KeptRelease(
        release_id=release.release_id,
        promoted=listed.written,
        is_live=is_live,
        model_version=release.model_package.version,
        commit=release.source.git_commit,
        message=release.source.git_message,
        verification=_verification(standing),
    )


def _verification(standing: Standing) -> str:
    if standing.record is None:
        return "none"
    return f"{'passed' if standing.record.passed else 'FAILED'} {standing.record.at[:16].replace('T', ' ')}"
