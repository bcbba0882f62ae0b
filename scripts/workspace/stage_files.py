"""Reads a stage's settings for one pipeline, from the files that hold them, and says exactly what is wrong with them.

Three places, each winning over the one before: ``pipelines/<pipeline>/settings.yml`` (the pipeline's, in every stage),
``stages/<stage>.yml`` (the account's; what it says of pipelines holds for each of them in that stage), and there what
stands under ``pipelines: <pipeline>:``. Environment variables override the account's. Every problem is told at once,
with its file and line. What may be said is in ``decisions.stage_settings``; nothing here calls AWS.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from scripts.decisions.stage_settings import PIPELINE_SETTINGS, UNNAMED_PIPELINE, StageSettings
from scripts.decisions.toolchain_settings import FILE as NO_STAGE
from scripts.errors import SettingsError, UsageError
from scripts.gateways.instance_types import known_instance_types
from scripts.gateways.regions import known_regions
from scripts.workspace.pipelines import pipeline_names, require_pipeline
from scripts.workspace.settings_document import Location, SettingsDocument, read_settings

STAGES = Path("stages")

_PROJECT_NAME_ID = "SAGEMAKER_PROJECT_NAME_ID"


def stage_names(directory: Path = STAGES) -> list[str]:
    """The stages that have a file, preprod before prod."""
    return sorted(path.stem for path in directory.glob("*.yml") if path.stem != NO_STAGE)


def load_stage(
    stage: str | None,
    directory: Path = STAGES,
    environment: Mapping[str, str] = os.environ,
    pipeline: str | None = None,
    any_pipeline: bool = False,
) -> StageSettings:
    """The settings of one stage for ``pipeline``, or for the stage's own where none is named.

    ``any_pipeline`` is for what all pipelines of a stage share: then one need not be named where there are several.

    Raises UsageError where there is no such stage or pipeline, SettingsError for anything wrong in the files.
    """
    found = stage_names(directory)
    if not stage:
        raise UsageError("no stage given", found=[f"stages: {', '.join(found) or 'none'}"], next_command=_again(found))
    if stage not in found:
        near = get_close_matches(stage.lower(), found, n=1, cutoff=0.8)
        raise UsageError(
            f'there is no stage "{stage}"' + (f'; did you mean "{near[0]}"?' if near else ""),
            found=[f"stages: {', '.join(found) or f'none in {directory}/'}"],
            next_command=_again(near) if near else _missing(stage, found, directory),
        )
    if not re.fullmatch(r"[a-z][a-z0-9]{0,9}", stage):
        raise UsageError(f'"{stage}" is not a stage name: it must have 1 to 10 lower-case letters and digits')
    account = read_settings(directory / f"{stage}.yml")
    chosen = _pipeline(account, pipeline, directory.parent, any_pipeline)
    document = _cascade(account, chosen, directory.parent)
    document.override(_overrides(stage, environment))
    if "model_package_group" not in document.content and not pipeline_names(directory.parent):
        raise UsageError(
            "there is no pipeline",
            found=["no folder of pipelines/ with a pipeline.py"],
            next_command="make new PIPELINE=churn SAMPLE=customers.csv",
        )
    settings = document.validate(_known())
    if "AWS_REGION" not in environment:
        _require_one_region(stage, settings.region, directory)
    return settings


def _require_one_region(stage: str, region: str, directory: Path) -> None:
    """Raises SettingsError where another stage's file names another region; what else is wrong in it is its affair."""
    regions = {stage: region}
    for other in stage_names(directory):
        with contextlib.suppress(SettingsError):
            found = read_settings(directory / f"{other}.yml").content.get("region")
            regions[other] = found if isinstance(found, str) else region
    if len(set(regions.values())) > 1:
        raise SettingsError(
            "the stages are in different regions: " + ", ".join(f"{each} in {at}" for each, at in regions.items()),
            found=["a release's model package group, artifacts and CodePipeline are in one region, dev's and stages'"],
            next_command=f"write the same region into {directory}/*.yml; for a second region clone the repository anew",
        )


def _pipeline(account: SettingsDocument, asked: str | None, root: Path, any_pipeline: bool) -> str:
    """The pipeline that is meant: the one asked for, the one the stage file names, or the only one there is."""
    names = pipeline_names(root)
    named = (
        asked or account.content.get("pipeline") or (names[0] if len(names) == 1 or (any_pipeline and names) else None)
    )
    if asked:
        require_pipeline(asked, root)
    if named is None and len(names) > 1:
        raise UsageError(
            f"there are {len(names)} pipelines: name one",
            found=[f"folders of pipelines/ with a pipeline.py: {', '.join(names)}"],
            next_command=f"the same command with PIPELINE={names[0]}",
        )
    return named if isinstance(named, str) else UNNAMED_PIPELINE


