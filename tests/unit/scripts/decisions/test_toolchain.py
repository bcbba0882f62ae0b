"""The parameters that bootstrap gives the toolchain and each CodePipeline."""

from __future__ import annotations

import pytest

from scripts.decisions.stacks import Stack
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.toolchain import (
    ToolchainOptions,
    codepipeline_parameters,
    of_deleted_folders,
    toolchain_parameters,
)
from scripts.errors import SettingsError, UsageError
from tests.unit.scripts.releases import SETTINGS

NOTHING = ToolchainOptions()
CONNECTION = "arn:aws:codeconnections:eu-west-1:111111111111:connection/c"


def stages(**changed: str) -> dict[str, StageSettings]:
    preprod = SETTINGS.model_copy(update=changed)
    return {"preprod": preprod, "prod": preprod.model_copy(update={"account": "333333333333"})}


def test_accounts_and_names_come_from_the_stage_files_and_the_repository_is_called_like_the_project() -> None:
    parameters = toolchain_parameters(stages(), NOTHING, {})
    assert parameters["PreprodAccountId"] == "222222222222"
    assert parameters["ProdAccountId"] == "333333333333"
    assert parameters["SourceProvider"] == "CodeCommit"
    assert parameters["RepositoryName"] == parameters["SageMakerProjectName"] == "tumor-screening"


def test_what_is_not_given_again_keeps_its_value() -> None:
    current = {
        **toolchain_parameters(stages(), ToolchainOptions(branch="trunk", repository="ours"), {}),
        "CacheType": "S3",
    }
    again = toolchain_parameters(stages(), NOTHING, current)
    assert again == current


def test_a_stage_file_wins_over_what_the_stack_has() -> None:
    assert toolchain_parameters(stages(), NOTHING, {"ProdAccountId": "999999999999"})["ProdAccountId"] == "333333333333"


def test_github_needs_repository_and_connection() -> None:
    with pytest.raises(UsageError, match="GitHubRepository and ConnectionArn"):
        toolchain_parameters(stages(), ToolchainOptions(source="GitHub"), {})


def test_going_to_github_and_back_leaves_nothing_of_the_other_source() -> None:
    github = ToolchainOptions(source="GitHub", github_repository="a/b", connection_arn=CONNECTION)
    there = toolchain_parameters(stages(), github, toolchain_parameters(stages(), NOTHING, {}))
    assert there["RepositoryName"] == ""
    back = toolchain_parameters(stages(), ToolchainOptions(source="CodeCommit"), there)
    assert (back["ConnectionArn"], back["GitHubRepository"]) == ("", "")
    assert back["RepositoryName"] == "tumor-screening"


def test_stage_files_that_disagree_are_refused_with_what_they_say() -> None:
    different = stages()
    different["prod"] = stages(region="us-east-1")["prod"]
    with pytest.raises(SettingsError) as refused:
        toolchain_parameters(different, NOTHING, {})
    assert refused.value.found == ["region: eu-west-1, us-east-1"]


def test_a_missing_stage_is_named() -> None:
    with pytest.raises(SettingsError, match="missing: prod"):
        toolchain_parameters({"preprod": stages()["preprod"]}, NOTHING, {})


def test_what_a_toolchain_of_an_earlier_version_had_besides_is_left_out_of_the_new_one() -> None:
    former = {
        "ModelPackageGroupNames": "g",
        "BatchPipelineFolder": "p",
        "ApprovalTimeoutInMinutes": "5",
        "CacheType": "S3",
    }
    parameters = toolchain_parameters(stages(), NOTHING, former)
    assert parameters["CacheType"] == "S3"
    assert not {"ModelPackageGroupNames", "BatchPipelineFolder", "ApprovalTimeoutInMinutes"} & set(parameters)


def test_each_codepipeline_has_the_group_and_folder_of_its_own_pipeline_and_the_toolchains_source() -> None:
    shared = toolchain_parameters(stages(), ToolchainOptions(branch="trunk", notification_email="a@b.c"), {})
    churn = codepipeline_parameters(stages(model_package_group="churn-model", pipeline="churn_v2"), shared, {})
    assert (churn["PipelineFolder"], churn["ModelPackageGroupName"]) == ("churn_v2", "churn-model")
    assert (churn["RepositoryName"], churn["BranchName"]) == ("tumor-screening", "trunk")
    assert (churn["PreprodAccountId"], churn["ProdAccountId"]) == ("222222222222", "333333333333")
    assert "NotificationEmail" not in churn
    other = codepipeline_parameters(stages(), shared, {})
    assert other["ModelPackageGroupName"] != churn["ModelPackageGroupName"]


def test_a_codepipeline_keeps_its_time_to_approve_also_from_an_earlier_versions_toolchain() -> None:
    shared = toolchain_parameters(stages(), NOTHING, {})
    assert (
        codepipeline_parameters(stages(), shared, {"ApprovalTimeoutInMinutes": "60"})["ApprovalTimeoutInMinutes"]
        == "60"
    )
    assert "ApprovalTimeoutInMinutes" not in codepipeline_parameters(stages(), shared, {})


def test_stages_that_disagree_on_a_pipelines_group_are_refused() -> None:
    different = stages()
    different["prod"] = stages(model_package_group="other")["prod"]
    with pytest.raises(SettingsError) as refused:
        codepipeline_parameters(different, {}, {})
    assert refused.value.found == ["model_package_group: other, tumor-classifier"]


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
        toolchain_parameters(stages(region=region), NOTHING, {})
    assert "--no-toolchain" in str(refused.value.next_command)


def test_where_there_is_no_codecommit_a_source_elsewhere_is_asked_for() -> None:
    with pytest.raises(UsageError, match="no CodeCommit in eusc-de-east-1") as refused:
        toolchain_parameters(stages(region="eusc-de-east-1"), NOTHING, {})
    assert "--source GitHub" in str(refused.value.next_command)
    github = ToolchainOptions(source="GitHub", github_repository="a/b", connection_arn=CONNECTION)
    assert toolchain_parameters(stages(region="eusc-de-east-1"), github, {})["SourceProvider"] == "GitHub"
