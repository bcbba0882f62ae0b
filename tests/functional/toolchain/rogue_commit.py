# ruff: noqa
# mypy: ignore-errors
# fmt: off
"""A unit test of a pushed commit that tries everything it can think of. The test beside it copies it into a team's
tree, where ``make test-unit`` runs it in the CodePipeline's Build, and reads what it writes: rogue.json, which the
build's artifact carries along. Its first line is a test's own; ``@NAME@`` are put in."""
import json
import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

DEV, PROJECT, REGION = "@DEV@", "@PROJECT@", "@REGION@"
STAGES = {"preprod": "@PREPROD@", "prod": "@PROD@"}
TOOLCHAIN = f"{PROJECT}-toolchain-{DEV}-{REGION}"
KINDS = ("reader", "promoter", "verifier", "deployment", "break-glass", "cloudformation")
TEMPLATE = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
ATTEMPTS = []


def attempt(what, call, **request):
    try:
        answer = call(**request)
    except ClientError as error:
        ATTEMPTS.append({"what": what, "refused": error.response["Error"]["Code"]})
    except BotoCoreError as error:
        ATTEMPTS.append({"what": what, "refused": f"never sent: {error}"})
    else:
        ATTEMPTS.append({"what": what, "refused": None})
        return answer


def session_of(keys):
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION)


def change(session, who, stage, account):
    bucket, stack = f"{PROJECT}-{stage}-{account}-{REGION}", f"{PROJECT}-rogue-{stage}"
    s3, cloudformation, sagemaker = (session.client(each) for each in ("s3", "cloudformation", "sagemaker"))
    for key in ("releases/verified-@PIPELINE@.json", "releases/0123456789abcdef/verification.json", "pipeline/x.json",
                "model-artifacts/m.tar.gz", "input/rows.csv"):
        attempt(f"{who}: write {stage} {key}", s3.put_object, Bucket=bucket, Key=key, Body=b"{}", IfNoneMatch="*")
    for name in ("release", "preview-1"):
        role = f"arn:aws:iam::{account}:role/{PROJECT}-{stage}-cloudformation"
        made = attempt(f"{who}: change set {name} in {stage}", cloudformation.create_change_set, StackName=stack,
                       ChangeSetName=name, ChangeSetType="CREATE", TemplateBody=TEMPLATE, RoleARN=role)
        if made:
            cloudformation.get_waiter("change_set_create_complete").wait(
                StackName=stack, ChangeSetName=name, WaiterConfig={"Delay": 1})
            attempt(f"{who}: execute {name} in {stage}", cloudformation.execute_change_set, StackName=stack, ChangeSetName=name)
    attempt(f"{who}: register in {stage}", sagemaker.create_model_package, ModelPackageGroupName="@GROUP@",
            ModelApprovalStatus="Approved", InferenceSpecification={"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/k"}],
            "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]})
    attempt(f"{who}: run in {stage}", sagemaker.start_pipeline_execution, PipelineName=f"{PROJECT}-@PIPELINE@-{stage}",
            ClientRequestToken="0" * 32)
    attempt(f"{who}: setting of {stage}", session.client("ssm").put_parameter, Name=f"/{stage}/kms_key_arn", Value="x", Type="String", Overwrite=True)


def test_the_team_has_a_test():
    own = boto3.Session(region_name=REGION)
    sts, s3 = own.client("sts"), own.client("s3")
    for stage, account in STAGES.items():
        change(own, "build", stage, account)
        for kind in KINDS:
            role = f"arn:aws:iam::{account}:role/{PROJECT}-{stage}-{kind}"
            assumed = attempt(f"become {stage} {kind}", sts.assume_role, RoleArn=role, RoleSessionName="rogue")
            if assumed:
                change(session_of(assumed["Credentials"]), f"{stage} {kind}", stage, account)
    found = attempt("list artifacts", s3.list_objects_v2, Bucket=TOOLCHAIN) or {}
    for each in found.get("Contents", []):
        attempt(f"overwrite {each['Key']}", s3.put_object, Bucket=TOOLCHAIN, Key=each["Key"], Body=b"rogue")
    for key in ("evidence/1/evidence.html", "evidence/Release/evidence.html", "@OTHER@/Source/1234567", "cache/promote-prod/x",
                "cache/plan/x", "cache/verify-prod/Release/x"):
        attempt(f"write {key}", s3.put_object, Bucket=TOOLCHAIN, Key=key, Body=b"rogue")
    codebuild, codepipeline, iam = (own.client(each) for each in ("codebuild", "codepipeline", "iam"))
    attempt("start promote-prod", codebuild.start_build, projectName=f"{PROJECT}-promote-prod")
    attempt("look for the approval", codepipeline.get_pipeline_state, name="@CODEPIPELINE@")
    attempt("approve", codepipeline.put_approval_result, pipelineName="@CODEPIPELINE@", stageName="ApproveProd",
            actionName="Approve", token="0" * 36, result={"status": "Approved", "summary": "rogue"})
    attempt("grant", iam.put_role_policy, RoleName=f"{PROJECT}-build", PolicyName="p", PolicyDocument='{"Version": "2012-10-17", "Statement": []}')
    with open("rogue.json", "w") as file:
        json.dump(ATTEMPTS, file, indent=1)
