"""Stage files: every problem is told with its line, a hint, or the variable that brought it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.errors import DeploymentError, SettingsError, UsageError
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.stage_files import load_stage, stage_names

GOOD = """\
account: "550011223344"
dev_account: "012345670123"
region: ap-southeast-2

project:
  name: harbour
  id: p-harbour
model_package_group: berth-demand
pipeline: berths

schedule: 1 day
processing:
  instance_type: ml.m5.large
  instance_count: 1
inference:
  instance_type: ml.m5.large
  instance_count: 1

input_prefix: input/
output_prefix: predictions/

network:
  subnet_ids: []
  security_group_ids: []

transform:
  batch_strategy: MultiRecord
  split_type: Line
  max_payload_in_mb: 6
  max_concurrent_transforms: 2
  content_type: text/csv
  accept: text/csv
  input_filter: "$[1:]"
  output_filter: "$"
  join_source: Input

verification:
  sample: 1000
  minimum_rows: 1
  equal_rows: true
  input_header: true
  prediction: -1
  minimum: 0.0
  maximum: 1.0

alarms:
  hours_without_success: 26

tags: {}
"""


def load(tmp_path: Path, text: str, environment: dict[str, str] | None = None, stage: str | None = "preprod") -> object:
    (tmp_path / "preprod.yml").write_text(text)
    return load_stage(stage, tmp_path, environment or {})


def refusal(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(DeploymentError) as refused:
        load(tmp_path, text, environment)
    assert isinstance(refused.value, SettingsError)
    return "\n".join([refused.value.problem, *refused.value.found])


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


@pytest.mark.parametrize("stage", stage_names())
def test_the_committed_settings_are_valid_for_every_pipeline(stage: str) -> None:
    for pipeline in pipeline_names():
        assert load_stage(stage, environment={}, pipeline=pipeline).region


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("region: ap-southeast-2\n", "")
    assert "region is missing" in refusal(tmp_path, text)


def test_where_there_is_no_pipeline_it_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no pipeline") as refused:
        load(tmp_path, GOOD.replace("model_package_group: berth-demand\n", ""))
    assert "make new" in str(refused.value.next_command)


def test_an_unknown_key_gets_a_hint_and_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("  split_type:", "  split_typ:")
    said = refusal(tmp_path, text)
    assert f"line {line_of(text, 'split_typ:')}" in said
    assert 'transform.split_typ is not a setting; did you mean "split_type"?' in said


def test_a_wrong_type_is_told_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("  instance_count: 1", '  instance_count: "one"', 1)
    assert f"line {line_of(text, 'instance_count:')}: processing.instance_count" in refusal(tmp_path, text)


@pytest.mark.parametrize("account", ['"12345"', "550011223344", '"22222222222x"'])
def test_an_account_is_twelve_digits_in_quotes(tmp_path: Path, account: str) -> None:
    assert "is not an account number: it must have 12 digits" in refusal(
        tmp_path, GOOD.replace('"550011223344"', account)
    )


def test_an_instance_type_that_sagemaker_does_not_know_is_refused_with_near_ones(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD.replace("ml.m5.large", "ml.m5.lagre"))
    assert 'no instance type "ml.m5.lagre" for processing' in said
    assert "ml.m5.large" in said


def test_an_impossible_schedule_is_refused(tmp_path: Path) -> None:
    assert 'write "1 day"' in refusal(tmp_path, GOOD.replace("schedule: 1 day", "schedule: rate(1 days)"))


def test_bad_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "preprod.yml line 3: not YAML" in refusal(tmp_path, "a: 1\nb:\n\t- c\n")


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    assert "region is given twice" in refusal(tmp_path, GOOD + "region: ap-southeast-2\n")


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n"])
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, text: str) -> None:
    assert "line 1" in refusal(tmp_path, text)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("schedule: 1 day", "schedule: 1 days").replace(
        "region: ap-southeast-2", "regoin: ap-southeast-2"
    )
    said = refusal(tmp_path, text)
    assert "3 problems" in said
    assert "region is missing" in said


def test_environment_variables_override_the_file(tmp_path: Path) -> None:
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_DEV_ACCOUNT_NUMBER": "444444444444",
        "AWS_PREPROD_ACCOUNT_NUMBER": "555555555555",
        "AWS_PROD_ACCOUNT_NUMBER": "not used here",
        "SAGEMAKER_PIPELINE_ROLE_ARN": "arn:aws:iam::555555555555:role/mine",
        "SAGEMAKER_PROJECT_NAME_ID": "churn-p-abc123",
    }
    (tmp_path / "preprod.yml").write_text(GOOD)
    settings = load_stage("preprod", tmp_path, environment)
    assert (settings.region, settings.dev_account, settings.account) == ("us-east-1", "444444444444", "555555555555")
    assert (settings.project.name, settings.project.id) == ("churn", "p-abc123")
    assert settings.pipeline_role_arn == "arn:aws:iam::555555555555:role/mine"


def test_the_projects_own_variables_win_over_the_joined_one(tmp_path: Path) -> None:
    (tmp_path / "preprod.yml").write_text(GOOD)
    environment = {"SAGEMAKER_PROJECT_NAME_ID": "churn-p-abc123", "SAGEMAKER_PROJECT_NAME": "fraud"}
    assert load_stage("preprod", tmp_path, environment).project.name == "fraud"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_REGION", "Mars"),
        ("AWS_PREPROD_ACCOUNT_NUMBER", "12"),
        ("SAGEMAKER_PROJECT_NAME", "Big Name"),
        ("SAGEMAKER_PROJECT_NAME_ID", "noid"),
        ("SAGEMAKER_PIPELINE_ROLE_ARN", "role"),
        ("SAGEMAKER_PROJECT_ARN", "project"),
    ],
)
def test_an_invalid_override_names_its_variable(tmp_path: Path, variable: str, value: str) -> None:
    assert f"environment variable {variable}" in refusal(tmp_path, GOOD, {variable: value})


def test_an_empty_variable_overrides_nothing(tmp_path: Path) -> None:
    (tmp_path / "preprod.yml").write_text(GOOD)
    assert load_stage("preprod", tmp_path, {"AWS_REGION": ""}).region == "ap-southeast-2"


@pytest.mark.parametrize("stage", [None, "", "staging", "pre-prod", "../preprod"])
def test_a_stage_without_a_file_is_refused_with_those_there_are(tmp_path: Path, stage: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        load(tmp_path, GOOD, stage=stage)
    assert "preprod" in "\n".join(refused.value.found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  subnet_ids: []", "  subnet_ids: [subnet-12345678]"),
        ("  max_payload_in_mb: 6", "  max_payload_in_mb: 60"),
        ("  accept: text/csv", "  accept: application/json"),
    ],
)
def test_combinations_that_aws_refuses_are_refused(tmp_path: Path, old: str, new: str) -> None:
    assert "preprod.yml line" in refusal(tmp_path, GOOD.replace(old, new))


def test_without_a_window_of_its_own_the_alarm_waits_for_the_schedule_and_two_hours(tmp_path: Path) -> None:
    text = GOOD.replace("alarms:\n  hours_without_success: 26\n", "")
    (tmp_path / "preprod.yml").write_text(text.replace("schedule: 1 day", "schedule: 12 hours"))
    assert load_stage("preprod", tmp_path, {}).hours_without_success == 14
    (tmp_path / "preprod.yml").write_text(text.replace("schedule: 1 day", "schedule: 30 days"))
    assert load_stage("preprod", tmp_path, {}).hours_without_success == 168


def test_a_tag_that_aws_reserves_is_refused_here_and_not_by_cloudformation(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD.replace("tags: {}", 'tags: {"aws:team": "x"}'))
    assert f"line {line_of(GOOD, 'tags:')}" in said
    assert "aws:team" in said


@pytest.mark.parametrize(
    ("tags", "told"),
    [('{owner: "R&D (core)"}', "owner"), ("{Owner: a, owner: b}", "Owner and owner differ in case alone")],
)
def test_tags_that_iam_refuses_are_refused_before_a_stack_is_changed(tmp_path: Path, tags: str, told: str) -> None:
    assert told in refusal(tmp_path, GOOD.replace("tags: {}", f"tags: {tags}"))


@pytest.mark.parametrize("value", ["", "Forschung für Häfen", "a/b=c+d@e:f.g-h_i"])
def test_a_tag_that_iam_takes_is_taken(tmp_path: Path, value: str) -> None:
    (tmp_path / "preprod.yml").write_text(GOOD.replace("tags: {}", f'tags: {{team: "{value}"}}'))
    assert load_stage("preprod", tmp_path, {}).tags == {"team": value}


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", GOOD + "region: eu-west-2\n"])
def test_what_no_model_has_looked_at_yet_has_a_next_command_too(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text)
    assert "preprod.yml" in str(refused.value.next_command)


def test_a_stage_file_that_cannot_be_read_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "preprod.yml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_stage("preprod", tmp_path, {})


@pytest.mark.parametrize(("region", "near"), [("ap-southeast-9", "ap-southeast-7"), ("us-esat-1", "us-east-1")])
def test_a_region_that_aws_does_not_have_is_told_with_near_ones(tmp_path: Path, region: str, near: str) -> None:
    said = refusal(tmp_path, GOOD.replace("region: ap-southeast-2", f"region: {region}"))
    assert f'AWS has no region "{region}"' in said
    assert near in said


def test_a_stage_whose_file_is_gone_is_brought_back_instead_of_another_deployed(tmp_path: Path) -> None:
    (tmp_path / "prod.yml").write_text("")
    with pytest.raises(UsageError) as refused:
        load_stage("preprod", tmp_path)
    assert f"git checkout -- {tmp_path}/preprod.yml" in str(refused.value.next_command)
    assert "make deploy" not in str(refused.value.next_command)


@pytest.mark.parametrize("stage", ["x; touch y", "../preprod", "a b"])
def test_what_can_be_no_stages_name_is_in_no_command_to_paste(tmp_path: Path, stage: str) -> None:
    (tmp_path / "preprod.yml").touch()
    with pytest.raises(UsageError) as refused:
        load_stage(stage, tmp_path, {})
    assert refused.value.next_command == "the same command with STAGE=preprod"


def test_a_stage_in_capitals_is_that_stage_and_the_verb_stays_the_users(tmp_path: Path) -> None:
    (tmp_path / "preprod.yml").write_text("")
    with pytest.raises(UsageError, match='did you mean "preprod"') as refused:
        load_stage("PREPROD", tmp_path)
    assert refused.value.next_command == "the same command with STAGE=preprod"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("arn:aws:iam::999999999999:role/OnCall", "is not of the dev account"),
        ("arn:aws:sts::012345670123:assumed-role/OnCall/eva", "does not match"),
        ("OnCall", "does not match"),
    ],
)
def test_whoever_may_break_the_glass_is_a_role_or_user_of_dev(tmp_path: Path, given: str, said: str) -> None:
    refused = refusal(tmp_path, f"{GOOD}break_glass: ['{given}']\n")
    assert "break_glass" in refused
    assert said in refused


@pytest.mark.parametrize(
    ("given", "output"),
    [("input/", "input/"), ("input", "input/"), ("in/", "in/out/"), ("in/new/", "in/"), ("predictions/x", None)],
)
def test_prefixes_that_overlap_are_refused_whichever_lies_in_the_other(
    tmp_path: Path, given: str, output: str | None
) -> None:
    text = GOOD.replace("input_prefix: input/", f"input_prefix: {given}")
    text = text.replace("output_prefix: predictions/\n", f"output_prefix: {output}\n" if output else "")
    said = refusal(tmp_path, text)
    assert "output_prefix" in said
    assert "overlaps input_prefix" in said
    assert output is None or f"line {line_of(text, 'output_prefix')}" in said


def test_prefixes_that_only_begin_alike_are_apart(tmp_path: Path) -> None:
    load(tmp_path, GOOD.replace("output_prefix: predictions/", "output_prefix: input-scored/"))


@pytest.mark.parametrize("prefix", ["releases/", "schedule", "pipeline/x/", "model-artifacts/"])
@pytest.mark.parametrize("setting", ["input_prefix: input/", "output_prefix: predictions/"])
def test_nobodys_data_lies_where_a_deployment_keeps_its_own(tmp_path: Path, setting: str, prefix: str) -> None:
    said = refusal(tmp_path, GOOD.replace(setting, f"{setting.partition(':')[0]}: {prefix}"))
    assert "where the deployment keeps its own" in said


@pytest.mark.parametrize("bounds", [("minimum", "maximum"), ("mean_minimum", "mean_maximum")])
def test_bounds_that_nothing_can_pass_are_refused(tmp_path: Path, bounds: tuple[str, str]) -> None:
    low, high = bounds
    text = GOOD.replace("  minimum: 0.0\n  maximum: 1.0", f"  {low}: 2.0\n  {high}: 1.0")
    said = refusal(tmp_path, text)
    assert f"{low} (2.0) is larger than {high} (1.0)" in said
    assert f"line {line_of(text, 'verification')}" in said
    load(tmp_path, text.replace("2.0", "1.0"))


def test_stages_in_two_regions_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "prod.yml").write_text(GOOD.replace("region: ap-southeast-2", "region: eu-central-1"))
    said = refusal(tmp_path, GOOD)
    assert "preprod in ap-southeast-2, prod in eu-central-1" in said
    assert "in one region" in said
    assert load_stage("preprod", tmp_path, {"AWS_REGION": "us-east-1"}).region == "us-east-1"


def test_what_is_wrong_in_another_stages_file_is_that_stages_matter(tmp_path: Path) -> None:
    for text in ("region: [", "- a list", "account: 1"):
        (tmp_path / "prod.yml").write_text(text)
        load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws:iam::550011223344:role/pipeline"),
        ("ap-southeast-2", "arn:aws-cn:iam::550011223344:role/pipeline"),
        ("us-gov-west-1", "arn:aws:iam::550011223344:role/pipeline"),
    ],
)
def test_an_arn_of_another_partition_is_refused(tmp_path: Path, region: str, arn: str) -> None:
    text = GOOD.replace("region: ap-southeast-2", f"region: {region}\npipeline_role_arn: {arn}")
    assert f"is of another partition than {region}" in refusal(tmp_path, text)


@pytest.mark.parametrize("region", ["xx-west-1", "eu-west", "EU-WEST-1", "eusc-fr-north-1", "aws-global"])
def test_what_is_a_region_of_no_partition_is_refused(tmp_path: Path, region: str) -> None:
    said = refusal(tmp_path, GOOD.replace("region: ap-southeast-2", f"region: {region}"))
    assert f'AWS has no region "{region}"' in said
    assert "-global" not in said.replace(f'"{region}"', "")
