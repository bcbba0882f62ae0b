"""``promote``: carry a release into a stage's account: model data, model package, definition; nothing is deployed yet.

Without --release it promotes the release in release.json. What is there already is used again.
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
    from scripts.build_variables import record_build_variables
    from scripts.deploying import upload
    from scripts.planning import FIRST_STAGE, prepare, require_valid_definition
    from scripts.progress import Progress
    from scripts.promoting import promote, registered_package
    from scripts.releasing import files_of, find_release, release_in_file

    context.dev  # noqa: B018 (credentials of another account are told first)
    places = [context] if context.stage == FIRST_STAGE else [context.sibling(FIRST_STAGE), context]
    release = find_release(chosen.release, places, chosen.file) if chosen.release else release_in_file(chosen.file)
    progress = Progress()
    with progress.step(f"Promote release {release.release_id} to {context.stage}"):
        prepared = prepare(context, release, files_of(release, places), None)
        require_valid_definition(prepared)
        package = registered_package(context, prepared.promotion, None)
        arn = promote(context, prepared.promotion, package, progress)
        upload(context, prepared.uploads)
    record_build_variables({"MODEL_PACKAGE_NAME": arn, "PIPELINE_DEFINITION_S3_KEY": prepared.definition_key})
    if chosen.output == "json":
        print_json(
            {
                "release_id": release.release_id,
                "model_package_arn": arn,
                "reused": package is not None,
                "definition_key": prepared.definition_key,
            }
        )
    else:
        print(f"{arn} ({'was there already' if package else 'registered now'})")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
