"""Fills the accounts with something to deploy: ``python -m examples.seed``.

The dev account gets an artifact bucket, a model package group and four model versions (an older Approved, a Rejected,
the newest Approved, a newer one nobody decided about); each stage's bucket gets input to score. Works on AWS and on
the embedded AWS alike. Run again it does what is left to do: what was registered stays, and so do decisions that
somebody has made since. It comes only where everything is its own (``examples.ownership``): the stage files name its
group and pipeline, that group is new or the sample's, and no input is there but the sample's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from examples.candidates import CANDIDATES, Candidate
from examples.ownership import GROUP_DESCRIPTION, foreign_columns, foreign_input, foreign_settings, foreign_versions
from examples.records import schema_columns
from examples.registration import already_registered, artifact_prefix, package_request
from scripts.decisions.names import StageNames
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.stock_images import stock_image_uri
from scripts.errors import DefinitionError, ModelPackageError
from scripts.flows.administrators import administrator
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account, Accounts
from scripts.gateways.artifacts import Objects
from scripts.gateways.aws_errors import error_code, told_as_deployment_errors
from scripts.gateways.buckets import ensure_artifact_bucket
from scripts.gateways.registry import Registry
from scripts.terminal import command_line
from scripts.workspace.pipelines import read_definition
from scripts.workspace.serving_files import read_image_table
from scripts.workspace.stage_files import load_stage, stage_names

BUILT = Path("build/examples")
PENDING = "PendingManualApproval"


@dataclass(frozen=True)
class ModelGroup:
    """Where models of a team are registered: one group in one dev account."""

    dev_account: str
    region: str
    project: str
    project_id: str
    group: str
    pipeline: str

    @property
    def bucket(self) -> str:
        return f"{self.project}-dev-{self.dev_account}-{self.region}"


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or that of the error (docs/exit-codes.md)."""
    parser = argparse.ArgumentParser(prog="python -m examples.seed", description=__doc__)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep models that an earlier version of the code registered; if anything belongs to somebody else, say so "
        "and do nothing; print whether the sample is there: prepared or declined",
    )
    keep = parser.parse_args(arguments).keep
    stages = {stage: load_stage(stage) for stage in stage_names()}
    foreign = _foreign(stages)
    if foreign and keep:
        _say("The sample stays away from what is yours: it registers no model and uploads no input.")
        for line in foreign:
            _say(f"  {line}")
        print("declined")
        return 0
    if foreign:
        raise ModelPackageError(
            "the sample comes only where everything is its own",
            found=foreign,
            next_command="git checkout -- stages   # the sample's settings; or register a model of your own",
        )
    with _Building() as building:
        for where in {_model_group_of(settings): None for settings in stages.values()}:
            accounts = Accounts(where.region)
            _seed_registry(where, accounts.dev(where.dev_account), building, keep=keep)
        for stage, settings in stages.items():
            _seed_stage(StageNames.of(stage, settings), settings, building)
    if keep:
        print("prepared")
    return 0


def _foreign(stages: dict[str, StageSettings]) -> list[str]:
    """What the sample must not touch, one line each. Reads settings first, then registries, then the stages' input."""
    found = foreign_settings(stages)
    found += [] if found else foreign_columns(schema_columns())
    for where in {} if found else {_model_group_of(settings): None for settings in stages.values()}:
        dev = Accounts(where.region).dev(where.dev_account)
        description = _group_description(dev, where.group)
        if description is not None:
            found += foreign_versions(where.group, description, _descriptions(dev, where.group))
    for stage, settings in {} if found else stages.items():
        account, bucket = _stage_bucket(StageNames.of(stage, settings), settings)
        prefix = settings.input_prefix.rstrip("/") + "/"
        names = [key.removeprefix(prefix) for key, _ in Objects(account).keys(bucket, prefix)]
        found += foreign_input(f"s3://{bucket}/{prefix}", names)
    return found


def _group_description(dev: Account, group: str) -> str | None:
    """The group's description, "" where it has none; None where there is no such group."""
    if not Registry(dev).has_group(group):
        return None
    with told_as_deployment_errors(dev.actor):
        answer = dev.client("sagemaker").describe_model_package_group(ModelPackageGroupName=group)
    return str(answer.get("ModelPackageGroupDescription", ""))


