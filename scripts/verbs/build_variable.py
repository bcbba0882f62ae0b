"""``build-variable``: print a value that the last release, promote or plan recorded, for the buildspecs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.workspace.build_variables import VARIABLES, recorded_build_variables


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("build-variable", __doc__ or "", stage=False)
    parser.add_argument("--name", default="", help="e.g. RELEASE_ID; all of them as JSON with --output json")
    chosen = parser.parse_args(arguments)
    recorded = recorded_build_variables()
    if chosen.output == "json" and not chosen.name:
        print_json(recorded)
        return 0
    if not recorded.get(chosen.name):
        raise UsageError(
            f'{VARIABLES} has no build variable "{chosen.name}"',
            found=sorted(recorded) or ["nothing recorded"],
            next_command="make release   # or promote, or plan: buildspecs/README.md says which one records it",
        )
    if chosen.output == "json":
        print_json({chosen.name: recorded[chosen.name]})
    else:
        print(recorded[chosen.name])
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
