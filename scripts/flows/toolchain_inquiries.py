"""What is asked about the toolchain in dev: its roles, who is let in, its builds and its topic. It reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from scripts.decisions.artifact_places import KEYS
from scripts.decisions.containers import container_sources
from scripts.decisions.readiness import Outcome
from scripts.decisions.toolchain_actors import ToolchainPlace, toolchain_actors
from scripts.decisions.toolchain_crossings import toolchain_crossings
from scripts.errors import ModelPackageError
from scripts.flows.crossing_checks import check_crossing
from scripts.flows.permission_checks import check_actor
from scripts.flows.resolve_package import resolve
from scripts.flows.stage_context import StageContext
from scripts.flows.stage_inquiries import stage_place
from scripts.flows.topic_checks import check_topic
from scripts.gateways.accounts import Account
from scripts.gateways.builds import build_projects, connection_status
from scripts.gateways.stacks import Stacks

Inquiry = tuple[str, Callable[[], Outcome]]


def toolchain_inquiries(contexts: Sequence[StageContext]) -> list[Inquiry]:
    """One inquiry, where dev has no toolchain: deployments by hand need none."""
    place = toolchain_place(contexts)
    if place is None:
        return [("toolchain", lambda: Outcome("ok", "dev has none; make bootstrap makes it"))]
    dev = contexts[0].dev
    found: list[Inquiry] = [
        (f"calls of {actor.name}", partial(check_actor, dev, actor)) for actor in toolchain_actors(place)
    ]
    found += [(crossing.what, partial(check_crossing, dev, crossing)) for crossing in toolchain_crossings(place)]
    found += [
        ("builds", partial(_builds, dev, place)),
        ("notification topic", partial(check_topic, dev, place.topic)),
    ]
    if place.connection:
        found.append(("connection", partial(_connection, dev, place.connection)))
    return found


def toolchain_place(contexts: Sequence[StageContext]) -> ToolchainPlace | None:
    """None where dev has no toolchain. ``contexts``: of every stage, for one pipeline."""
    context = contexts[0]
    stacks = Stacks(context.dev, context.sleep)
    names = context.names
    stack = stacks.describe(names.toolchain_stack)
    if stack is None:
        return None
    own = stacks.describe(names.codepipeline_stack)
    roles = stacks.resources(own.id, "AWS::IAM::Role") if own else {}
    return ToolchainPlace(
        stages=[stage_place(each) for each in contexts],
        key=stack.outputs["KeyArn"],
        topic=stack.outputs["NotificationTopicArn"],
        trigger_role=f"arn:{names.partition}:iam::{names.dev_account}:role/{roles.get('TriggerRole', '*')}",
        models=_model_buckets(context),
        model_keys=[key for key in stack.parameters.get(KEYS, "").split(",") if key],
        repository=stack.parameters.get("RepositoryName") or None,
        connection=stack.parameters.get("ConnectionArn") or None,
    )


def _model_buckets(context: StageContext) -> list[str]:
    """Where the model that would be released lies; none where there is none yet, which a stage's own checks tell."""
    try:
        sources = container_sources(resolve(context).package)
    except ModelPackageError:
        return []
    return sorted({each.location.bucket for each in sources if each.location is not None})


def _builds(dev: Account, place: ToolchainPlace) -> Outcome:
    """Whether all projects are there, and where each keeps its cache."""
    wanted = [place.project(kind).rsplit("/", 1)[-1] for kind in place.builds]
    found = build_projects(dev, wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        return Outcome("wrong", f"there is no CodeBuild project {', '.join(missing)}", "make bootstrap")
    mine = f"{place.first.names.toolchain_bucket}/"
    elsewhere = [each.name for each in found.values() if each.cache == "S3" and not each.location.startswith(mine)]
    if elsewhere:
        return Outcome("wrong", f"the cache of {elsewhere[0]} is not in s3://{mine}", "make bootstrap")
    caches = sorted({each.cache for each in found.values()})
    return Outcome("ok", f"{len(found)} projects, cache {', '.join(caches)}")


def _connection(dev: Account, arn: str) -> Outcome:
    status = connection_status(dev, arn)
    if status == "AVAILABLE":
        return Outcome("ok", arn.rsplit("/", 1)[-1])
    return Outcome(
        "wrong",
        f"{arn} is {status}: nothing can be read from GitHub",
        "confirm it in the console: Developer Tools, Connections",
    )