class _Building:
    """The files of ``examples.build``, made by a process of its own while AWS is asked what is there already."""

    def __enter__(self) -> _Building:
        command = [sys.executable, "-m", "examples.build", str(BUILT)]
        self._process = subprocess.Popen(command, stdout=sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()

    def folder(self, name: str) -> Path:
        """``models/<candidate>`` or ``scoring``, once it is built. Raises ModelPackageError where building fails."""
        if self._process.wait():
            raise ModelPackageError(
                "the example models could not be trained; the lines above say why",
                next_command=f"python -m examples.build {BUILT}",
            )
        return BUILT / name


def _model_group_of(settings: StageSettings) -> ModelGroup:
    return ModelGroup(
        settings.dev_account,
        settings.region,
        settings.project.name,
        settings.project.id,
        settings.model_package_group,
        settings.pipeline,
    )


def _seed_registry(where: ModelGroup, dev: Account, building: _Building, *, keep: bool) -> None:
    registry = Registry(dev)
    _say(f"Dev account {where.dev_account}: bucket {where.bucket}, model package group {where.group}")
    ensure_artifact_bucket(dev, where.bucket)
    tags = {"sagemaker:project-name": where.project, "sagemaker:project-id": where.project_id}
    if not registry.has_group(where.group):
        registry.create_group(where.group, GROUP_DESCRIPTION, tags)
    registered = _registered(dev, where.group)
    for candidate in CANDIDATES:
        summary = already_registered(candidate, registered, any_training=keep)
        if summary is None:
            summary = _register(candidate, where, dev, building)
        _decide(candidate, summary, dev)


def _versions(dev: Account, group: str) -> list[dict[str, Any]]:
    with told_as_deployment_errors(dev.actor):
        pages = dev.client("sagemaker").get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        return [summary for page in pages for summary in page["ModelPackageSummaryList"]]


def _descriptions(dev: Account, group: str) -> list[str]:
    """Of every version, failed ones too: who registered one owns the group."""
    return [str(summary.get("ModelPackageDescription", "")) for summary in _versions(dev, group)]


def _registered(dev: Account, group: str) -> dict[str, dict[str, Any]]:
    """Description -> newest summary of every version of the group that did not fail."""
    ordered = sorted(_versions(dev, group), key=lambda summary: summary["ModelPackageVersion"])
    return {
        summary.get("ModelPackageDescription", ""): summary
        for summary in ordered
        if summary["ModelPackageStatus"] != "Failed"
    }


def _register(candidate: Candidate, where: ModelGroup, dev: Account, building: _Building) -> dict[str, Any]:
    files = {path.name: path.read_bytes() for path in building.folder(f"models/{candidate.name}").iterdir()}
    files["train.py"] = Path(__file__).with_name("train.py").read_bytes()
    prefix = artifact_prefix(where.group, candidate)
    _upload(dev, where.bucket, {prefix + name: content for name, content in files.items()})
    request = package_request(
        candidate, where.group, where.project_id, _image(where), f"s3://{where.bucket}/{prefix}", files
    )
    registry = Registry(dev)
    arn = registry.create(request, token=uuid.uuid4().hex)
    package = registry.wait_until_settled(arn, every=0.5)
    if package["ModelPackageStatus"] != "Completed":
        raise ModelPackageError(
            f"{arn} is {package['ModelPackageStatus']}",
            found=[str(package.get("ModelPackageStatusDetails"))],
            next_command=f"aws sagemaker describe-model-package --model-package-name {arn}",
        )
    _say(f"Registered version {package['ModelPackageVersion']}: {candidate.description}")
    return package


def _decide(candidate: Candidate, summary: dict[str, Any], dev: Account) -> None:
    """Approve or reject what is still pending; a decision that was made is nobody's to change but the team's."""
    if candidate.decision == PENDING or summary["ModelApprovalStatus"] != PENDING:
        return
    with told_as_deployment_errors(dev.actor):
        dev.client("sagemaker").update_model_package(
            ModelPackageArn=summary["ModelPackageArn"],
            ModelApprovalStatus=candidate.decision,
            ApprovalDescription=candidate.reason,
        )
    _say(f"{candidate.decision} version {summary['ModelPackageVersion']}: {candidate.reason}")


def _image(where: ModelGroup) -> str:
    text = read_definition(where.pipeline)
    uri = stock_image_uri(json.loads(text), "Inference", read_image_table(), where.region) if text else None
    if not uri:
        raise DefinitionError(
            f"pipelines/{where.pipeline}/definition.json names no stock image that serves the model",
            next_command="make render",
        )
    return uri


def _seed_stage(names: StageNames, settings: StageSettings, building: _Building) -> None:
    stage, bucket = _stage_bucket(names, settings)
    prefix = settings.input_prefix.rstrip("/") + "/"
    files = {f"{prefix}{path.name}": path.read_bytes() for path in sorted(building.folder("scoring").iterdir())}
    written = _upload(stage, bucket, files)
    _say(f"{names.stage}: {len(files)} files to score under s3://{bucket}/{prefix} ({written} new)")


def _stage_bucket(names: StageNames, settings: StageSettings) -> tuple[Account, str]:
    """The stage's account as whoever prepares it, since a stage's roles write no input; and its bucket."""
    context = StageContext(names.stage, settings)
    bucket = context.foundation.bucket  # as the reader, which only this project's foundation has
    return administrator(context), bucket


def _upload(account: Account, bucket: str, files: dict[str, bytes]) -> int:
    """Put what is not there already, several at a time; how many that were. A killed upload leaves no half object."""
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(lambda item: _upload_object(account, bucket, *item), files.items()))


def _upload_object(account: Account, bucket: str, key: str, content: bytes) -> bool:
    s3, digest = account.client("s3"), hashlib.sha256(content).hexdigest()
    with told_as_deployment_errors(account.actor):
        try:
            written = s3.head_object(Bucket=bucket, Key=key)["Metadata"].get("sha256")
            if written in (digest, None):  # None: somebody has put a file of their own there
                return False
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchKey", "NotFound"):
                raise
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            Metadata={"sha256": digest},
            ChecksumAlgorithm="SHA256",
            ContentType="application/json" if key.endswith(".json") else "application/octet-stream",
        )
    return True


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(command_line.run(main))
