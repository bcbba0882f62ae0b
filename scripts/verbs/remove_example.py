"""``remove-example``: delete the sample from this clone, so that what is left is yours.

Deletes its pipeline's folder and examples/, and takes what stages/*.yml says of it out. Refuses where work would be
lost: uncommitted changes there, or a sample that was made into a pipeline of your own. Deployed stacks stay.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.terminal.command_line import print_json, run, verb_parser


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("remove-example", __doc__ or "", stage=False)
    parser.add_argument("--project", metavar="NAME", help="also rename the project in stages/*.yml (PROJECT=)")
    parser.add_argument("--force", action="store_true", help="also where the sample has uncommitted changes")
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 200 ms to import, and --help answers in 30 ms.
    from scripts.flows.remove_example import remove_example

    done = remove_example(chosen.project, force=chosen.force)
    if chosen.output == "json":
        print_json({"deleted": done.deleted, "edited": done.edited, "pipelines": done.pipelines})
        return 0
    for path in done.deleted:
        print(f"{path} deleted")
    for path in done.edited:
        print(f"{path} edited")
    if not (done.deleted or done.edited):
        print("The sample is gone already; nothing was changed.")
    print("\n".join(done.advice))
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
