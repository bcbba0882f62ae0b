"""Writes ``build/<stage>-configuration.json`` of every stage, which the CodePipeline's CloudFormation action takes.

Each is checked as a deployment would be, so that a build fails here and not after an approval.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.decisions.release import Release
from scripts.decisions.template_configuration import template_configuration, template_configuration_path
from scripts.flows.prepare_release import prepare, require_valid_definition
from scripts.flows.release_store import ReleaseFiles
from scripts.flows.stage_context import StageContext
from scripts.workspace.stage_files import stage_names


def write_template_configurations(
    context: StageContext, release: Release, files: ReleaseFiles, package: dict[str, Any]
) -> list[Path]:
    """For each stage the parameters and tags that the CodePipeline's CloudFormation action deploys the release with."""
    written = []
    for stage in stage_names():
        each = context if stage == context.stage else context.sibling(stage)
        prepared = prepare(each, release, files, package)
        require_valid_definition(prepared)
        path = Path(template_configuration_path(stage))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template_configuration(prepared.parameters, each.settings.stack_tags), encoding="utf-8")
        written.append(path)
    return written
