"""The templates as a set let nothing that runs before the approval change prod; and one slip anywhere is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.repository.approval_reach import NEEDED, approval_findings
from scripts.repository.template_linters import access_levels, read_template

ROOT = Path(__file__).parents[2]
SHIPPED = {name: read_template(ROOT / "cloudformation" / f"{name}.yml") for name in NEEDED}
Templates = dict[str, dict[str, Any]]

BEFORE = ("Build", "Plan", "PromotePreprod", "VerifyPreprod")  # roles of builds before the approval
CHANGING = ("promoter", "verifier", "deployment", "break-glass", "cloudformation")
ROLES = {"promoter": "PromoterRole", "verifier": "VerifierRole", "deployment": "DeploymentRole"}
DEV = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${DevAccountId}:root"}}
# Of services that a stage uses, actions that IAM's table calls a change, one for each kind of thing.
CHANGES = sorted(
    action
    for pattern in ("cloudformation:*", "events:*", "s3:Put*", "s3:Delete*", "sagemaker:*", "ssm:*", "sns:*", "kms:*")
    for action, level in access_levels(pattern).items()
    if level in ("Write", "Permissions management", "Tagging")
    and action not in ("kms:Decrypt", "cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet")
)
IN_PROD = {
    "any": "*",
    "bucket": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${SageMakerProjectName}-prod-${AWS::AccountId}-${AWS::Region}/*"},
    "pipelines": {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:*"},
}

few = settings(max_examples=15, deadline=None)  # each looks at four settings of the foundation, in half a second


def findings(templates: Templates) -> list[str]:
    return approval_findings(templates, access_levels)


def changed(change: Callable[[Templates], None]) -> list[str]:
    templates = copy.deepcopy(SHIPPED)
    change(templates)
    return findings(templates)


def allow(action: Any, resource: Any, **members: Any) -> dict[str, Any]:
    return {"Sid": "Slip", "Effect": "Allow", "Action": action, "Resource": resource, **members}


def policy_of(templates: Templates, template: str, logical_id: str) -> list[dict[str, Any]]:
    """The statements of a managed policy, or of a role's first inline policy."""
    properties = templates[template]["Resources"][logical_id]["Properties"]
    document = properties.get("PolicyDocument") or properties["Policies"][0]["PolicyDocument"]
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def trust_of(templates: Templates, template: str, logical_id: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = templates[template]["Resources"][logical_id]["Properties"][
        "AssumeRolePolicyDocument"
    ]["Statement"]
    return statements


def statement(statements: list[dict[str, Any]], sid: str) -> dict[str, Any]:
    """By its Sid, also within Fn::If."""
    plain = [each["Fn::If"][1] if "Fn::If" in each else each for each in statements]
    (found,) = [each for each in plain if each["Sid"] == sid]
    return found


def actions(templates: Templates) -> dict[str, dict[str, Any]]:
    """Of the CodePipeline, by their pipeline stage and name."""
    stages = templates["codepipeline"]["Resources"]["CodePipeline"]["Properties"]["Stages"]
    return {
        f"{stage['Name']}/{action['Name']}": action
        for stage in stages
        for action in stage["Actions"]
        if "ActionTypeId" in action
    }


def test_the_templates_let_nothing_change_prod_before_the_approval() -> None:
    assert findings(SHIPPED) == []


@few
@given(st.sampled_from(["BuildBasics", "ReadModels", *BEFORE]), st.data())
def test_a_build_that_may_become_a_changing_role_of_prod_is_refused(name: str, data: Any) -> None:
    kind = data.draw(st.sampled_from(CHANGING))
    arn = "arn:${AWS::Partition}:iam::${ProdAccountId}:role/"
    resource = data.draw(
        st.sampled_from(["*", {"Fn::Sub": f"{arn}${{SageMakerProjectName}}-prod-{kind}"}, {"Fn::Sub": f"{arn}*"}])
    )
    logical_id = f"{name}Role" if name in BEFORE else name
    action = data.draw(st.sampled_from(["sts:AssumeRole", "sts:*", "iam:PassRole"]))
    found = changed(lambda each: policy_of(each, "toolchain", logical_id).append(allow(action, resource)))
    assert any(f"sample-prod-{kind}" in one for one in found), found


@few
@given(st.sampled_from(sorted(ROLES)), st.sampled_from(["build", "plan", "promote-preprod", "verify-preprod", None]))
def test_a_role_of_prod_that_trusts_what_runs_before_is_refused(kind: str, actor: str | None) -> None:
    """None: the whole account of dev."""
    named = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{DevAccountId}}:role/${{SageMakerProjectName}}-{actor}"}
    condition = {"Condition": {"ArnEquals": {"aws:PrincipalArn": [named]}}} if actor else {}
    trusting = {"Sid": "Slip", "Effect": "Allow", "Principal": DEV, "Action": "sts:AssumeRole", **condition}
    found = changed(lambda each: trust_of(each, "roles", ROLES[kind]).append(trusting))
    assert any(f"sample-prod-{kind}" in one for one in found), found


