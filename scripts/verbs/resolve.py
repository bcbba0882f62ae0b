"""``resolve``: show the model package that would be released, which is the newest Approved version of the group."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import argument_parser, print_json, run


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.verbs.resolve", __doc__ or "")
    chosen = parser.parse_args(arguments)
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage or first_stage(), chosen.pipeline)
    from scripts.flows.make_release import resolve

    resolved = resolve(context)
    package, summary = resolved.package, resolved.summary
    for each in resolved.skipped:
        print(f"passed over: {each}", file=sys.stderr)
    if chosen.output == "json":
        print_json({"model_package": package, "passed_over": [each.arn for each in resolved.skipped]})
        return 0
    print(summary.arn)
    print(f"  {summary}")
    for index, container in enumerate(package.get("InferenceSpecification", {}).get("Containers", [])):
        print(f"  container {index}: {container.get('Image')}")
        print(f"    {container.get('ModelDataUrl') or container.get('ModelDataSource') or 'image only'}")
    for name, value in sorted((package.get("CustomerMetadataProperties") or {}).items()):
        print(f"  {name}: {value}")
    return 0


def first_stage() -> str | None:
    """The stage whose settings say where dev is, where none is named: all stages share dev."""
    from scripts.workspace.stage_files import stage_names

    return next(iter(stage_names()), None)


if __name__ == "__main__":
    sys.exit(run(main))
