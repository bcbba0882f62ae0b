"""Who may become which role of a stage, and what each may write there: asked of the embedded AWS, which enforces IAM.

The roles of the toolchain are stood in for by roles of the same names that may do everything in dev: whatever is
refused here is refused by the stage.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, PROD
from tests.functional.templates.conftest import GLASS_BREAKER, PROJECT, STAGES, Client, assumed

Foundations = dict[str, dict[str, str]]
Actors = Callable[[str], Client]

BEFORE_THE_APPROVAL = ("build", "plan", "promote-preprod", "verify-preprod")
TOOLCHAIN = (*BEFORE_THE_APPROVAL, "promote-prod", "verify-prod", "codepipeline")
READERS = {name for name in TOOLCHAIN if name != "codepipeline"}
KINDS = ("reader", "promoter", "verifier", "deployment", "break-glass")
TRUSTED = {
    ("preprod", "reader"): {*READERS, "person", "engineer"},
    ("preprod", "promoter"): {"promote-preprod", "person", "engineer"},
    ("preprod", "verifier"): {"verify-preprod", "person", "engineer"},
    ("preprod", "deployment"): {"codepipeline", "person", "engineer"},
    ("preprod", "break-glass"): set(),  # nobody is named there, so there is no such role
    ("prod", "reader"): {*READERS, "person", "engineer"},
    ("prod", "promoter"): {"promote-prod"},
    ("prod", "verifier"): {"verify-prod"},
    ("prod", "deployment"): {"codepipeline"},
    ("prod", "break-glass"): {"engineer"},
}


@pytest.fixture(scope="module")
def actors(client: Client, foundations: Foundations) -> Actors:
    """Clients of dev as one of its roles: the toolchain's, a person's, and who may break the glass."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "sts:AssumeRole"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    path, _, engineer = GLASS_BREAKER.partition(":role/")[2].rpartition("/")
    names = {name: f"{PROJECT}-{name}" for name in TOOLCHAIN} | {"person": "person", "engineer": engineer}
    arns = {}
    for actor, name in names.items():
        role = iam.create_role(
            RoleName=name,
            Path=f"/{path}/" if actor == "engineer" else "/",
            AssumeRolePolicyDocument=_document(trust),
        )
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=_document(everything))
        arns[actor] = role["Role"]["Arn"]
    assert arns["engineer"] == GLASS_BREAKER
    return functools.cache(lambda actor: assumed(client, client("sts"), arns[actor]))


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _role(stage: str, kind: str) -> str:
    return f"arn:aws:iam::{STAGES[stage]}:role/{PROJECT}-{stage}-{kind}"


@pytest.fixture(scope="module")
def become(client: Client, actors: Actors) -> Callable[[str, str, str], Client]:
    """Clients of a stage's role, become by an actor of dev."""
    return functools.cache(lambda actor, stage, kind: assumed(client, actors(actor)("sts"), _role(stage, kind)))


@pytest.mark.aws_rule(
    "Behind a session, aws:PrincipalArn is the ARN of its role, with the role's path and without the session's name.",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html",
)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_role_is_assumed_by_its_own_actor_alone(stage: str, kind: str, actors: Actors) -> None:
    found = set()
    for actor in (*TOOLCHAIN, "person", "engineer"):
        try:
            actors(actor)("sts").assume_role(RoleArn=_role(stage, kind), RoleSessionName="test")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied"
        else:
            found.add(actor)
    assert found == TRUSTED[stage, kind]


