"""Checks the CloudFormation templates: schemas in every region of the stages, security rules, IAM, reasons, and
whether the approval guards prod.

It reads files alone, changes nothing and calls no AWS API; ``make check`` runs it. What each rule is for stands beside
it in ``cloudformation/rules``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import CheckError
from scripts.gateways.regions import known_regions
from scripts.repository.approval_reach import NEEDED, approval_findings
from scripts.repository.findings import Finding
from scripts.repository.template_linters import (
    access_levels,
    lint_permissions,
    lint_rules,
    lint_schema,
    read_rules,
    read_template,
)
from scripts.repository.template_reasons import missing_reasons
from scripts.terminal.command_line import argument_parser, print_json, run
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.settings_document import read_settings
from scripts.workspace.stage_files import STAGES, load_stage, stage_names

TEMPLATES = Path("cloudformation")
RULES = TEMPLATES / "rules"


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.repository.check_templates", "Check the CloudFormation templates.")
    parser.add_argument(
        "template", nargs="*", type=Path, help="the files to check; without any, all in cloudformation/"
    )
    chosen = parser.parse_args(arguments)
    templates = chosen.template or sorted(TEMPLATES.glob("*.yml"))
    regions = stage_regions()
    findings = [each for path in templates for each in check_template(path, regions)]
    findings += check_approval(templates)
    if chosen.output == "json":
        print_json([vars(each) for each in findings])
    if findings:
        raise CheckError(
            f"{len(findings)} findings in {len({each.path for each in findings})} of {len(templates)} templates",
            found=[str(each) for each in findings],
            next_command="fix them, or suppress a rule on a line that gives the reason (docs/templates.md)",
        )
    if chosen.output == "text":
        checked = "schemas, security rules, IAM, reasons, the approval"
        print(f"{len(templates)} templates pass in {', '.join(regions)}: {checked}.")
    return 0


def check_template(path: Path, regions: Sequence[str]) -> list[Finding]:
    """Everything that is wrong in one template."""
    template = read_template(path)
    return sorted(
        [
            *lint_schema(path, regions),
            *lint_rules(str(path), template, read_rules(RULES)),
            *lint_permissions(str(path), template),
            *missing_reasons(str(path), path.read_text()),
        ]
    )


def check_approval(templates: Sequence[Path]) -> list[Finding]:
    """What is wrong with the templates of a project as a whole, where all that it takes to tell are among these."""
    by_name = {path.stem: path for path in templates}
    if not by_name.keys() >= set(NEEDED):
        return []
    read = {name: read_template(by_name[name]) for name in NEEDED}
    place = str(by_name["codepipeline"].parent)
    return [Finding(place, 0, "APPROVAL_GUARDS_PROD", each) for each in approval_findings(read, access_levels)]


def stage_regions() -> list[str]:
    """The regions that the stage files name, without what the environment may put in their place.

    Without a pipeline, as between removing the sample and making one's own, no stage's settings are whole yet.
    """
    if not pipeline_names():
        documents = [read_settings(STAGES / f"{stage}.yml").content for stage in stage_names()]
        return sorted({each["region"] for each in documents if each.get("region") in known_regions()})
    return sorted({load_stage(stage, environment={}, any_pipeline=True).region for stage in stage_names()})


if __name__ == "__main__":
    sys.exit(run(main))
