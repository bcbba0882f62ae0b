"""``promote``: carry a release's model package into a stage's account; what is there already is used again.

Without --release it promotes the release in release.json, or for prod the one that preprod verified last where there
is no such file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.command_line import argument_parser, print_json, run


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.promote_release", __doc__ or "")
    parser.add_argument("--file", type=Path, default=Path("release.json"), help="the release to promote")
    parser.add_argument("--release", metavar="ID", help="a release by its id, instead of the file's")
    chosen = parser.parse_args(arguments)
    from scripts.stage_context import StageContext

    context = StageContext.open(chosen.stage)
    from scripts.decisions.promotion import plan_promotion
    from scripts.planning import FIRST_STAGE
    from scripts.progress import Progress
    from scripts.promoting import promote, registered_package
    from scripts.releasing import described, find_release, release_in_file

    places = [context] if context.stage == FIRST_STAGE else [context.sibling(FIRST_STAGE), context]
    release = find_release(chosen.release, places, chosen.file) if chosen.release else release_in_file(chosen.file)
    progress = Progress()
    with progress.step(f"Promote release {release.release_id} to {context.stage}"):
        foundation = context.foundation
        source = described(context, release.model_package.arn)
        promotion = plan_promotion(release, source, context.names, foundation.bucket, foundation.kms_key_arn)
        package = registered_package(context, promotion, None)
        arn = promote(context, promotion, package, progress)
    if chosen.output == "json":
        print_json({"release_id": release.release_id, "model_package_arn": arn, "reused": package is not None})
    else:
        print(f"{arn} ({'was there already' if package else 'registered now'})")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
