"""The templates as a whole: linted, constrained, described; names and permissions as the rest of the code expects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.decisions.foundation import roles_stack_parameters
from scripts.repository.check_templates import check_template, stage_regions
from scripts.repository.document_templates import PAGE, templates_page
from scripts.repository.template_branches import branches
from scripts.repository.template_linters import read_template
from scripts.repository.template_policies import identity_policies
from tests.unit.scripts.releases import NAMES

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "cloudformation").glob("*.yml"))
TEMPLATES = {path.stem: read_template(path) for path in PATHS}
ORIGINS_PARAMETERS = {
    "BatchPipeline",
    "Environment",
    "InferenceInstanceCount",
    "InferenceInstanceType",
    "ModelPackageName",
    "PipelineDefinitionS3Key",
    "ProcessingInstanceCount",
    "ProcessingInstanceType",
    "ProjectBucket",
    "SGIds",
    "SageMakerProjectId",
    "SageMakerProjectName",
    "SubnetIds",
    "ScheduleExpressionforPipeline",
}

each_path = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
each_template = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@each_path
def test_nothing_is_found_in_any_region_of_the_stages(path: Path) -> None:
    assert [str(each) for each in check_template(path.relative_to(ROOT), stage_regions())] == []


def test_the_page_is_what_the_templates_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == templates_page(), "python -m scripts.repository.document_templates"


@each_path
def test_a_template_is_small_enough_to_be_passed_in_a_call_and_has_room(path: Path) -> None:
    """Of 51,200 bytes; above that, CloudFormation takes it from S3 alone. 4 % are left for what a change adds."""
    assert path.stat().st_size <= 49_152


@each_template
def test_every_parameter_is_described_constrained_and_in_a_group(template: dict[str, Any]) -> None:
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert set(interface["ParameterLabels"]) == set(template["Parameters"])
    for name, parameter in template["Parameters"].items():
        assert parameter.get("Description"), name
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter), f"{name} takes anything"
        if "AllowedPattern" in parameter:
            assert parameter.get("ConstraintDescription"), name


@each_template
def test_defaults_satisfy_their_own_constraints(template: dict[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        if "Default" in parameter and "AllowedPattern" in parameter:
            assert re.search(parameter["AllowedPattern"], parameter["Default"]), name


@each_template
def test_outputs_are_described_and_conditions_are_named_has(template: dict[str, Any]) -> None:
    assert all(output.get("Description") for output in template["Outputs"].values())
    assert all(name.startswith("Has") for name in template.get("Conditions", {}))


@each_path
def test_no_partition_is_written_out(path: Path) -> None:
    without_patterns = [line for line in path.read_text().splitlines() if "AllowedPattern" not in line]
    assert [line for line in without_patterns if re.search(r"arn:aws[a-z-]*:", line)] == []


@each_template
def test_every_role_takes_the_permissions_boundary(template: dict[str, Any]) -> None:
    roles = {name: each for name, each in template["Resources"].items() if each["Type"] == "AWS::IAM::Role"}
    boundary = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    assert {name for name, each in roles.items() if each["Properties"].get("PermissionsBoundary") != boundary} == set()


def test_batch_inference_keeps_the_origins_parameters() -> None:
    parameters = TEMPLATES["batch-inference"]["Parameters"]
    assert set(parameters) >= ORIGINS_PARAMETERS
    assert parameters["ScheduleExpressionforPipeline"]["Default"] == "1 day"


@pytest.mark.parametrize("good", ["1 day", "1 hour", "1 minute", "2 days", "12 hours", "30 minutes"])
def test_a_rate_that_eventbridge_takes_is_taken(good: str) -> None:
    assert re.fullmatch(_pattern("ScheduleExpressionforPipeline"), good)


@pytest.mark.aws_rule(
    "A cron expression has six fields, one of day-of-month and day-of-week a question mark; a rate of one takes the "
    "singular; both are in UTC",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
)
@pytest.mark.parametrize("bad", ["1 days", "2 day", "0 days", "1", "day", "rate(1 day)", "1  day", "-1 days", "1 week"])
def test_a_rate_that_eventbridge_refuses_is_refused(bad: str) -> None:
    assert not re.fullmatch(_pattern("ScheduleExpressionforPipeline"), bad)


@pytest.mark.parametrize(
    ("text", "taken"), [("0 4 * * ? *", True), ("0/15 8-17 ? * MON-FRI *", True), ("0 4 * *", False)]
)
def test_a_cron_expression_has_six_fields(text: str, taken: bool) -> None:
    assert bool(re.fullmatch(_pattern("ScheduleCronExpression"), text)) == taken


def test_the_model_has_no_name_that_would_stand_in_the_way_of_its_replacement() -> None:
    assert "ModelName" not in TEMPLATES["batch-inference"]["Resources"]["Model"]["Properties"]


def test_the_schedule_passes_the_model_and_the_sizes() -> None:
    (target,) = TEMPLATES["batch-inference"]["Resources"]["Schedule"]["Properties"]["Targets"]
    passed = {each["Name"]: each["Value"] for each in target["SageMakerPipelineParameters"]["PipelineParameterList"]}
    assert passed.pop("ModelName") == {"Fn::GetAtt": ["Model", "ModelName"]}
    sizes = [f"{step}Instance{what}" for step in ("Processing", "Inference") for what in ("Type", "Count")]
    assert passed == {name: {"Ref": name} for name in ["InputDataUrl", *sizes]}


def test_the_foundation_writes_the_parameters_that_the_deployment_reads() -> None:
    resources = TEMPLATES["foundation"]["Resources"].values()
    names = {each["Properties"]["Name"]["Fn::Sub"] for each in resources if each["Type"] == "AWS::SSM::Parameter"}
    assert names == {
        f"/${{Environment}}/{name}"
        for name in (
            "sagemaker_role_arn",
            "sagemaker_job_role_arn",
            "sagemaker_ml_artifacts_s3_bucket",
            "kms_key_arn",
            "cloudformation_role_arn",
            "events_role_arn",
            "announcement_topic_arn",
            "private-subnets-ids",
            "sagemaker-domain-sg",
        )
    }


def test_fixed_names_of_the_foundation_hold_the_stage_so_that_stages_can_share_an_account() -> None:
    named = ("RoleName", "BucketName", "AliasName", "TopicName", "Name")
    resources = {**TEMPLATES["foundation"]["Resources"], **TEMPLATES["roles"]["Resources"]}
    for logical_id, resource in resources.items():
        for key in set(named) & set(resource["Properties"]):
            assert "${Environment}" in resource["Properties"][key]["Fn::Sub"], f"{logical_id}.{key}"


def test_the_roles_template_is_given_what_it_asks_for() -> None:
    shared = {name: TEMPLATES["foundation"]["Parameters"][name] for name in TEMPLATES["roles"]["Parameters"]}
    assert TEMPLATES["roles"]["Parameters"] == shared
    values = dict.fromkeys(TEMPLATES["foundation"]["Parameters"], "x")
    assert roles_stack_parameters(values).keys() == shared.keys()
    exports = {
        each["Export"]["Name"]["Fn::Sub"] for each in TEMPLATES["foundation"]["Outputs"].values() if "Export" in each
    }
    assert set(_imports(TEMPLATES["roles"]["Resources"])) == exports


def test_the_triggers_role_starts_this_codepipeline_and_nothing_else() -> None:
    (policy,) = [each for each in _identity_policies("codepipeline") if each.name.startswith("TriggerRole.")]
    (statement,) = policy.document["Statement"]
    assert statement["Action"] == "codepipeline:StartPipelineExecution"
    assert statement["Resource"].endswith(":codepipeline:ap-southeast-2:012345670123:sample")


def test_only_an_approved_package_of_its_own_group_is_a_trigger() -> None:
    rule = TEMPLATES["codepipeline"]["Resources"]["ModelPackageApproved"]["Properties"]
    assert rule["EventPattern"]["detail"] == {
        "ModelPackageGroupName": [{"Ref": "ModelPackageGroupName"}],
        "ModelApprovalStatus": ["Approved"],
    }


def test_every_project_runs_a_buildspec_that_exists_and_every_buildspec_is_run() -> None:
    resources = TEMPLATES["toolchain"]["Resources"].values()
    projects = [each["Properties"] for each in resources if each["Type"] == "AWS::CodeBuild::Project"]
    named = {project["Source"]["BuildSpec"] for project in projects}
    assert named == {str(path.relative_to(ROOT)) for path in (ROOT / "buildspecs").glob("*.yml")}


def test_each_stage_is_promoted_changed_and_verified_in_this_order_with_roles_of_its_own_account() -> None:
    stages = _stages()
    assert list(stages) == ["Source", "Build", "Preprod", "ApproveProd", "Prod"]
    assert _actions(stages["Preprod"]) == ["Promote", "MakeChangeSet", "ExecuteChangeSet", "Verify"]
    assert _actions(stages["ApproveProd"]) == ["Plan", "Approve", "Promote"]
    assert _actions(stages["Prod"]) == ["MakeChangeSet", "ExecuteChangeSet", "Verify"]
    for name in ("Preprod", "Prod"):
        for action in stages[name]["Actions"]:
            if action["ActionTypeId"]["Provider"] == "CloudFormation":
                role = action["RoleArn"]["Fn::Sub"]
                assert f"::${{{name}AccountId}}:role/${{SageMakerProjectName}}-{name.lower()}-deployment" in role


@pytest.mark.aws_rule(
    "A stage may roll back or be retried by itself where it fails",
    page="https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html",
)
def test_a_failed_deployment_is_rolled_back_and_a_rejection_is_not() -> None:
    rolled_back = {name for name, stage in _stages().items() if stage.get("OnFailure") == {"Result": "ROLLBACK"}}
    assert rolled_back == {"Preprod", "Prod"}


def test_every_stage_after_the_build_is_skipped_where_there_is_nothing_to_release() -> None:
    conditions = {
        name: stage["BeforeEntry"]["Conditions"] for name, stage in _stages().items() if "BeforeEntry" in stage
    }
    assert list(conditions) == ["Preprod", "ApproveProd", "Prod"]
    for (condition,) in conditions.values():
        (rule,) = condition["Rules"]
        assert condition["Result"] == "SKIP"
        assert rule["RuleTypeId"]["Provider"] == "VariableCheck"
        assert rule["Configuration"] == {"Variable": "#{Build.RELEASE_CHANGED}", "Operator": "EQ", "Value": "true"}


def test_prod_is_promoted_only_for_the_approved_plan() -> None:
    (promote,) = [each for each in _stages()["ApproveProd"]["Actions"] if each["Name"] == "Promote"]
    assert _variables(promote) == {
        "STAGE": "prod", "PIPELINE": "${PipelineFolder}", "PLAN_DIGEST": "#{Plan.PLAN_DIGEST}",
        "EXECUTION_ID": "#{codepipeline.PipelineExecutionId}",
    }  # fmt: skip


def test_every_build_knows_its_pipeline() -> None:
    actions = [action for stage in _stages().values() for action in stage["Actions"] if "ActionTypeId" in action]
    builds = [each for each in actions if each["ActionTypeId"]["Provider"] == "CodeBuild"]
    assert len(builds) == 6
    assert {_variables(each)["PIPELINE"] for each in builds} == {"${PipelineFolder}"}


def test_what_a_codepipeline_imports_the_toolchain_exports() -> None:
    exports = {
        each["Export"]["Name"]["Fn::Sub"] for each in TEMPLATES["toolchain"]["Outputs"].values() if "Export" in each
    }
    assert set(_imports(TEMPLATES["codepipeline"]["Resources"])) == exports
    projects = {
        each["Properties"]["Name"]["Fn::Sub"]
        for each in TEMPLATES["toolchain"]["Resources"].values()
        if each["Type"] == "AWS::CodeBuild::Project"
    }
    actions = [action for stage in _stages().values() for action in stage["Actions"] if "Configuration" in action]
    used = {
        each["Configuration"]["ProjectName"]["Fn::Sub"] for each in actions if "ProjectName" in each["Configuration"]
    }
    assert used == projects


def test_names_of_a_codepipeline_are_those_that_the_verbs_look_for() -> None:
    properties = TEMPLATES["codepipeline"]["Resources"]["CodePipeline"]["Properties"]
    hyphens = {"Folder": {"Fn::Join": ["-", {"Fn::Split": ["_", {"Ref": "PipelineFolder"}]}]}}
    assert properties["Name"] == {"Fn::Sub": ["${SageMakerProjectName}-${Folder}", hyphens]}
    assert NAMES.codepipeline == "harbour-berths"


def test_variables_that_the_codepipeline_uses_are_exported_by_the_buildspec_of_that_namespace() -> None:
    text = (ROOT / "cloudformation" / "codepipeline.yml").read_text()
    buildspec_of = {"Build": "build", "Plan": "plan", "PreprodPromote": "promote", "ProdPromote": "promote"}
    used = set(re.findall(r"#\{(\w+)\.(\w+)\}", text)) - {
        ("codepipeline", "PipelineExecutionId"),
        ("variables", "ASK_AGAIN"),
        ("Source", "AuthorDate"),  # both kinds of source have it
    }
    assert {namespace for namespace, _ in used} == set(buildspec_of)
    for namespace, variable in used:
        buildspec = yaml.safe_load((ROOT / "buildspecs" / f"{buildspec_of[namespace]}.yml").read_text())
        assert variable in buildspec["env"]["exported-variables"], f"{namespace}.{variable}"


def test_the_readme_of_the_buildspecs_has_a_row_for_each() -> None:
    readme = (ROOT / "buildspecs" / "README.md").read_text()
    for path in (ROOT / "buildspecs").glob("*.yml"):
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{path.name}`")]
        buildspec = yaml.safe_load(path.read_text())
        targets = set(re.findall(r"\bmake ([a-z][a-z-]+)", path.read_text().split("phases:")[1]))
        for word in targets | set(buildspec["env"].get("exported-variables", [])):
            assert f"`{word}`" in row, f"{path.name}: {word}"


def _stages() -> dict[str, Any]:
    code_pipeline = TEMPLATES["codepipeline"]["Resources"]["CodePipeline"]["Properties"]
    return {each["Name"]: each for each in code_pipeline["Stages"]}


def _variables(action: dict[str, Any]) -> dict[str, str]:
    """The environment variables that an action gives its build, what ``Fn::Sub`` puts in left as it is."""
    text = action["Configuration"]["EnvironmentVariables"]["Fn::Sub"]
    given = json.loads(text if isinstance(text, str) else text[0])
    return {each["name"]: each["value"] for each in given}


def _imports(value: Any) -> Iterator[str]:
    """Every name that a template imports."""
    if isinstance(value, dict):
        if list(value) == ["Fn::ImportValue"]:
            yield value["Fn::ImportValue"]["Fn::Sub"]
        for each in value.values():
            yield from _imports(each)
    elif isinstance(value, list):
        for each in value:
            yield from _imports(each)


def _actions(stage: dict[str, Any]) -> list[str]:
    return [each["Name"] for each in sorted(stage["Actions"], key=lambda each: int(each["RunOrder"]))]


def _pattern(parameter: str) -> str:
    return str(TEMPLATES["batch-inference"]["Parameters"][parameter]["AllowedPattern"])


def _identity_policies(name: str) -> list[Any]:
    return identity_policies(branches(TEMPLATES[name])[0])
