"""``render``: write each definition.json whose sources changed; with ``--check`` only list the stale ones."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from scripts.decisions.definition_binding import definition_text
from scripts.decisions.definition_freshness import sealed
from scripts.flows.render_definition import render
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.heartbeat import Heartbeat
from scripts.verbs.install import install
from scripts.workspace.pipelines import (
    current_digests,
    definition_path,
    freshness_of,
    not_fresh,
    pipeline_names,
    require_pipeline,
)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when all is fresh now, 10 when a definition is stale (--check) or cannot be rendered."""
    parser = verb_parser("render", __doc__ or "", stage=False)
    parser.add_argument("--pipeline", help="a folder in pipelines/; without it, all of them")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a definition is stale")
    parser.add_argument("--force", action="store_true", help="also render definitions that are fresh")
    options = parser.parse_args(arguments)
    if options.pipeline:
        require_pipeline(options.pipeline)
    names = [options.pipeline] if options.pipeline else pipeline_names()
    results = [_check(name) if options.check else render_pipeline(name, options.force) for name in names]
    if options.output == "json":
        print_json({"definitions": results})
    else:
        for result in results:
            print(f"{result['path']}: {result['state']}")
    return 0


def _check(pipeline: str) -> dict[str, Any]:
    freshness = freshness_of(pipeline)
    if not freshness.is_fresh:
        raise not_fresh(pipeline, freshness)
    return _result(pipeline, "fresh")


def render_pipeline(pipeline: str, force: bool = False) -> dict[str, Any]:
    """Write the definition where it is stale, or with ``force``; which was the case."""
    freshness, digests = freshness_of(pipeline), current_digests(pipeline)
    if freshness.is_fresh and not force:
        return _result(pipeline, "fresh")
    path = definition_path(pipeline)
    print(f"Rendering {path}: {'; '.join(freshness.reasons) or 'asked for'} ...", file=sys.stderr)
    with Heartbeat(f"{path} to be rendered"):
        text = definition_text(sealed(render(pipeline, install), digests))
    unfinished = path.with_suffix(".json.unfinished")
    unfinished.write_bytes(text.encode())
    unfinished.replace(path)
    return _result(pipeline, "rendered")


def _result(pipeline: str, state: str) -> dict[str, Any]:
    return {"pipeline": pipeline, "path": str(definition_path(pipeline)), "state": state}


if __name__ == "__main__":
    sys.exit(run(main))
