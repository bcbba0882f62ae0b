"""Stack parameters of the toolchain and of each CodePipeline: from the settings, from what was asked for, and from what
the stacks have already.

Pure. What neither an option nor ``stages/toolchain.yml`` gives keeps the value that the stack has, so running bootstrap
again changes nothing, also of what somebody set by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from scripts.decisions.partitions import find_partition
from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.template_parameters import Declared, effective, stack_parameters
from scripts.errors import SettingsError, UsageError

CODECOMMIT = "CodeCommit"
_OF_CODECOMMIT = ("RepositoryName",)
_OF_GITHUB = ("GitHubRepository", "ConnectionArn")
_SOURCE = ("SourceProvider", "RepositoryName", *_OF_GITHUB, "BranchName")
_BOUNDARY = "PermissionsBoundaryArn"
_TIMEOUT = "ApprovalTimeoutInMinutes"  # of a toolchain of an earlier version, which had a CodePipeline of its own


@dataclass(frozen=True)
class ToolchainOptions:
    """What bootstrap was asked for; None where an option was not given."""

    source: str | None = None
    repository: str | None = None
    github_repository: str | None = None
    connection_arn: str | None = None
    branch: str | None = None
    notification_email: str | None = None
    model_artifact_buckets: list[str] | None = None  # added to those that are found

    def given(self) -> dict[str, str]:
        by_parameter = {
            "SourceProvider": self.source,
            "RepositoryName": self.repository,
            "GitHubRepository": self.github_repository,
            "ConnectionArn": self.connection_arn,
            "BranchName": self.branch,
            "NotificationEmail": self.notification_email,
        }
        return {name: value for name, value in by_parameter.items() if value is not None}


def given_parameters(settings: Mapping[str, str], options: ToolchainOptions, where: str) -> dict[str, str]:
    """What was asked for. Raises UsageError for an option that contradicts the file, which the next run would undo."""
    asked = options.given()
    different = [name for name, value in asked.items() if settings.get(name, value) != value]
    if different:
        raise UsageError(
            f"an option says otherwise than {where}",
            found=[f"{name}: {settings[name]} in {where}, {asked[name]} by the option" for name in different],
            next_command=f"correct {where}, or leave the option out",
        )
    return {**settings, **asked}


def toolchain_parameters(
    stages: Mapping[str, StageSettings],
    given: Mapping[str, str],
    current: Mapping[str, str],
    declared: Declared,
) -> dict[str, str | None]:
    """The parameters of toolchain.yml; None for one that keeps the value that the stack has.

    ``given``: by options and settings. ``current``: the stack's, empty where there is none yet.
    Raises SettingsError where the stage files disagree on what they share, UsageError for a source that is incomplete.
    """
    decided = decided_for_toolchain(stages)
    decided |= _source(given, current, decided["SageMakerProjectName"])
    if decided["SourceProvider"] == CODECOMMIT:
        _require_codecommit(stages["preprod"].region)
    return stack_parameters(declared, decided, given, current)


# What the stage files decide; of a CodePipeline its pipeline's settings too. A test compares them with what is decided.
OF_STAGE_FILES = frozenset({"SageMakerProjectName", "SageMakerProjectId", "PreprodAccountId", "ProdAccountId"})
OF_PIPELINES = OF_STAGE_FILES | {"PipelineFolder", "ModelPackageGroupName"}


def decided_for_toolchain(stages: Mapping[str, StageSettings]) -> dict[str, str]:
    """The parameters that the stage files decide. Raises SettingsError where one of the files is missing."""
    missing = sorted({"preprod", "prod"} - stages.keys())
    if missing:
        raise SettingsError(
            f"the toolchain needs the stages preprod and prod; missing: {', '.join(missing)}",
            next_command="write stages/" + missing[0] + ".yml, or: make bootstrap ARGS=--no-toolchain",
        )
    accounts = {"PreprodAccountId": stages["preprod"].account, "ProdAccountId": stages["prod"].account}
    return {**_of_project(stages), **accounts}


def _source(given: Mapping[str, str], current: Mapping[str, str], project: str) -> dict[str, str]:
    """Where the source is, whole: going to another provider leaves nothing of the former one."""
    told = {**current, **given}
    source = told.get("SourceProvider") or CODECOMMIT
    others = _OF_GITHUB if source == CODECOMMIT else _OF_CODECOMMIT
    strange = [name for name in others if given.get(name)]
    if strange:
        raise UsageError(
            f"the source is {source}, and {' and '.join(strange)} is not of {source}",
            next_command="make bootstrap "
            "ARGS='--source GitHub --github-repository OWNER/NAME --connection-arn ARN', or leave it out",
        )
    lacking = [name for name in _OF_GITHUB if source != CODECOMMIT and not told.get(name)]
    if lacking:
        raise UsageError(
            f"a GitHub source needs {' and '.join(lacking)}",
            next_command="make bootstrap ARGS='--source GitHub --github-repository OWNER/NAME --connection-arn ARN'",
        )
    own = {"RepositoryName": told.get("RepositoryName") or project} if source == CODECOMMIT else {}
    return {"SourceProvider": source, **dict.fromkeys(others, ""), **own}


@dataclass(frozen=True)
class SharedValues:
    """The toolchain's parameters that its CodePipelines have too: ``before`` this run, and ``now``; ``given``: which of
    them were asked for in this run."""

    before: Mapping[str, str]
    now: Mapping[str, str]
    given: Container[str] = ()

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, str | None],
        declared: Declared,
        current: Mapping[str, str],
        given: Container[str] = (),
    ) -> SharedValues:
        return cls(current, effective(parameters, declared, current), given)

    def decided(self, codepipeline: Mapping[str, str]) -> dict[str, str]:
        """What a CodePipeline takes over; it keeps what somebody set in its stack alone.

        That is a value that differs from the one that the toolchain had. Another source provider comes whole.
        """
        names = (*_SOURCE, _BOUNDARY)
        now = {name: self.now[name] for name in names if name in self.now}
        if not codepipeline:
            return now
        moved = codepipeline.get("SourceProvider") != self.now.get("SourceProvider")
        followed = {
            name
            for name in now
            if name in self.given
            or (moved and name in _SOURCE)
            or codepipeline.get(name) == self.before.get(name)
            or name not in codepipeline
        }
        return {name: value for name, value in now.items() if name in followed}


def _require_codecommit(region: str) -> None:
    partition = find_partition(region)
    if partition and not partition.has_codecommit:
        raise UsageError(
            f"there is no CodeCommit in {region}: the partition {partition.name} does not have it",
            next_command="make bootstrap ARGS='--source GitHub --github-repository OWNER/NAME --connection-arn ARN'",
        )


def codepipeline_parameters(
    stages: Mapping[str, StageSettings],
    shared: SharedValues,
    given: Mapping[str, str],
    current: Mapping[str, str],
    declared: Declared,
) -> dict[str, str | None]:
    """The parameters of codepipeline.yml, for one pipeline, by its settings in each stage; None for one that is kept.

    ``given``: by settings. ``current``: those of the stack, empty where there is none yet.
    Raises SettingsError where the stages disagree on what one CodePipeline has once.
    """
    former = {_TIMEOUT: shared.before[_TIMEOUT]} if not current and _TIMEOUT in shared.before else {}
    own = {name: value for name, value in shared.decided(current).items() if name not in given}
    decided = {**own, **decided_for_codepipeline(stages)}
    return stack_parameters(declared, decided, {**former, **given}, current)


def decided_for_codepipeline(stages: Mapping[str, StageSettings]) -> dict[str, str]:
    """The parameters that the stage files and the pipeline's settings decide."""
    agreed = _agreed(
        stages, {"model_package_group": lambda each: each.model_package_group, "pipeline": lambda each: each.pipeline}
    )
    own = {"PipelineFolder": agreed["pipeline"], "ModelPackageGroupName": agreed["model_package_group"]}
    return {**decided_for_toolchain(stages), **own}


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