@pytest.mark.parametrize("kind", sorted(ROLES))
@pytest.mark.parametrize("pattern", ["role/${SageMakerProjectName}-b*", "role/nobody"])
def test_builds_that_count_as_people_are_refused(kind: str, pattern: str) -> None:
    def slip(templates: Templates) -> None:
        people = statement(trust_of(templates, "roles", ROLES[kind]), "PeopleOfDevelopmentAccount")
        people["Condition"] = {
            "ArnNotLike": {"aws:PrincipalArn": {"Fn::Sub": "arn:${AWS::Partition}:iam::${DevAccountId}:" + pattern}}
        }

    assert changed(slip)


@few
@given(st.sampled_from(CHANGES), st.sampled_from(sorted(IN_PROD)))
def test_a_reader_that_may_change_anything_is_refused(action: str, where: str) -> None:
    found = changed(lambda each: policy_of(each, "roles", "ReadStage").append(allow(action, IN_PROD[where])))
    assert any(f"may {action} in prod" in one for one in found), found


@pytest.mark.parametrize("action", ["s3:*", "*", "sagemaker:Create*", "cloudformation:*ChangeSet"])
def test_a_reader_with_a_pattern_that_covers_changes_is_refused(action: str) -> None:
    assert changed(lambda each: policy_of(each, "roles", "ReadStage").append(allow(action, "*")))


def test_a_reader_whose_change_sets_may_have_any_name_is_refused() -> None:
    found = changed(lambda each: statement(policy_of(each, "roles", "ReadStage"), "PreviewChanges").pop("Condition"))
    assert any("may cloudformation:CreateChangeSet in prod" in one for one in found)


@few
@given(
    st.sampled_from(["bucket", "key"]),
    st.sampled_from(["build", "plan", "promote-preprod", "verify-preprod", None]),
    st.booleans(),
)
def test_a_resource_of_prod_that_lets_in_what_runs_before_is_refused(
    where: str, actor: str | None, alone: bool
) -> None:
    """``alone``: named as the principal itself, and not by a condition."""
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{DevAccountId}}:role/${{SageMakerProjectName}}-{actor}"}
    slip = allow("s3:PutObject" if where == "bucket" else "kms:GenerateDataKey", "*", Principal=DEV)
    if actor and alone:
        slip["Principal"] = {"AWS": [arn]}
    elif actor:
        slip["Condition"] = {"StringLike": {"aws:PrincipalArn": arn}}

    def open_up(templates: Templates) -> None:
        resources = templates["foundation"]["Resources"]
        policy = "PolicyDocument" if where == "bucket" else "KeyPolicy"
        resources["BucketPolicy" if where == "bucket" else "Key"]["Properties"][policy]["Statement"].append(slip)

    found = changed(open_up)
    assert any(f"is let in by the policy of {where}" in one for one in found), found


@few
@given(st.sampled_from(BEFORE), st.data())
def test_a_build_that_may_put_anything_into_anothers_place_is_refused(name: str, data: Any) -> None:
    keys = ["*", "cache/*", "cache/promote-prod/*", "cache/verify-prod/*"]
    keys += [] if name == "Plan" else ["evidence/*"]
    keys += [] if name == "Build" else ["*/Release/*"]
    key = data.draw(st.sampled_from(keys))
    slip = allow("s3:PutObject", {"Fn::Sub": f"${{ArtifactBucket.Arn}}/{key}"})

    def put(templates: Templates) -> None:
        statements = policy_of(templates, "toolchain", f"{name}Role")
        statements[:] = [*(each for each in statements if each["Effect"] == "Allow"), slip]

    assert changed(put), key


@few
@given(
    st.sampled_from(["BuildBasics", *(f"{each}Role" for each in BEFORE)]),
    st.sampled_from(
        [
            "codebuild:StartBuild",
            "codebuild:UpdateProject",
            "codepipeline:PutApprovalResult",
            "codepipeline:*",
            "cloudformation:UpdateStack",
            "iam:PutRolePolicy",
            "iam:UpdateAssumeRolePolicy",
        ]
    ),
)
def test_a_build_that_may_start_approve_or_grant_is_refused(policy: str, action: str) -> None:
    assert changed(lambda each: policy_of(each, "toolchain", policy).append(allow(action, "*")))


