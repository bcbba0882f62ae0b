"""``status``: what is live, and how it goes: release, model package, executions, schedule, drift, alarms, approvals.

Without a stage, every stage of every pipeline side by side; with one, all that there is to say of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from scripts.decisions.overview import overview_lines
from scripts.decisions.status import comparisons, status_lines
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated

AT_ONCE = 4  # stages


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("status", __doc__ or "")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 240 ms to import, and --help answers in 40 ms.
    from scripts.flows.read_status import read_status
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.pipelines import pipeline_names
    from scripts.workspace.stage_files import stage_names

    if chosen.stage:
        stages = [read_status(StageContext.open(chosen.stage, chosen.pipeline))]
    else:
        pipelines: list[str | None] = [chosen.pipeline] if chosen.pipeline else [*pipeline_names()] or [None]
        contexts = [StageContext.open(name, pipeline) for pipeline in pipelines for name in stage_names()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            stages = list(pool.map(read_status, contexts))
    sentences = comparisons(stages)
    if chosen.output == "json":
        told = next(iter(sentences.values()), None)
        print_json({"stages": [asdict(each) for each in stages], "comparison": told, "comparisons": sentences})
        return 0
    if chosen.stage:
        print(repeated("\n".join(status_lines(stages[0])), chosen.pipeline))
        return 0
    print("\n".join(overview_lines(stages)))
    several = len({each.pipeline for each in stages}) > 1
    for pipeline, sentence in sentences.items():
        print(repeated(sentence, pipeline if several or chosen.pipeline else None))
    print("make status STAGE=... says all of one stage")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
