"""``predictions``: show where a stage's newest predictions are, and their first rows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence

from scripts.errors import ExecutionError
from scripts.terminal.command_line import positive, print_json, run, verb_parser
from scripts.terminal.tables import predictions_table


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("predictions", __doc__ or "")
    parser.add_argument("--rows", type=positive, default=10, help="the number of rows to show")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.flows.release_schema import schema_of_release
    from scripts.flows.run_pipeline import SUCCEEDED, first_rows, output_of
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline)
    newest = context.pipelines.newest(context.names.sagemaker_pipeline, 50)
    succeeded = next((each for each in newest if each.status == SUCCEEDED), None)
    stack = context.stacks.describe(context.names.batch_stack)
    if succeeded is None:
        raise ExecutionError(
            f"{context.names.sagemaker_pipeline} has no successful execution",
            found=[f"{each.status} {each.arn}" for each in newest[:5]]
            or ["it has no executions" if stack else "nothing is deployed"],
            next_command=context.runs if stack else context.deploys,
        )
    output = output_of(context, succeeded.arn)
    rows = first_rows(context, output, chosen.rows)
    schema = schema_of_release(context, stack.parameters["ReleaseId"]) if stack else None
    if chosen.output == "json":
        columns = schema.output_names(len(next(csv.reader(rows[:1]), []))) if schema else []
        uri = output.location.uri
        print_json({"execution_arn": succeeded.arn, "predictions": uri, "columns": columns, "first_rows": rows})
        return 0
    size = sum(each for _, each in output.objects)
    print(f"{output.location.uri}   {len(output.objects)} objects, {size:,} bytes")
    print(f"  by {succeeded.arn}")
    print("\n".join(f"  {line}" for line in predictions_table(rows, schema)))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
