"""``resolve``: show the model package that would be released, which is the newest Approved version of the group."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import print_json, run, verb_parser


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("resolve", __doc__ or "")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 260 ms to import, and --help answers in 30 ms.
    from scripts.flows.resolve_package import resolve
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.stage_files import first_stage

    context = StageContext.open(chosen.stage or first_stage(), chosen.pipeline)
    resolved = resolve(context)
    package, summary = resolved.package, resolved.summary
    for each in resolved.skipped:
        print(f"skipped: {each}", file=sys.stderr)
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


if __name__ == "__main__":
    sys.exit(run(main))
