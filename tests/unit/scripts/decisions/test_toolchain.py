"""The parameters that bootstrap gives the toolchain and each CodePipeline."""

from __future__ import annotations

import pytest

from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.template_parameters import TemplateParameter, declared_parameters, effective
from scripts.decisions.toolchain import (
    SharedValues,
    ToolchainOptions,
    codepipeline_parameters,
    given_parameters,
    of_deleted_folders,
    toolchain_parameters,
)
from scripts.errors import SettingsError, UsageError
from tests.unit.scripts.releases import SETTINGS

NOTHING = ToolchainOptions()
SOURCE = ("RepositoryName", "GitHubRepository", "ConnectionArn")
PROJECT = ("SageMakerProjectName", "SageMakerProjectId", "PreprodAccountId", "ProdAccountId")
DECLARED: dict[str, TemplateParameter] = declared_parameters(
    {
        **{name: {"Type": "String"} for name in PROJECT},
        **{name: {"Type": "String", "Default": ""} for name in (*SOURCE, "PermissionsBoundaryArn")},
        "SourceProvider": {"Type": "String", "Default": "CodeCommit"},
        "BranchName": {"Type": "String", "Default": "main"},
    }
)
OF_TOOLCHAIN = DECLARED | declared_parameters(
    {"CacheType": {"Type": "String", "Default": "LOCAL"}, "NotificationEmail": {"Type": "String", "Default": ""}}
)
OF_CODEPIPELINE = DECLARED | declared_parameters(
    {
        "PipelineFolder": {"Type": "String"},
        "ModelPackageGroupName": {"Type": "String"},
        "ApprovalTimeoutInMinutes": {"Type": "Number", "Default": 10080},
    }
)
CONNECTION = "arn:aws:codeconnections:ap-southeast-2:012345670123:connection/c"


def stages(**changed: str) -> dict[str, StageSettings]:
    preprod = SETTINGS.model_copy(update=changed)
    return {"preprod": preprod, "prod": preprod.model_copy(update={"account": "660011223344"})}


def toolchain(
    options: ToolchainOptions = NOTHING,
    current: dict[str, str] | None = None,
    where: dict[str, StageSettings] | None = None,
    **by_file: str,
) -> dict[str, str]:
    """The values that the toolchain will have."""
    told = given_parameters(by_file, options, "stages/toolchain.yml")
    before = current or {}
    return effective(toolchain_parameters(where or stages(), told, before, OF_TOOLCHAIN), OF_TOOLCHAIN, before)


def codepipeline(
    current: dict[str, str] | None = None,
    before: dict[str, str] | None = None,
    options: ToolchainOptions = NOTHING,
    where: dict[str, StageSettings] | None = None,
    **by_file: str,
) -> dict[str, str]:
    """The values that a CodePipeline will have. ``before``: the toolchain's, before this run."""
    given = options.given()
    shared = SharedValues.of(
        toolchain_parameters(stages(), given, before or {}, OF_TOOLCHAIN), OF_TOOLCHAIN, before or {}, given
    )
    found = codepipeline_parameters(where or stages(), shared, by_file, current or {}, OF_CODEPIPELINE)
    return effective(found, OF_CODEPIPELINE, current or {})


def test_accounts_and_names_come_from_the_stage_files_and_the_repository_is_called_like_the_project() -> None:
    parameters = toolchain()
    assert parameters["PreprodAccountId"] == "550011223344"
    assert parameters["ProdAccountId"] == "660011223344"
    assert parameters["SourceProvider"] == "CodeCommit"
    assert parameters["RepositoryName"] == parameters["SageMakerProjectName"] == "harbour"


def test_what_is_not_given_again_keeps_its_value() -> None:
    current = {**toolchain(ToolchainOptions(branch="trunk", repository="ours")), "CacheType": "S3"}
    assert toolchain(current=current) == current


def test_a_stage_file_wins_over_what_the_stack_has() -> None:
    assert toolchain(current={"ProdAccountId": "999999999999"})["ProdAccountId"] == "660011223344"


def test_the_toolchains_file_gives_what_no_option_does_and_an_option_may_not_contradict_it() -> None:
    assert toolchain(BranchName="trunk", current={"BranchName": "main"})["BranchName"] == "trunk"
    with pytest.raises(UsageError) as refused:
        toolchain(ToolchainOptions(branch="main"), BranchName="trunk")
    assert refused.value.found == ["BranchName: trunk in stages/toolchain.yml, main by the option"]


def test_github_needs_repository_and_connection() -> None:
    with pytest.raises(UsageError, match="GitHubRepository and ConnectionArn"):
        toolchain(ToolchainOptions(source="GitHub"))


def test_what_belongs_to_another_source_is_refused() -> None:
    with pytest.raises(UsageError, match="the source is CodeCommit, and ConnectionArn"):
        toolchain(ToolchainOptions(connection_arn=CONNECTION))


def test_going_to_github_and_back_leaves_nothing_of_the_other_source() -> None:
    github = ToolchainOptions(source="GitHub", github_repository="a/b", connection_arn=CONNECTION)
    there = toolchain(github, toolchain())
    assert there["RepositoryName"] == ""
    back = toolchain(ToolchainOptions(source="CodeCommit"), there)
    assert (back["ConnectionArn"], back["GitHubRepository"]) == ("", "")
    assert back["RepositoryName"] == "harbour"


