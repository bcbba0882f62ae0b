"""``release``: pin the newest Approved model package, the pipeline definition and the templates in release.json."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.terminal.command_line import print_json, run, verb_parser

if TYPE_CHECKING:
    from scripts.decisions.release import Release


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("release", __doc__ or "")
    parser.add_argument("--file", type=Path, default=Path("release.json"), help="the file to write the release to")
    parser.add_argument(
        "--configurations",
        action="store_true",
        default="CODEBUILD_BUILD_ID" in os.environ,
        help="for the CodePipeline, and always in CodeBuild: write build/<stage>-configuration.json of every stage, "
        "and compare the release with what is live",
    )
    parser.add_argument(
        "--ask-again",
        action="store_true",
        help="for the CodePipeline: release even where approval for the same plan was asked before",
    )
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 290 ms to import, and --help answers in 30 ms.
    from scripts.decisions.release import image_lines
    from scripts.flows.compare_release import compare_release
    from scripts.flows.make_release import make_release
    from scripts.flows.release_store import save_release
    from scripts.flows.resolve_package import resolve
    from scripts.flows.stage_context import StageContext
    from scripts.flows.template_configurations import write_template_configurations
    from scripts.workspace.build_variables import record_build_variables
    from scripts.workspace.git import why_no_commit
    from scripts.workspace.stage_files import first_stage

    context = StageContext.open(chosen.stage or first_stage(), chosen.pipeline)
    resolved = resolve(context)
    for each in resolved.skipped:
        print(f"skipped: {each}", file=sys.stderr)
    release, files = make_release(context, resolved)
    save_release(release, chosen.file)
    record_build_variables(
        {"RELEASE_ID": release.release_id, "MODEL_PACKAGE_VERSION": str(release.model_package.version)}
    )
    if chosen.configurations:
        for path in write_template_configurations(context, release, files, resolved.package):
            print(f"{path} written", file=sys.stderr)
        changes = compare_release(context, release, ask_again=chosen.ask_again)
        record_build_variables({"RELEASE_CHANGED": str(changes.changed).lower(), "RELEASE_NOTE": changes.note})
        print(f"{context.settings.pipeline}: {changes.note}", file=sys.stderr)
    if chosen.output == "json":
        print_json(release.model_dump(mode="json"))
    else:
        _report(release, chosen.file, why_no_commit(), image_lines(release))
    return 0


def _report(release: Release, file: Path, without: str, unpinned: Sequence[str]) -> None:
    package, source = release.model_package, release.source
    dirty = " with uncommitted changes" if source.git_dirty else ""
    print(f"Release {release.release_id} written to {file}")
    print(f"  model package  {package.arn}")
    print(f"  pipeline       {release.pipeline.name}, definition {release.pipeline.definition_sha256[:12]}")
    for container in package.containers:
        print(f"  image          {container.image} {container.image_digest or ''}".rstrip())
    print("".join(f"  ! {line}\n" for line in unpinned), end="")
    print(f"  commit         {source.git_commit or without}{dirty}")


if __name__ == "__main__":
    sys.exit(run(main))
