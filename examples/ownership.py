"""What is the sample's own: the settings that it was made for, its model package group, its input.

Whoever prepares the sample asks here first, so that it never comes into a registry or a bucket of somebody's own. Pure:
what was read is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from examples.candidates import CANDIDATES
from examples.records import FEATURES, RECORD_ID, SCHEMA_FILE
from scripts.decisions.stage_settings import StageSettings

SAMPLE = {"model_package_group": "tumor-classifier", "pipeline": "batch_inference"}
_INPUT = re.compile(r"tumours-\d+\.csv")  # as scoring_data names it, which takes a second to import
GROUP_DESCRIPTION = "Example: benign or malignant tumours, by measurements"


def foreign_settings(stages: Mapping[str, StageSettings]) -> list[str]:
    """What the stage files name that is not the sample's, one line each; empty where they are the sample's own."""
    return [
        f"stage {stage}: {name} is {getattr(settings, name)}, the sample's is {own}"
        for stage, settings in stages.items()
        for name, own in SAMPLE.items()
        if getattr(settings, name) != own
    ]


def foreign_columns(columns: Sequence[str]) -> list[str]:
    """How a schema's columns differ from the sample's, in one line; empty where they are the sample's own."""
    own = (RECORD_ID, *FEATURES)
    changed = sorted(set(columns) ^ set(own))
    if not changed and tuple(columns) == own:
        return []
    what = f"differs in {', '.join(changed[:3])}" if changed else "has them in another order"
    return [f"{SCHEMA_FILE} no longer names the sample's columns: it {what}"]


def foreign_versions(group: str, description: str | None, versions: Iterable[str]) -> list[str]:
    """What a group that exists holds that is not the sample's, by descriptions; empty where it is the sample's."""
    if description != GROUP_DESCRIPTION:
        return [f"model package group {group} is not the sample's: {description or 'it has no description'}"]
    own = tuple(f"{candidate.description} (training " for candidate in CANDIDATES)
    return [
        f"{group} has a version of yours: {each or '(no description)'}" for each in versions if not each.startswith(own)
    ]


def foreign_input(uri: str, names: Iterable[str]) -> list[str]:
    """Objects below an input prefix that the sample did not write; the first five."""
    others = sorted(name for name in names if not _INPUT.fullmatch(name))
    return [f"{uri} holds {name}, which is not the sample's" for name in others[:5]]