@pytest.mark.parametrize("actor", [*BEFORE_THE_APPROVAL, "person"])
def test_who_acts_before_the_approval_writes_nothing_in_prod(
    actor: str, become: Callable[..., Client], actors: Actors, foundations: Foundations
) -> None:
    made, stack = foundations["prod"], f"{PROJECT}-rogue-prod"
    bucket, template = made["ArtifactBucketName"], '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    for clients in (actors(actor), become(actor, "prod", "reader")):
        s3 = clients("s3")
        for key in ("releases/verified-x.json", "pipeline/x/code/p.py", "model-artifacts/m.tar.gz", "input/a.csv"):
            _denied(s3.put_object, Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*")
            _denied(s3.delete_object, Bucket=bucket, Key=key)
    reader = become(actor, "prod", "reader")
    change_set = {"StackName": stack, "ChangeSetType": "CREATE", "TemplateBody": template}
    role = {"RoleARN": made["CloudFormationRoleArn"]}
    cloudformation = reader("cloudformation")
    _denied(cloudformation.create_change_set, **change_set, ChangeSetName="release")
    _denied(cloudformation.create_change_set, **change_set, ChangeSetName="preview-1", **role)
    _denied(cloudformation.create_stack, StackName=stack, TemplateBody=template)
    sagemaker = reader("sagemaker")
    _denied(sagemaker.create_model_package_group, ModelPackageGroupName="stack-group")
    _denied(sagemaker.start_pipeline_execution, PipelineName=f"{PROJECT}-batch-inference-prod")
    _denied(reader("ssm").put_parameter, Name="/prod/kms_key_arn", Value="x", Type="String", Overwrite=True)


def test_a_reader_previews_a_change_that_no_role_executes(
    become: Callable[..., Client], client: Client, foundations: Foundations
) -> None:
    stack, name = f"{PROJECT}-previewed-prod", "preview-1"
    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    previews = become("plan", "prod", "reader")("cloudformation")
    previews.create_change_set(StackName=stack, ChangeSetName=name, ChangeSetType="CREATE", TemplateBody=template)
    previews.get_waiter("change_set_create_complete").wait(
        StackName=stack, ChangeSetName=name, WaiterConfig={"Delay": 1}
    )
    shown = previews.describe_change_set(StackName=stack, ChangeSetName=name)
    assert [each["ResourceChange"]["Action"] for each in shown["Changes"]] == ["Add"]
    for actor, kind in (("plan", "reader"), ("codepipeline", "deployment"), ("engineer", "break-glass")):
        executes = become(actor, "prod", kind)("cloudformation").execute_change_set
        _denied(executes, StackName=stack, ChangeSetName=name)
    previews.delete_change_set(StackName=stack, ChangeSetName=name)


def test_each_record_is_written_by_its_own_actor_and_never_over_what_was_not_read(
    become: Callable[..., Client], foundations: Foundations
) -> None:
    bucket = foundations["prod"]["ArtifactBucketName"]
    promoter = become("promote-prod", "prod", "promoter")("s3")
    verifier = become("verify-prod", "prod", "verifier")("s3")
    deployment = become("codepipeline", "prod", "deployment")("s3")
    of_promoter = ["releases/1/release.json", "releases/1/code/pipelines/p/a.py", "pipeline/p/definition-1.json"]
    of_verifier = ["releases/1/verification.json", "releases/live-p.json", "releases/verified-p.json"]
    for key, writes, others in [
        *((key, promoter, (verifier, deployment)) for key in of_promoter),
        *((key, verifier, (promoter, deployment)) for key in of_verifier),
    ]:
        for other in others:
            _denied(other.put_object, Bucket=bucket, Key=key, Body=b"forged", IfNoneMatch="*")
        _denied(writes.put_object, Bucket=bucket, Key=key, Body=b"1")
        etag = writes.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")["ETag"]
        with pytest.raises(ClientError, match="PreconditionFailed"):
            writes.put_object(Bucket=bucket, Key=key, Body=b"2", IfNoneMatch="*")
        if key in of_promoter:
            _denied(writes.put_object, Bucket=bucket, Key=key, Body=b"2", IfMatch=etag)
        else:
            writes.put_object(Bucket=bucket, Key=key, Body=b"2", IfMatch=etag)
    _denied(promoter.put_object, Bucket=bucket, Key="break-glass/1.json", Body=b"1", IfNoneMatch="*")
    for each in (promoter, verifier, deployment):
        _denied(each.delete_object, Bucket=bucket, Key=of_promoter[0])


def test_the_ledger_and_the_locks_are_written_by_those_who_change_the_stage_and_deleted_by_nobody(
    become: Callable[..., Client], client: Client, foundations: Foundations
) -> None:
    bucket = foundations["prod"]["ArtifactBucketName"]
    kinds = {"promote-prod": "promoter", "verify-prod": "verifier", "codepipeline": "deployment"}
    writers = [become(actor, "prod", kind)("s3") for actor, kind in kinds.items()]
    writers.append(become("engineer", "prod", "break-glass")("s3"))
    for number, s3 in enumerate(writers):
        entry = {"Bucket": bucket, "Key": f"ledger/p/{number:08d}.json"}
        _denied(s3.put_object, **entry, Body=b"1")
        etag = s3.put_object(**entry, Body=b"1", IfNoneMatch="*")["ETag"]
        _denied(s3.put_object, **entry, Body=b"2", IfMatch=etag)
        _denied(s3.delete_object, **entry)
        for moving in ({"Key": f"ledger/head-{number}.json"}, {"Key": f"locks/{number}.json"}):
            etag = s3.put_object(Bucket=bucket, **moving, Body=b"1", IfNoneMatch="*")["ETag"]
            _denied(s3.put_object, Bucket=bucket, **moving, Body=b"2")
            s3.put_object(Bucket=bucket, **moving, Body=b"2", IfMatch=etag)
            _denied(s3.delete_object, Bucket=bucket, **moving)
    admin = _administrator(client)("s3")
    for key in ("ledger/p/00000009.json", "ledger/head-p.json", "locks/p.json"):
        _denied(admin.put_object, Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")
    _denied(admin.delete_object, Bucket=bucket, Key="ledger/p/00000000.json")


def test_an_administrator_of_the_stage_writes_no_records(client: Client, foundations: Foundations) -> None:
    admin, bucket = _administrator(client), foundations["prod"]["ArtifactBucketName"]
    for key in ("releases/1/verification-2.json", "pipeline/p/x.json", "break-glass/1.json"):
        _denied(admin("s3").put_object, Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")
    admin("s3").put_object(Bucket=bucket, Key="input/p/rows.csv", Body=b"1")


def test_breaking_the_glass_is_recorded_for_good_and_announced(
    become: Callable[..., Client], client: Client, foundations: Foundations
) -> None:
    made = foundations["prod"]
    record = {"Bucket": made["ArtifactBucketName"], "Key": "break-glass/2026-01-31.json"}
    engineer = become("engineer", "prod", "break-glass")
    _denied(engineer("s3").put_object, **record, Body=b"because")
    engineer("s3").put_object(**record, Body=b"because", IfNoneMatch="*")
    engineer("sns").publish(TopicArn=made["AnnouncementTopicArn"], Message="somebody broke the glass")
    _denied(engineer("s3").delete_object, **record)
    _denied(_administrator(client)("s3").delete_object, **record)
    subscriptions = client("sns", account=PROD).list_subscriptions_by_topic(TopicArn=made["AnnouncementTopicArn"])
    assert [each["Endpoint"] for each in subscriptions["Subscriptions"]] == ["team@example.com"]


def test_artifacts_are_copied_into_a_stage_by_its_promotion_under_the_stages_key(
    actors: Actors, foundations: Foundations
) -> None:
    may = {"preprod": {"promote-preprod", "person", "engineer"}, "prod": {"promote-prod", "engineer"}}
    for stage, allowed in may.items():
        where = {"Bucket": foundations[stage]["ArtifactBucketName"], "Key": "model-artifacts/group/v1/model.tar.gz"}
        for actor in (*TOOLCHAIN, "person", "engineer"):
            s3 = actors(actor)("s3")
            if actor in allowed:
                mine = {**where, "Key": f"model-artifacts/group/v1/{actor}.tar.gz"}
                _denied(s3.put_object, **mine, Body=b"x")  # nobody writes over what he has not looked at
                etag = s3.put_object(**mine, Body=b"x", IfNoneMatch="*")["ETag"]
                assert s3.head_object(**mine)["SSEKMSKeyId"] == foundations[stage]["KmsKeyArn"]
                s3.copy_object(**mine, CopySource={"Bucket": mine["Bucket"], "Key": mine["Key"]}, IfMatch=etag)
                _denied(s3.copy_object, **mine, CopySource={"Bucket": mine["Bucket"], "Key": mine["Key"]})
                _denied(s3.put_object, Bucket=where["Bucket"], Key="releases/1/release.json", Body=b"x")
                _denied(s3.put_object, **where, Body=b"x", IfNoneMatch="*", ServerSideEncryption="AES256")
            else:
                _denied(s3.put_object, **where, Body=b"x", IfNoneMatch="*")


def test_what_was_released_is_written_by_its_actor_and_stays(
    become: Callable[..., Client], client: Client, foundations: Foundations
) -> None:
    admin, bucket = _administrator(client)("s3"), foundations["prod"]["ArtifactBucketName"]
    promoter = become("promote-prod", "prod", "promoter")("s3")
    deletes = become("engineer", "prod", "break-glass")("s3")
    for key in ("model-artifacts/g/v1/kept.tar.gz", "pipeline/p/code-1/kept.py", "releases/2/release.json"):
        version = promoter.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")["VersionId"]
        _denied(admin.put_object, Bucket=bucket, Key=f"{key}-2", Body=b"1", IfNoneMatch="*")
        for other in (admin, promoter):
            _denied(other.delete_object, Bucket=bucket, Key=key)
            _denied(other.delete_object, Bucket=bucket, Key=key, VersionId=version)
        deletes.delete_object(Bucket=bucket, Key=key)


def test_data_is_deleted_by_people_where_a_stage_is_deployed_by_hand(
    become: Callable[..., Client], client: Client, foundations: Foundations
) -> None:
    for stage, actor, kind, deletes in (
        ("preprod", "person", "deployment", True),
        ("prod", "codepipeline", "deployment", False),
        ("prod", "engineer", "break-glass", True),
    ):
        where = {"Bucket": foundations[stage]["ArtifactBucketName"], "Key": "predictions/1.csv"}
        client("s3", account=STAGES[stage]).put_object(**where, Body=b"1")
        s3 = become(actor, stage, kind)("s3")
        if deletes:
            s3.delete_object(**where)
        else:
            _denied(s3.delete_object, **where)


def test_no_role_of_a_stage_changes_its_own_rights(become: Callable[..., Client], foundations: Foundations) -> None:
    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    for actor, stage, kind in (("person", "preprod", "deployment"), ("engineer", "prod", "break-glass")):
        cloudformation = become(actor, stage, kind)("cloudformation")
        for stack in (f"{PROJECT}-foundation-{stage}", f"{PROJECT}-roles-{stage}"):
            _denied(cloudformation.create_change_set, StackName=stack, ChangeSetName="x", TemplateBody=template)
            _denied(cloudformation.delete_stack, StackName=stack)


def test_a_job_writes_predictions_and_nothing_that_proves_anything(client: Client, foundations: Foundations) -> None:
    """A role of the same policies, which a test may assume."""
    made, iam = foundations["preprod"], client("iam", account=PREPROD)
    original = made["JobRoleArn"].rpartition("/")[2]
    trust = {"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "sts:AssumeRole"}
    twin = iam.create_role(RoleName="job-twin", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    for name in iam.list_role_policies(RoleName=original)["PolicyNames"]:
        document = json.dumps(iam.get_role_policy(RoleName=original, PolicyName=name)["PolicyDocument"])
        iam.put_role_policy(RoleName="job-twin", PolicyName=name, PolicyDocument=document)
    s3, bucket = assumed(client, client("sts"), twin)("s3"), made["ArtifactBucketName"]
    s3.put_object(Bucket=bucket, Key="predictions/1/out.csv", Body=b"1")
    for prefix in (
        "releases/1/verification.json",
        "pipeline/p/x.py",
        "model-artifacts/m",
        "break-glass/1",
        "schedule/p",
        "ledger/p/00000001.json",
        "locks/p.json",
    ):
        _denied(s3.put_object, Bucket=bucket, Key=prefix, Body=b"1", IfNoneMatch="*")


def _administrator(client: Client) -> Client:
    """Of prod's account; its root would be let through by the embedded AWS, which takes its own services for it."""
    iam = client("iam", account=PROD)
    name, trust = "administrator", {"Effect": "Allow", "Principal": {"AWS": PROD}, "Action": "sts:AssumeRole"}
    if name not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return assumed(client, client("sts", account=PROD), f"arn:aws:iam::{PROD}:role/{name}")


def _denied(call: Callable[..., Any], **request: Any) -> None:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException"), error
