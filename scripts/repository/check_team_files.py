"""Reads every settings file that a team edits, as the verbs read it, so that a build fails where a verb would.

Stage files with each pipeline's settings, schemas, ``toolchain.yml``, and the templates' parameters that are given in
them. A wrong one ends with the words and the exit code that a verb gives. It calls no AWS API; ``make check`` runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.decisions.foundation import decided_names
from scripts.decisions.names import CODEPIPELINE_TEMPLATE, FOUNDATION_TEMPLATE, TOOLCHAIN_TEMPLATE, names_that_fit
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.template_parameters import checked
from scripts.decisions.toolchain import OF_PIPELINES, OF_STAGE_FILES, decided_for_codepipeline
from scripts.terminal.command_line import argument_parser, run
from scripts.workspace.pipeline_code import pipeline_code
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.record_schemas import schema_of
from scripts.workspace.stage_files import load_stage, stage_names
from scripts.workspace.template_files import template_parameters
from scripts.workspace.toolchain_file import TOOLCHAIN_FILE, toolchain_settings

# The stages that have a CodePipeline; for those that it carries a pipeline to, its settings must agree.
OF_CODEPIPELINES = {"preprod", "prod"}


def main(arguments: Sequence[str]) -> int:
    argument_parser("scripts.repository.check_team_files", "Check the settings files that a team edits.").parse_args(
        arguments
    )
    stages, pipelines = stage_names(), pipeline_names()
    for pipeline in pipelines:
        schema_of(pipeline)
        pipeline_code(pipeline)
        _check_stages({stage: load_stage(stage, environment={}, pipeline=pipeline) for stage in stages})
    _check_toolchain(pipelines)
    print(f"{len(stages)} stages, {len(pipelines)} pipelines, {TOOLCHAIN_FILE}: their settings are valid.")
    return 0


def _check_stages(stages: Mapping[str, StageSettings]) -> None:
    declared = template_parameters(Path(FOUNDATION_TEMPLATE))
    for stage, settings in stages.items():
        names_that_fit(stage, settings)
        checked(settings.foundation, declared, decided_names(), f"foundation: of stages/{stage}.yml")
    if stages.keys() >= OF_CODEPIPELINES:
        decided_for_codepipeline(stages)


def _check_toolchain(pipelines: Sequence[str]) -> None:
    given, declared = toolchain_settings(), template_parameters(Path(TOOLCHAIN_TEMPLATE))
    checked(given.toolchain, declared, OF_STAGE_FILES, f"toolchain: of {TOOLCHAIN_FILE}")
    declared = template_parameters(Path(CODEPIPELINE_TEMPLATE))
    for each in (given.codepipeline, *map(given.of_codepipeline, pipelines)):
        checked(each, declared, OF_PIPELINES, f"codepipeline: of {TOOLCHAIN_FILE}")


if __name__ == "__main__":
    sys.exit(run(main))