def test_stage_files_that_disagree_are_refused_with_what_they_say() -> None:
    different = stages()
    different["prod"] = stages(region="us-east-1")["prod"]
    with pytest.raises(SettingsError) as refused:
        toolchain(where=different)
    assert refused.value.found == ["region: ap-southeast-2, us-east-1"]


def test_a_missing_stage_is_named() -> None:
    with pytest.raises(SettingsError, match="missing: prod"):
        toolchain(where={"preprod": stages()["preprod"]})


def test_what_a_toolchain_of_an_earlier_version_had_besides_is_left_out_of_the_new_one() -> None:
    former = {"ModelPackageGroupNames": "g", "ApprovalTimeoutInMinutes": "5", "CacheType": "S3"}
    parameters = toolchain(current=former)
    assert parameters["CacheType"] == "S3"
    assert not former.keys() - {"CacheType"} & parameters.keys()


def test_each_codepipeline_has_the_group_and_folder_of_its_own_pipeline_and_the_toolchains_source() -> None:
    options = ToolchainOptions(branch="trunk", notification_email="a@b.c")
    churn = codepipeline(options=options, where=stages(model_package_group="churn-model", pipeline="churn_v2"))
    assert (churn["PipelineFolder"], churn["ModelPackageGroupName"]) == ("churn_v2", "churn-model")
    assert (churn["RepositoryName"], churn["BranchName"]) == ("harbour", "trunk")
    assert (churn["PreprodAccountId"], churn["ProdAccountId"]) == ("550011223344", "660011223344")
    assert "NotificationEmail" not in churn
    assert codepipeline()["ModelPackageGroupName"] != churn["ModelPackageGroupName"]


def test_a_codepipeline_follows_the_toolchain_but_in_what_somebody_set_in_it_alone() -> None:
    before = toolchain()
    current = codepipeline(before=before)
    trunk = ToolchainOptions(branch="trunk")
    assert codepipeline(current, before, trunk)["BranchName"] == "trunk"
    by_hand = {**current, "BranchName": "release", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/b"}
    assert codepipeline(by_hand, before) == by_hand
    assert codepipeline(by_hand, before, trunk)["BranchName"] == "trunk"


def test_a_codepipeline_goes_whole_to_another_source() -> None:
    before = toolchain()
    current = {**codepipeline(before=before), "RepositoryName": "by-hand"}
    github = ToolchainOptions(source="GitHub", github_repository="a/b", connection_arn=CONNECTION)
    moved = codepipeline(current, before, github)
    assert (moved["SourceProvider"], moved["RepositoryName"], moved["GitHubRepository"]) == ("GitHub", "", "a/b")


def test_a_codepipeline_keeps_its_time_to_approve_also_from_an_earlier_versions_toolchain() -> None:
    assert codepipeline({"ApprovalTimeoutInMinutes": "60"})["ApprovalTimeoutInMinutes"] == "60"
    assert codepipeline(before={"ApprovalTimeoutInMinutes": "60"})["ApprovalTimeoutInMinutes"] == "60"
    assert codepipeline()["ApprovalTimeoutInMinutes"] == "10080"
    given = codepipeline({"ApprovalTimeoutInMinutes": "60"}, ApprovalTimeoutInMinutes="5")
    assert given["ApprovalTimeoutInMinutes"] == "5"


def test_stages_that_disagree_on_a_pipelines_group_are_refused() -> None:
    different = stages()
    different["prod"] = stages(model_package_group="other")["prod"]
    with pytest.raises(SettingsError) as refused:
        codepipeline(where=different)
    assert refused.value.found == ["model_package_group: berth-demand, other"]


def test_of_a_codepipeline_whose_folder_is_gone_it_is_said_how_to_delete_it() -> None:
    def stack(name: str, **parameters: str) -> Stack:
        return Stack(name, name, "CREATE_COMPLETE", "", parameters)

    found = of_deleted_folders(
        [
            stack("ours-gone-codepipeline", SageMakerProjectName="ours", PipelineFolder="gone"),
            stack("ours-here-codepipeline", SageMakerProjectName="ours", PipelineFolder="here"),
            stack("theirs-gone-codepipeline", SageMakerProjectName="theirs", PipelineFolder="gone"),
            stack("ours-toolchain", SageMakerProjectName="ours"),
        ],
        "ours",
        ["here"],
    )
    assert len(found) == 1
    assert "there is no pipelines/gone any more" in found[0]
    assert found[0].endswith("aws cloudformation delete-stack --stack-name ours-gone-codepipeline")


@pytest.mark.parametrize("region", ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"])
def test_where_there_is_no_codepipeline_bootstrap_is_told_to_go_without(region: str) -> None:
    with pytest.raises(SettingsError, match=f"no CodePipeline in {region}") as refused:
        toolchain_parameters(stages(region=region), {}, {}, OF_TOOLCHAIN)
    assert "--no-toolchain" in str(refused.value.next_command)


def test_where_there_is_no_codecommit_a_source_elsewhere_is_asked_for() -> None:
    with pytest.raises(UsageError, match="no CodeCommit in eusc-de-east-1") as refused:
        toolchain_parameters(stages(region="eusc-de-east-1"), {}, {}, OF_TOOLCHAIN)
    assert "--source GitHub" in str(refused.value.next_command)
    github = {"SourceProvider": "GitHub", "GitHubRepository": "a/b", "ConnectionArn": CONNECTION}
    parameters = toolchain_parameters(stages(region="eusc-de-east-1"), github, {}, OF_TOOLCHAIN)
    assert parameters["SourceProvider"] == "GitHub"
