"""``run``: start a stage's pipeline, follow its steps, and say where the predictions are."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence

from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import Progress
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("run", __doc__ or "")
    parser.add_argument("--parameters", help='the pipeline\'s parameters, "Name=value Other=value" (PARAMETERS=)')
    parser.add_argument("--input", metavar="S3_URL", help="score this prefix instead of the stage's input (INPUT=)")
    parser.add_argument("--date", help="2026-01-31: for {date} in INPUT, and the parameter RunDate (DATE=)")
    parser.add_argument("--no-follow", action="store_true", help="start the execution and return")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.decisions.run_choices import INPUT, RunChoices, chosen_values
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.job_settings import require_fitting_run
    from scripts.flows.run_pipeline import (
        declared_parameters,
        deployed_stack,
        follow,
        output_of,
        require_input,
        start_or_find,
    )
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    require_way(context, "run", chosen.break_glass)
    stack = deployed_stack(context)
    choices = RunChoices(chosen.parameters, chosen.input, chosen.date)
    values = chosen_values(choices, declared_parameters(context)) if choices != RunChoices() else {}
    require_input(context, values.get(INPUT))
    again = f"set the size in stages/{context.stage}.yml, then: {context.deploys}"
    notes = require_fitting_run(context, values, again) if values else []
    progress = Progress()
    record_use(context, "run", as_typed("run", arguments), progress)
    with progress.step(f"Run {context.names.sagemaker_pipeline}"):
        for note in notes:
            progress.line(f"! {note}")
        arn = start_or_find(context, stack, f"run-{uuid.uuid4().hex[:12]}", progress, reuse=False, chosen=values)
        execution = None if chosen.no_follow else follow(context, arn, progress)
    where = output_of(context, arn).location.uri if execution else None
    if chosen.output == "json":
        status = execution.status if execution else "Executing"
        print_json({"execution_arn": arn, "status": status, "predictions": where, "seconds": progress.total})
    else:
        print(arn)
        follow_it = repeated(f"make logs STAGE={context.stage}", chosen.pipeline)
        print(f"  predictions: {where}" if where else f"  follow it: {follow_it}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
