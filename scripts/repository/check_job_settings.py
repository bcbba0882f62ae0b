"""Checks what each stage's settings make of each pipeline's jobs, as far as the settings alone decide it.

A stage's values are bound into the committed definition with a foundation of placeholders, and the rules that bind two
settings are looked at. It reads files alone and calls no AWS API; ``make check`` runs it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence

from scripts.decisions.definition_binding import bind_definition
from scripts.decisions.foundation import Foundation
from scripts.decisions.job_limits import definition_limits
from scripts.decisions.names import StageNames
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.stage_values import definition_defaults, infrastructure
from scripts.decisions.volume_keys import without_refused_keys
from scripts.errors import CheckError
from scripts.terminal.command_line import argument_parser, print_json, run
from scripts.workspace.pipelines import pipeline_names, read_definition
from scripts.workspace.stage_files import load_stage, stage_names


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser(
        "scripts.repository.check_job_settings", "Check the stages' settings of the pipelines' jobs."
    )
    chosen = parser.parse_args(arguments)
    found = [line for stage in stage_names() for pipeline in pipeline_names() for line in findings(stage, pipeline)]
    if chosen.output == "json":
        print_json(found)
    if found:
        raise CheckError(
            f"SageMaker would refuse jobs of these settings ({len(found)})",
            found=found,
            next_command="correct them in pipelines/<name>/settings.yml or stages/<stage>.yml",
        )
    if chosen.output == "text":
        print(f"{len(stage_names())} stages x {len(pipeline_names())} pipelines: SageMaker takes their jobs' settings.")
    return 0


def findings(stage: str, pipeline: str) -> Iterator[str]:
    """What SageMaker would refuse, one line each. A pipeline that is not rendered yet is told by another check."""
    text = read_definition(pipeline)
    if text is None:
        return
    settings = load_stage(stage, environment={}, pipeline=pipeline)
    definition = json.loads(text)
    foundation = placeholder(StageNames.of(stage, settings), settings)
    values = infrastructure(settings, foundation, "image", "code/")
    bound = bind_definition(definition, values, definition_defaults(settings, foundation))
    fitted, _ = without_refused_keys(bound)
    for each in definition_limits(fitted):
        if each.refused:
            yield f"{stage}, pipeline {pipeline}: {each}"


def placeholder(names: StageNames, settings: StageSettings) -> Foundation:
    """A foundation as there might be one: the rules look at no name in it."""
    return Foundation(
        pipeline_role_arn="arn:aws:iam::000000000000:role/pipeline",
        job_role_arn="arn:aws:iam::000000000000:role/job",
        bucket=names.bucket,
        kms_key_arn="arn:aws:kms:ap-southeast-2:000000000000:key/00000000-0000-0000-0000-000000000000",
        cloudformation_role_arn="arn:aws:iam::000000000000:role/cloudformation",
        events_role_arn="arn:aws:iam::000000000000:role/events",
        announcement_topic_arn="arn:aws:sns:ap-southeast-2:000000000000:announcements",
        subnet_ids=tuple(settings.network.subnet_ids),
        security_group_ids=tuple(settings.network.security_group_ids),
    )


if __name__ == "__main__":
    sys.exit(run(main))
