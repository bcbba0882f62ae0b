"""Stack parameters of the toolchain and of each CodePipeline: from the settings, from what was asked for, and from what
the stacks have already.

Pure. An option that was not given keeps the value that the stack has, so running bootstrap again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from scripts.decisions.partitions import find_partition
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import SettingsError, UsageError

CODECOMMIT = "CodeCommit"
_OF_CODECOMMIT = ("RepositoryName",)
_OF_GITHUB = ("GitHubRepository", "ConnectionArn")
_SOURCE = ("SourceProvider", "RepositoryName", *_OF_GITHUB, "BranchName")
_TIMEOUT = "ApprovalTimeoutInMinutes"
_FORMER = ("ModelPackageGroupNames", "BatchPipelineFolder", _TIMEOUT)  # of a toolchain with a CodePipeline of its own


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
    shared = _of_project(stages)
    parameters = {
        **{name: value for name, value in current.items() if name not in _FORMER},
        **shared,
        "PreprodAccountId": stages["preprod"].account,
        "ProdAccountId": stages["prod"].account,
        **options.given(),
    }
    source = parameters.setdefault("SourceProvider", CODECOMMIT)
    if source == CODECOMMIT:
        _require_codecommit(stages["preprod"].region)
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


def _require_codecommit(region: str) -> None:
    partition = find_partition(region)
    if partition and not partition.has_codecommit:
        raise UsageError(
            f"there is no CodeCommit in {region}: the partition {partition.name} does not have it",
            next_command="make bootstrap ARGS='--source GitHub --github-repository OWNER/NAME --connection-arn ARN'",
        )


def codepipeline_parameters(
    stages: Mapping[str, StageSettings], toolchain: Mapping[str, str], current: Mapping[str, str]
) -> dict[str, str]:
    """Every parameter of codepipeline.yml, for one pipeline, by its settings in each stage.

    ``toolchain``: the toolchain's parameters. ``current``: those of the stack that has the CodePipeline now.
    Raises SettingsError where the stages disagree on what one CodePipeline has once.
    """
    agreed = _agreed(
        stages, {"model_package_group": lambda each: each.model_package_group, "pipeline": lambda each: each.pipeline}
    )
    shared = ("PreprodAccountId", "ProdAccountId", "PermissionsBoundaryArn", *_SOURCE)
    return {
        **({_TIMEOUT: current[_TIMEOUT]} if _TIMEOUT in current else {}),
        **_of_project(stages),
        **{name: toolchain[name] for name in shared if name in toolchain},
        "PipelineFolder": agreed["pipeline"],
        "ModelPackageGroupName": agreed["model_package_group"],
    }


def has_own_codepipeline(outputs: Mapping[str, str]) -> str | None:
    """The CodePipeline that a toolchain of an earlier version has in its own stack; None for one of now."""
    return outputs.get("CodePipelineName")


def of_deleted_folders(stacks: Iterable[Stack], project: str, pipelines: Container[str]) -> list[str]:
    """A line for each CodePipeline of the project whose pipeline has no folder any more, with what deletes it."""
    return [
        f"CodePipeline stack {each.name}: there is no pipelines/{each.parameters['PipelineFolder']} any more; "
        f"to delete it: aws cloudformation delete-stack --stack-name {each.name}"
        for each in stacks
        if each.parameters.get("SageMakerProjectName") == project
        and "PipelineFolder" in each.parameters
        and each.parameters["PipelineFolder"] not in pipelines
    ]


def _of_project(stages: Mapping[str, StageSettings]) -> dict[str, str]:
    agreed = _agreed(
        stages,
        {
            "project.name": lambda each: each.project.name,
            "project.id": lambda each: each.project.id,
            "dev_account": lambda each: each.dev_account,
            "region": lambda each: each.region,
        },
    )
    partition = find_partition(agreed["region"])
    if partition and not partition.has_codepipeline:
        raise SettingsError(
            f"there is no CodePipeline in {agreed['region']}: the partition {partition.name} does not have it",
            found=["releases are deployed by hand there: make deploy"],
            next_command="make bootstrap ARGS=--no-toolchain",
        )
    return {"SageMakerProjectName": agreed["project.name"], "SageMakerProjectId": agreed["project.id"]}


def _agreed(
    stages: Mapping[str, StageSettings], settings: Mapping[str, Callable[[StageSettings], str]]
) -> dict[str, str]:
    """What every stage must say alike, by setting: one CodePipeline carries one pipeline's releases in one region."""
    values = {name: {read(each) for each in stages.values()} for name, read in settings.items()}
    different = {name: sorted(found) for name, found in values.items() if len(found) > 1}
    if different:
        raise SettingsError(
            "the stage files differ in settings that must be the same for one CodePipeline",
            found=[f"{name}: {', '.join(found)}" for name, found in different.items()],
            next_command="use the same values in stages/, or: make bootstrap ARGS=--no-toolchain",
        )
    return {name: next(iter(found)) for name, found in values.items()}
