"""The toolchain's stack parameters: from the stage files, from what was asked for, and from what it has already.

Pure. An option that was not given keeps the value that the stack has, so running bootstrap again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError, UsageError

CODECOMMIT = "CodeCommit"
_OF_CODECOMMIT = ("RepositoryName",)
_OF_GITHUB = ("GitHubRepository", "ConnectionArn")


@dataclass(frozen=True)
class ToolchainOptions:
    """What bootstrap was asked for; None where an option was not given."""

    source: str | None = None
    repository: str | None = None
    github_repository: str | None = None
    connection_arn: str | None = None
    branch: str | None = None
    notification_email: str | None = None
    model_artifact_bucket: str | None = None

    def given(self) -> dict[str, str]:
        by_parameter = {
            "SourceProvider": self.source,
            "RepositoryName": self.repository,
            "GitHubRepository": self.github_repository,
            "ConnectionArn": self.connection_arn,
            "BranchName": self.branch,
            "NotificationEmail": self.notification_email,
            "ModelArtifactBucketName": self.model_artifact_bucket,
        }
        return {name: value for name, value in by_parameter.items() if value is not None}


def toolchain_parameters(
    stages: Mapping[str, StageSettings], options: ToolchainOptions, current: Mapping[str, str]
) -> dict[str, str]:
    """Every parameter of toolchain.yml. ``current``: the stack's, empty where there is none yet.

    Raises SettingsError where the stage files disagree on what they share, UsageError for a source that is incomplete.
    """
    missing = sorted({"preprod", "prod"} - stages.keys())
    if missing:
        raise SettingsError(
            f"the toolchain needs the stages preprod and prod; missing: {', '.join(missing)}",
            next_command="write stages/" + missing[0] + ".yml, or: make bootstrap ARGS=--no-toolchain",
        )
    shared = _agreed(stages)
    parameters = {
        **current,
        **shared,
        "PreprodAccountId": stages["preprod"].account,
        "ProdAccountId": stages["prod"].account,
        **options.given(),
    }
    source = parameters.setdefault("SourceProvider", CODECOMMIT)
    if source == CODECOMMIT:
        parameters = {**parameters, **dict.fromkeys(_OF_GITHUB, "")}
        parameters["RepositoryName"] = parameters.get("RepositoryName") or shared["SageMakerProjectName"]
    else:
        parameters["RepositoryName"] = ""
        lacking = [name for name in _OF_GITHUB if not parameters.get(name)]
        if lacking:
            raise UsageError(
                f"a GitHub source needs {' and '.join(lacking)}",
                next_command="make bootstrap "
                "ARGS='--source GitHub --github-repository OWNER/NAME --connection-arn ARN'",
            )
    return parameters


def _agreed(stages: Mapping[str, StageSettings]) -> dict[str, str]:
    """What every stage file must say alike: one CodePipeline carries one project's releases in one region."""
    values = {
        "project.name": {each.project.name for each in stages.values()},
        "project.id": {each.project.id for each in stages.values()},
        "model_package_group": {each.model_package_group for each in stages.values()},
        "pipeline": {each.pipeline for each in stages.values()},
        "dev_account": {each.dev_account for each in stages.values()},
        "region": {each.region for each in stages.values()},
    }
    different = {name: sorted(found) for name, found in values.items() if len(found) > 1}
    if different:
        raise SettingsError(
            "the stage files differ in settings that must be the same for one CodePipeline",
            found=[f"{name}: {', '.join(found)}" for name, found in different.items()],
            next_command="use the same values in stages/, or: make bootstrap ARGS=--no-toolchain",
        )
    one = {name: next(iter(found)) for name, found in values.items()}
    return {
        "SageMakerProjectName": one["project.name"],
        "SageMakerProjectId": one["project.id"],
        "ModelPackageGroupNames": one["model_package_group"],
        "BatchPipelineFolder": one["pipeline"].replace("_", "-"),
    }