@pytest.mark.parametrize(
    ("action", "member", "value"),
    [
        ("ApproveProd/Promote", "RunOrder", 1),
        ("ApproveProd/Promote", "RunOrder", 2),  # at the same time as the approval is before it
        ("Preprod/Promote", "ProjectName", "${SageMakerProjectName}-promote-prod"),
        ("Preprod/Verify", "ProjectName", "${SageMakerProjectName}-verify-prod"),
        ("Build/Build", "ProjectName", "${SageMakerProjectName}-unknown"),
        (
            "Preprod/MakeChangeSet",
            "RoleArn",
            "arn:aws:iam::${ProdAccountId}:role/${SageMakerProjectName}-prod-deployment",
        ),
    ],
)
def test_an_order_in_which_prod_comes_first_is_refused(action: str, member: str, value: Any) -> None:
    def reorder(templates: Templates) -> None:
        place = actions(templates)[action]
        if member == "ProjectName":
            place = place["Configuration"]
        place[member] = {"Fn::Sub": value} if isinstance(value, str) else value

    assert changed(reorder)


@pytest.mark.parametrize("name", ["UNVERIFIED", "BREAK_GLASS"])
def test_a_build_that_is_told_to_step_past_a_check_is_refused(name: str) -> None:
    def tell(templates: Templates) -> None:
        configuration = actions(templates)["ApproveProd/Promote"]["Configuration"]
        configuration["EnvironmentVariables"] = json.dumps([{"name": name, "value": "1", "type": "PLAINTEXT"}])

    def declare(templates: Templates) -> None:
        environment = templates["toolchain"]["Resources"]["PromoteProdProject"]["Properties"]["Environment"]
        environment["EnvironmentVariables"].append({"Name": name, "Value": "1"})

    assert changed(tell) == [f"action Promote sets {name}"]
    assert changed(declare) == [f"project sample-promote-prod sets {name}"]


def test_a_codepipeline_without_an_approval_is_refused() -> None:
    def drop(templates: Templates) -> None:
        for stage in templates["codepipeline"]["Resources"]["CodePipeline"]["Properties"]["Stages"]:
            stage["Actions"] = [
                each for each in stage["Actions"] if each.get("ActionTypeId", {}).get("Category") != "Approval"
            ]

    assert changed(drop) == ["no approval stands before prod"]


def test_one_role_for_every_build_is_refused() -> None:
    """As it once was: each build could become the stages' one role, which trusted all of dev."""

    def undo(templates: Templates) -> None:
        text = json.dumps(templates["toolchain"])
        for name in ("PromoteProd", "VerifyProd", "PromotePreprod", "VerifyPreprod", "Plan"):
            text = text.replace(f'["{name}Role", "Arn"]', '["BuildRole", "Arn"]')
        templates["toolchain"] = json.loads(text)
        arn = "arn:${AWS::Partition}:iam::${ProdAccountId}:role/${SageMakerProjectName}-prod-deployment"
        policy_of(templates, "toolchain", "BuildBasics").append(allow("sts:AssumeRole", {"Fn::Sub": arn}))
        trust_of(templates, "roles", "DeploymentRole")[0].pop("Condition")

    assert any(one.startswith("sample-build -> sample-prod-deployment: may cloudformation:") for one in changed(undo))


STAGES_READ = ("ReadArtifactsOfCodePipeline", "ReadTemplatesOfCodePipeline")  # of the roles of a stage


def test_a_stage_that_may_write_what_the_codepipeline_hands_on_is_refused() -> None:
    def slip(templates: Templates) -> None:
        for statement in policy_of(templates, "toolchain", "ArtifactBucketPolicy"):
            if statement["Sid"] == "StagesReadArtifacts":
                statement["Action"] = [*statement["Action"], "s3:PutObject"]
        for each in (*statements_in(templates["roles"]), *statements_in(templates["foundation"])):
            if each["Sid"] in STAGES_READ:
                each["Action"] = [*each["Action"], "s3:PutObject"]

    assert any("-preprod-deployment -> " in each and "s3:PutObject in prod" in each for each in changed(slip))


def test_what_an_approver_is_shown_is_written_by_plan_alone() -> None:
    """Whatever the policies of others allow: so of these no test could show it."""
    statements = policy_of(SHIPPED, "toolchain", "ArtifactBucketPolicy")
    (only,) = (each for each in statements if each["Effect"] == "Deny" and "evidence/" in str(each["Resource"]))
    assert (only["Principal"], only["Action"]) == ("*", "s3:PutObject")
    assert list(only["Condition"]) == ["ArnNotEquals"]
    assert "role/${SageMakerProjectName}-plan" in str(only["Condition"]["ArnNotEquals"]["aws:PrincipalArn"])


def statements_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement with a Sid, wherever it stands in a template."""
    if isinstance(value, dict):
        if "Sid" in value:
            yield value
        for each in value.values():
            yield from statements_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from statements_in(each)
