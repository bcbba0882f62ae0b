"""Reads what is there and makes the plan: which release a stage gets, and all that bringing it there will do.

Only reads, but that a newly made release is kept in release.json. ``plan`` shows the result, ``deploy_plan`` carries it
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scripts.decisions.deployment_plan import DeploymentPlan, RegisteredPackage, Upload
from scripts.decisions.drift import Difference
from scripts.decisions.names import release_key
from scripts.decisions.release import FIRST_STAGE, Release
from scripts.decisions.stacks import Stack, readiness
from scripts.decisions.verification_record import Standing
from scripts.errors import ReleaseError
from scripts.flows.find_artifacts import far_artifacts
from scripts.flows.image_readiness import require_pull
from scripts.flows.job_settings import account_notes, release_notes
from scripts.flows.make_release import make_release
from scripts.flows.prepare_release import Prepared, prepare, require_valid_definition
from scripts.flows.promote_package import registered_package
from scripts.flows.read_drift import Drift, read_artifact_drift, read_code_drift, read_resource_drift, read_upload_drift
from scripts.flows.release_store import (
    RELEASE_FILE,
    ReleaseFiles,
    files_of,
    find_release,
    release_in_file,
    save_release,
)
from scripts.flows.resolve_package import resolve
from scripts.flows.stage_context import StageContext
from scripts.flows.verification_records import broken_pointer, not_verified, record_of, standing_now, verified_last


def plan_deployment(
    context: StageContext, release_id: str | None = None, unverified: bool = False, *, roles: bool = False
) -> DeploymentPlan:
    """The plan for a stage. preprod gets the newest Approved package, a later stage what preprod verified last.

    ``roles``: the foundation's roles are compared too. No deployment mends them, and they take as many calls as all
    else; so a deployment leaves them to the verification, and one in which nothing changed to ``make drift``.

    ``release_id`` names another release. Raises the errors of whatever is missing, and ReleaseError for a release
    that preprod has not verified, unless ``unverified``.
    """
    context.require_dev_credentials()  # before anything is read with them
    if context.stage == FIRST_STAGE:
        if release_id:
            release, package = find_release(release_id, [context]), None
            files = files_of(release, [context])
        else:
            resolved = resolve(context)
            package = resolved.package
            context.require_foundation()  # no release.json is written for a stage that cannot get it
            release, files = make_release(context, resolved)
            save_release(release)
        return _plan(context, release, files, package, unverified=False, roles=roles)
    earlier = context.sibling(FIRST_STAGE)
    release = _release_for_later_stage(context, earlier, release_id, unverified)
    verified = _passed(context, earlier, release, unverified)
    files = files_of(release, [earlier, context])
    return _plan(context, release, files, None, unverified=not verified, roles=roles)


def plan_pinned_release(
    context: StageContext, release: Release, *, unverified: bool = False, roles: bool = False, compared: bool = False
) -> DeploymentPlan:
    """The plan for exactly this release, as the CodePipeline wants it: it pins once and asks nothing again.

    ``compared``: it is compared with what is live and not carried out; quotas, which may grow meanwhile, are not asked.
    Raises ReleaseError for a stage after preprod where preprod has not verified it, unless ``unverified``.
    """
    context.require_dev_credentials()  # before anything is read with them
    if context.stage == FIRST_STAGE:
        files = files_of(release, [context])
        return _plan(context, release, files, None, unverified=False, roles=roles, compared=compared)
    earlier = context.sibling(FIRST_STAGE)
    verified = _passed(context, earlier, release, unverified)
    files = files_of(release, [earlier, context])
    return _plan(context, release, files, None, unverified=not verified, roles=roles, compared=compared)


def _passed(context: StageContext, earlier: StageContext, release: Release, unverified: bool) -> bool:
    """Whether ``earlier`` has a record that this release passed there. Raises ReleaseError without, unless told."""
    record = record_of(earlier, release.release_id)
    if not record.passed_once and not unverified:
        raise not_verified(
            release.release_id, earlier, context.stage, record, by_hand=context.settings.deployed_by_hand
        )
    return record.passed_once


def _release_for_later_stage(
    context: StageContext, earlier: StageContext, release_id: str | None, unverified: bool
) -> Release:
    if release_id:
        return find_release(release_id, [earlier, context])
    if unverified:
        live = earlier.stacks.describe(earlier.names.batch_stack)
        live_id = live.parameters.get("ReleaseId") if live else None
        return find_release(live_id, [earlier, context]) if live_id else release_in_file(RELEASE_FILE)
    last = verified_last(earlier)
    try:
        return find_release(last, [earlier, context])
    except ReleaseError as error:
        if earlier.objects.head(earlier.foundation.bucket, release_key(last)) is None:
            raise broken_pointer(earlier, f'it names "{last}", and there is no such release') from error
        raise


def _plan(
    context: StageContext,
    release: Release,
    files: ReleaseFiles,
    package: dict[str, Any] | None,
    *,
    unverified: bool,
    roles: bool,
    compared: bool = False,
) -> DeploymentPlan:
    settings, names = context.settings, context.names
    prepared = prepare(context, release, files, package)
    stack = context.stacks.describe(names.batch_stack)
    if stack is None or stack.parameters.get("PipelineDefinitionS3Key") != prepared.definition_key:
        require_valid_definition(prepared)
    pending = _pending(context, stack)
    ready = readiness(
        stack, prepared.parameters, pending, context.stage, settings.region, by_hand=settings.deployed_by_hand
    )
    live = stack.parameters.get("ModelPackageName") if stack else None
    registered = registered_package(context, prepared.promotion, live)
    drift = (
        _resource_drift(context, stack, prepared, roles=roles) if stack is not None and ready == "update" else Drift()
    )
    verification = standing_now(context, release.release_id, stack, definition=drift.definition)
    of_bytes = _bytes_drift(context, release, prepared.uploads, registered, stack, verification)
    notes = [*prepared.notes, *release_notes(prepared.bound, release)]
    if registered is None:  # what is registered in the stage was asked when it was
        require_pull(context, [each.image for each in release.model_package.containers])
        notes += far_artifacts(context, release)
    plan = DeploymentPlan(
        stage=context.stage,
        names=names,
        release=release,
        foundation=context.foundation,
        promotion=prepared.promotion,
        package=registered,
        uploads=prepared.uploads,
        template=prepared.template,
        parameters=prepared.parameters,
        tags=settings.stack_tags,
        stack=stack,
        readiness=ready,
        verification=verification,
        unverified=unverified,
        schedule=prepared.schedule,
        notes=tuple(notes),
        drift=(*drift.differences, *of_bytes),
        as_released=drift.expected,
    )
    if plan.nothing_to_do or compared:
        return plan  # nothing will run: no call is spent on quotas
    return replace(plan, notes=(*plan.notes, *account_notes(context, prepared.bound)))


def _resource_drift(context: StageContext, stack: Stack, prepared: Prepared, *, roles: bool) -> Drift:
    """What the stack has, against the release that is live in it, which need not be the one that is planned."""
    same = stack.parameters.get("ReleaseId") == prepared.release.release_id
    template = prepared.template if same else context.stacks.template(stack.id)
    key = stack.parameters.get("PipelineDefinitionS3Key")
    ours = key == prepared.definition_key
    definition = next((each.content for each in prepared.uploads if ours and each.key == key), None)
    return read_resource_drift(context, stack, template, definition, roles=roles)


def _bytes_drift(
    context: StageContext,
    release: Release,
    uploads: Sequence[Upload],
    registered: RegisteredPackage | None,
    stack: Stack | None,
    verification: Standing,
) -> tuple[Difference, ...]:
    """The planned release's bytes, as far as its promotion has been: what it would copy anyway is no drift.

    Code is looked at where the record of a verification does not vouch for just what the bucket has.
    """
    found = read_artifact_drift(context, release) if registered is not None else ()
    is_live = stack is not None and stack.parameters.get("ReleaseId") == release.release_id
    if not is_live:
        return found
    found = (*found, *read_upload_drift(context, release, uploads))
    return found if verification.stands else (*found, *read_code_drift(context, release))


def _pending(context: StageContext, stack: Stack | None) -> list[str]:
    if stack is None or stack.status != "REVIEW_IN_PROGRESS":
        return []
    return context.stacks.pending_change_sets(stack.name)