def _cascade(account: SettingsDocument, pipeline: str, root: Path) -> SettingsDocument:
    """The stage's document with the pipeline's own settings below it, and its overrides above."""
    overrides = account.take("pipelines")
    own = overrides.take(pipeline) if overrides else None
    if overrides:
        _require_folders(overrides, pipeline, root)
    settings = root / "pipelines" / pipeline / "settings.yml"
    document = SettingsDocument(account.path, {}, {})
    for part in (read_settings(settings) if settings.exists() else None, account, own):
        if part is None:
            continue
        if part is not account:
            part.require_known(PIPELINE_SETTINGS, "is the account's, for all pipelines")
        document.lay_over(part)
    if isinstance(document.content.get("pipeline", ""), str):  # else it is told with its line
        document.content["pipeline"] = pipeline
    return document


def _require_folders(overrides: SettingsDocument, own: str, root: Path) -> None:
    """Raises SettingsError for settings of a pipeline that has no folder, which nothing would ever read."""
    names = pipeline_names(root)
    for name in overrides.content:
        if names and name not in names and name != own:
            near = get_close_matches(str(name), names, n=1)
            raise SettingsError(
                f"{overrides.places[name,]}: there is no pipeline {name}"
                + (f'; did you mean "{near[0]}"?' if near else ""),
                found=[f"folders of pipelines/ with a pipeline.py: {', '.join(names)}"],
                next_command=f"correct {overrides.path}",
            )


def any_stage() -> StageSettings:
    """The settings of the first stage, for what all stages share: dev, the region, the project."""
    names = stage_names()
    if not names:
        raise SettingsError(
            f"{STAGES}/ has no stage file",
            found=[f"no {STAGES}/*.yml in {Path.cwd()}"],
            next_command=f"git checkout -- {STAGES}   # or write {STAGES}/preprod.yml, see {STAGES}/schema.json",
        )
    return load_stage(names[0], any_pipeline=True)


def dev_account() -> str:
    return any_stage().dev_account


def accounts() -> list[str]:
    """dev first, then each stage's, without repetitions."""
    stages = [load_stage(name, any_pipeline=True) for name in stage_names()]
    return list(dict.fromkeys([dev_account(), *(stage.account for stage in stages)]))


def first_stage() -> str | None:
    """The stage whose settings say where dev is, where none is named: all stages share dev."""
    return next(iter(stage_names()), None)


def _overrides(stage: str, environment: Mapping[str, str]) -> list[tuple[str, Location, str]]:
    """(variable, where in the settings, value) of each overriding variable that is set and not empty.

    The more particular comes later and wins: SAGEMAKER_PROJECT_NAME over the name in SAGEMAKER_PROJECT_NAME_ID.
    """
    found: list[tuple[str, Location, str]] = []
    joined = environment.get(_PROJECT_NAME_ID)
    if joined:
        match = re.fullmatch(r"(.+)-(p-[A-Za-z0-9-]+)", joined)
        if not match:
            raise SettingsError(
                f'environment variable {_PROJECT_NAME_ID}: "{joined}" is not <project name>-<project id>, '
                "with an id that begins with p-",
                next_command=f"unset {_PROJECT_NAME_ID}, or set SAGEMAKER_PROJECT_NAME and SAGEMAKER_PROJECT_ID",
            )
        found += [(_PROJECT_NAME_ID, ("project", "name"), match[1]), (_PROJECT_NAME_ID, ("project", "id"), match[2])]
    simple: list[tuple[str, Location]] = [
        ("AWS_REGION", ("region",)),
        ("AWS_DEV_ACCOUNT_NUMBER", ("dev_account",)),
        (f"AWS_{stage.upper()}_ACCOUNT_NUMBER", ("account",)),
        ("SAGEMAKER_PIPELINE_ROLE_ARN", ("pipeline_role_arn",)),
        ("SAGEMAKER_PROJECT_ARN", ("project", "arn")),
        ("SAGEMAKER_PROJECT_NAME", ("project", "name")),
        ("SAGEMAKER_PROJECT_ID", ("project", "id")),
    ]
    return found + [(name, location, environment[name]) for name, location in simple if environment.get(name)]


def _known() -> dict[str, frozenset[str]]:
    """What AWS knows: regions, and instance types by use."""
    return {**known_instance_types(), "regions": known_regions()}


def _again(stages: list[str]) -> str:
    return (
        f"the same command with STAGE={stages[0]}"
        if stages
        else "write stages/preprod.yml; its schema is stages/schema.json"
    )


def _missing(stage: str, found: list[str], directory: Path) -> str:
    """For a stage that nothing there resembles: its file was deleted, or never written."""
    usual = f"git checkout -- {directory}/{stage}.yml   # where it was deleted"
    return f"{usual}; or the same command with STAGE={'|'.join(found)}" if found else _again(found)
