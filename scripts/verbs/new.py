"""``new``: write pipelines/<name>/ for a model of yours: its schema from a sample of your data, settings, steps, tests.

Asks for what is not given; without a terminal it takes the defaults, and says what has none. Nothing is deployed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.terminal.command_line import print_json, run, verb_parser

if TYPE_CHECKING:
    from scripts.flows.new_pipeline import NewPipeline


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("new", __doc__ or "", stage=False)
    parser.add_argument("--pipeline", metavar="NAME", help="the new folder's name (PIPELINE=)")
    parser.add_argument("--sample", type=Path, metavar="FILE", help="CSV or Parquet, some rows of your data (SAMPLE=)")
    parser.add_argument(
        "--columns", help="instead of a sample: id,age:integer,plan:category=a|b,charge:number? (COLUMNS=)"
    )
    parser.add_argument("--record-id", metavar="COLUMN", help="the column that tells records apart (RECORD_ID=)")
    parser.add_argument("--target", metavar="COLUMN", help="the column that the model predicts, if there (TARGET=)")
    parser.add_argument("--predictions", help="what the model gives: label:class,score:probability (PREDICTIONS=)")
    parser.add_argument("--group", help="the model package group (GROUP=)")
    parser.add_argument("--schedule", help='"1 day", "12 hours" or "cron(0 3 * * ? *)" in UTC (SCHEDULE=)')
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 30 ms.
    from scripts.flows.describe_pipeline import Wanted, describe_pipeline
    from scripts.flows.new_pipeline import write_pipeline
    from scripts.verbs.render import render_pipeline

    wanted = {key: value for key, value in vars(chosen).items() if key != "output"}
    new = describe_pipeline(Wanted(**wanted))
    folder = write_pipeline(new)
    print(f"{folder}/ written; rendering (the first time, this installs the SageMaker SDK) ...", file=sys.stderr)
    render_pipeline(new.name)
    _report(new, folder, chosen.output)
    return 0


def _report(new: NewPipeline, folder: Path, output: str) -> None:
    if output == "json":
        files = sorted(str(path) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        print_json({"pipeline": new.name, "model_package_group": new.group, "files": files})
        return
    kinds = ", ".join(f"{each.name} ({each.type})" for each in new.schema.predictions)
    print(f"{folder}/ written")
    print(f"  record id     {new.schema.record_id}")
    print(f"  features      {len(new.schema.features)}, see {folder}/schema.yml")
    for each in new.left_out:
        print(f"  left out      {each}")
    print(f"  predictions   {kinds}")
    print(f"  group         {new.group}")
    print(f"  schedule      {new.schedule}")
    print(f"Read {folder}/schema.yml: is each type right, and what may be missing? Then:")
    print(f"  make register PIPELINE={new.name} ARTIFACT=model.tar.gz APPROVE=1 REASON='first model'")
    print(f"  make deploy STAGE=preprod PIPELINE={new.name}")


if __name__ == "__main__":
    sys.exit(run(main))
