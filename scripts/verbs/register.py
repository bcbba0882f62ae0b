"""``register``: package a trained model as SageMaker wants it, and register it in the pipeline's model package group.

What the image's container would refuse is told first: then nothing is uploaded. A model that is registered already is
found, not registered twice. docs/registering-a-model.md has the layout and the same calls by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import Progress


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("register", __doc__ or "")
    parser.add_argument("--artifact", type=Path, help="model.tar.gz, or a model file: .joblib, .pkl, .skops, .json ...")
    parser.add_argument("--code", type=Path, help="inference.py, or a folder with it and its modules")
    parser.add_argument("--requirements", type=Path, help="requirements.txt with pinned packages")
    parser.add_argument("--framework", help="sklearn, xgboost, lightgbm or pytorch, where the file does not tell")
    parser.add_argument("--framework-version", metavar="VERSION", help="the image's (lightgbm: the package's)")
    parser.add_argument("--image", metavar="URI", help="an image, instead of AWS's stock one")
    parser.add_argument("--metrics", type=Path, help='{"auc": 0.9}, or model-quality statistics of SageMaker')
    parser.add_argument("--description", help="the version's description")
    parser.add_argument("--approve", action="store_true", help="approve it at once, for the reason given")
    parser.add_argument("--reason", help="why it is approved")
    parser.add_argument("--probability", action="store_true", help="default code: probabilities instead of classes")
    parser.add_argument("--bucket", help="the dev account's bucket, instead of <project>-dev-<account>-<region>")
    parser.add_argument("--force", action="store_true", help="register it again even if it is registered")
    chosen = parser.parse_args(arguments)
    _require_whole(chosen)
    # After the arguments: this takes 300 ms to import, and --help answers in 30 ms.
    from scripts.decisions.names import StageNames
    from scripts.decisions.registration import Registration, quality_statistics, require_description
    from scripts.flows.package_model import AskedModel, package_model, sent_by
    from scripts.flows.register_model import register_model
    from scripts.flows.stage_context import StageContext
    from scripts.workspace.git import source_of
    from scripts.workspace.pipelines import require_pipeline
    from scripts.workspace.stage_files import first_stage, stage_names
    from scripts.workspace.text_files import read_text

    require_description(chosen.description)
    context = StageContext.open(chosen.stage or first_stage(), chosen.pipeline)
    settings = context.settings
    require_pipeline(settings.pipeline)
    stages = {name: StageContext.open(name, chosen.pipeline).settings for name in stage_names()}
    asked = AskedModel(
        chosen.artifact.expanduser(),
        chosen.code,
        chosen.requirements,
        chosen.framework,
        chosen.framework_version,
        chosen.image,
        chosen.probability,
        sent=sent_by(settings.pipeline, list(stages.values())),
    )
    isolated = [name for name, each in stages.items() if each.network_isolation]
    progress = Progress()
    with progress.step(f"Package {asked.artifact} for pipeline {settings.pipeline}"):
        metrics = quality_statistics(read_text(chosen.metrics), str(chosen.metrics)) if chosen.metrics else None
        model = package_model(asked, settings.region, isolated, settings.pipeline)
        progress.line(f"served by {model.image}" + (", with default code" if model.has_default_code else ""))
        for doubt in model.doubts:
            progress.line(f"! {doubt}")
    registration = Registration(
        group=settings.model_package_group,
        bucket=chosen.bucket or StageNames.of("dev", settings).dev_bucket,
        sha256=model.sha256,
        image=model.image,
        scripted=model.scripted,
        probability=model.probability,
        metrics=metrics,
        description=chosen.description,
        git_commit=source_of(Path()).git_commit,
        registered_by=context.accounts.identity(settings.dev_account)["Arn"],
        further_types=tuple(dict.fromkeys(each.transform.content_type or "text/csv" for each in stages.values())),
        instance_types=tuple(dict.fromkeys(each.inference.instance_type for each in stages.values())),
    )
    with progress.step(f"Register it in {registration.group}"):
        reason = chosen.reason if chosen.approve else None
        done = register_model(context, registration, model.path, progress, approval_reason=reason, force=chosen.force)
    if chosen.output == "json":
        print_json(
            {
                "model_package_arn": done.arn,
                "version": done.version,
                "approval_status": done.approval_status,
                "registered": done.is_new,
                "group": registration.group,
                "group_created": done.group_was_made,
                "image": model.image.uri,
                "model_uri": registration.model_uri,
                "model_sha256": model.sha256,
                "default_code": model.has_default_code,
            }
        )
        return 0
    print(f"{done.arn} ({'registered' if done.is_new else 'existed already'})")
    print(f"  version {done.version}: {done.approval_status}")
    print(f"  image {model.image.uri}")
    print(f"  model {registration.model_uri}")
    print(f"  next: {repeated(_next(done.approval_status, settings.pipeline, chosen.artifact), None)}")
    return 0


def _next(approval_status: str, pipeline: str, artifact: Path) -> str:
    if approval_status == "Approved":
        return f"make deploy STAGE=preprod PIPELINE={pipeline}"
    return f'make register PIPELINE={pipeline} ARTIFACT={artifact} APPROVE=1 REASON="..."   # approves it'


def _require_whole(chosen: argparse.Namespace) -> None:
    if chosen.artifact is None:
        raise UsageError(
            "no model given", next_command="make register PIPELINE=<folder> ARTIFACT=<model.tar.gz or a model file>"
        )
    if chosen.approve and not (chosen.reason or "").strip():
        raise UsageError("an approval needs a reason", next_command='the same command with REASON="..."')
    if len(chosen.reason or "") > 1024:
        raise UsageError("REASON is longer than 1024 characters", next_command="the same command with a shorter REASON")


if __name__ == "__main__":
    sys.exit(run(main))
