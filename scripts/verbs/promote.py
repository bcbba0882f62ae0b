"""``promote``: carry a release into a stage's account: its model package, its definition, and all that it pins.

What already exists is used again. The stack does not change: ``deploy`` or the CodePipeline changes it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("promote", __doc__ or "")
    parser.add_argument("--file", type=Path, default=Path("release.json"), help="the release to promote")
    parser.add_argument("--release", metavar="ID", help="the id of a release, instead of the file's")
    parser.add_argument(
        "--plan-digest", metavar="DIGEST", help="fail unless the plan still has this digest, which was approved"
    )
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 280 ms to import, and --help answers in 30 ms.
    from scripts.decisions.evidence import require_approved_plan
    from scripts.decisions.release import FIRST_STAGE
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.carry_release import carry
    from scripts.flows.plan_release import plan_pinned_release
    from scripts.flows.release_store import find_release, release_in_file
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.build_variables import record_build_variables

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "promote", chosen.break_glass)
    places = [context] if context.stage == FIRST_STAGE else [context.sibling(FIRST_STAGE), context]
    release = find_release(chosen.release, places, chosen.file) if chosen.release else release_in_file(chosen.file)
    if release.pipeline.name != context.settings.pipeline:
        context = StageContext.open(chosen.stage, release.pipeline.name)
        require_way(context, "promote", chosen.break_glass)
    progress = Progress()
    with progress.step(f"Promote release {release.release_id} to {context.stage}"):
        plan = plan_pinned_release(context, release)
        if chosen.plan_digest:
            require_approved_plan(plan, chosen.plan_digest)
        record_use(context, "promote", as_typed("promote", arguments), progress, release.release_id)
        arn = carry(context, plan, progress)
    key = plan.parameters["PipelineDefinitionS3Key"]
    # The template configuration was written by the build; somebody may have switched the schedule since.
    schedule = plan.parameters["ScheduleState"]
    record_build_variables({"MODEL_PACKAGE_NAME": arn, "PIPELINE_DEFINITION_S3_KEY": key, "SCHEDULE_STATE": schedule})
    reused = plan.package is not None
    if chosen.output == "json":
        print_json(
            {"release_id": release.release_id, "model_package_arn": arn, "reused": reused, "definition_key": key}
        )
    else:
        print(f"{arn} ({'existed already' if reused else 'registered'})")
        print(f"s3://{context.foundation.bucket}/{key}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
