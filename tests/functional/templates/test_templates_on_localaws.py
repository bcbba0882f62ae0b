"""The templates deploy, change and go again on the embedded AWS, each with the roles that it has on AWS."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.templates.conftest import DEADLINE, PROJECT, STAGES, ActAs, Stacks

DEFINITION = {
    "Version": "2020-12-01",
    "Metadata": {},
    "Parameters": [
        {"Name": name, "Type": kind, "DefaultValue": default}
        for name, kind, default in (
            ("ModelName", "String", "none"),
            ("InputDataUrl", "String", "s3://bucket/input/"),
            ("ProcessingInstanceType", "String", "ml.m5.large"),
            ("ProcessingInstanceCount", "Integer", 1),
            ("InferenceInstanceType", "String", "ml.m5.large"),
            ("InferenceInstanceCount", "Integer", 1),
        )
    ],
    "Steps": [{"Name": "Refuse", "Type": "Fail", "Arguments": {"ErrorMessage": "nothing to do here"}}],
}

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def release(act_as: ActAs, foundations: dict[str, dict[str, str]]) -> dict[str, str]:
    """The parameters of batch-inference.yml, with a registered model package and an uploaded definition behind them."""
    made = foundations["preprod"]
    bucket, key = made["ArtifactBucketName"], "pipeline/stack/definition-0.json"
    promoter = act_as("PromoterRoleArn")
    promoter("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(DEFINITION), IfNoneMatch="*")
    promoter("s3").put_object(
        Bucket=bucket, Key="model-artifacts/model.tar.gz", Body=b"not unpacked here", IfNoneMatch="*"
    )
    registry = promoter("sagemaker")
    registry.create_model_package_group(ModelPackageGroupName="stack-group")
    image = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    package = registry.create_model_package(
        ModelPackageGroupName="stack-group",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": f"s3://{bucket}/model-artifacts/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    return {
        "SageMakerProjectName": PROJECT,
        "SageMakerProjectId": "p-stackproject",
        "Environment": "preprod",
        "ReleaseId": "release-1",
        "ModelPackageName": package,
        "BatchPipeline": f"{PROJECT}-batch-inference-preprod",
        "ProjectBucket": bucket,
        "PipelineDefinitionS3Key": key,
        "PipelineRoleArn": made["PipelineRoleArn"],
        "JobRoleArn": made["JobRoleArn"],
        "EventsRoleArn": made["EventsRoleArn"],
        "KmsKeyArn": made["KmsKeyArn"],
        "InputDataUrl": f"s3://{bucket}/input/",
        "AlarmEmail": "team@example.com",
    }


@pytest.fixture(scope="module")
def batch(act_as: ActAs, foundations: dict[str, dict[str, str]]) -> Stacks:
    return Stacks(act_as("DeploymentRoleArn")("cloudformation"), foundations["preprod"]["CloudFormationRoleArn"])


@pytest.fixture(scope="module")
def live(batch: Stacks, release: dict[str, str]) -> Iterator[dict[str, str]]:
    """The outputs of the deployed batch inference stack."""
    stack = release["BatchPipeline"]
    yield batch.deploy(stack, "batch-inference.yml", release)
    batch.delete(stack)


def test_the_foundation_writes_where_everything_is(client: Client, foundations: dict[str, dict[str, str]]) -> None:
    for stage, account in STAGES.items():
        page = client("ssm", account=account).get_parameters_by_path(Path=f"/{stage}/")["Parameters"]
        found = {each["Name"].rpartition("/")[2]: each["Value"] for each in page}
        made = foundations[stage]
        assert found == {
            "sagemaker_role_arn": made["PipelineRoleArn"],
            "sagemaker_job_role_arn": made["JobRoleArn"],
            "sagemaker_ml_artifacts_s3_bucket": f"{PROJECT}-{stage}-{account}-{REGION}",
            "kms_key_arn": made["KmsKeyArn"],
            "cloudformation_role_arn": f"arn:aws:iam::{account}:role/{PROJECT}-{stage}-cloudformation",
            "events_role_arn": made["EventsRoleArn"],
            "announcement_topic_arn": made["AnnouncementTopicArn"],
        }


def test_the_bucket_is_private_versioned_and_encrypted(client: Client, foundations: dict[str, dict[str, str]]) -> None:
    bucket, s3 = foundations["prod"]["ArtifactBucketName"], client("s3", account=PROD)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == foundations["prod"]["KmsKeyArn"]
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())


def test_predictions_are_kept_unless_the_foundation_says_for_how_long(client: Client) -> None:
    stacks, stage = Stacks(client("cloudformation", account=PREPROD)), "keeping-foundation"
    parameters = {
        "SageMakerProjectName": "keeping",
        "SageMakerProjectId": "p-keeping",
        "Environment": "kept",
        "ModelPackageArns": f"arn:aws:sagemaker:{REGION}:{PREPROD}:model-package-group/keeping",
        "DevAccountId": DEV,
    }
    bucket = stacks.deploy(stage, "foundation.yml", parameters)["ArtifactBucketName"]
    s3 = client("s3", account=PREPROD)

    def expirations() -> dict[str, Any]:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        return {each["ID"]: each["Expiration"].get("Days") for each in rules if "Days" in each.get("Expiration", {})}

    assert expirations() == {}
    stacks.deploy(stage, "foundation.yml", {**parameters, "PredictionsExpirationDays": "400"}, kind="UPDATE")
    assert expirations() == {"ExpirePredictions": 400}
    stacks.deploy(stage, "foundation.yml", {**parameters, "PredictionsExpirationDays": "0"}, kind="UPDATE")
    assert expirations() == {}


def test_stages_share_an_account_and_a_deleted_foundation_leaves_its_data(
    client: Client, foundations: dict[str, dict[str, str]]
) -> None:
    stacks = Stacks(client("cloudformation", account=PREPROD))
    parameters = {
        "SageMakerProjectName": PROJECT,
        "SageMakerProjectId": "p-stackproject",
        "Environment": "second",
        "DevAccountId": PREPROD,
        "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
        "SGIds": "sg-0123456789abcdef0",
        "JobLogGroups": "create",
    }
    outputs = stacks.deploy(f"{PROJECT}-foundation-second", "foundation.yml", parameters)
    assert set(outputs.values()).isdisjoint(foundations["preprod"].values())
    network = client("ssm", account=PREPROD).get_parameter(Name="/second/private-subnets-ids")["Parameter"]
    assert network["Value"] == parameters["SubnetIds"]
    stacks.delete(f"{PROJECT}-foundation-second")
    client("s3", account=PREPROD).head_bucket(Bucket=outputs["ArtifactBucketName"])
    key = client("kms", account=PREPROD).describe_key(KeyId=outputs["KmsKeyArn"])["KeyMetadata"]
    assert key["KeyState"] == "Enabled"


def test_batch_inference_makes_a_model_a_pipeline_and_a_schedule_that_passes_them(
    act_as: ActAs, client: Client, live: dict[str, str], release: dict[str, str]
) -> None:
    sagemaker = act_as("ReaderRoleArn")("sagemaker")
    model = sagemaker.describe_model(ModelName=live["ModelName"])
    assert model["Containers"][0]["ModelPackageName"] == release["ModelPackageName"]
    assert model["EnableNetworkIsolation"] is True
    pipeline = sagemaker.describe_pipeline(PipelineName=live["PipelineName"])
    assert pipeline["PipelineArn"] == live["PipelineArn"]
    assert json.loads(pipeline["PipelineDefinition"])["Parameters"] == DEFINITION["Parameters"]
    events = client("events", account=PREPROD)
    rule = events.describe_rule(Name=live["RuleName"])
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 day)", "ENABLED")
    (target,) = events.list_targets_by_rule(Rule=live["RuleName"])["Targets"]
    assert target["Arn"] == live["PipelineArn"]
    passed = {each["Name"]: each["Value"] for each in target["SageMakerPipelineParameters"]["PipelineParameterList"]}
    assert passed["ModelName"] == live["ModelName"]
    assert passed["InputDataUrl"] == release["InputDataUrl"]


@pytest.mark.aws_rule(
    "A widget of Logs Insights starts a query, billed by the data that it reads, at each refresh of its dashboard",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax",
)
def test_the_dashboard_is_json_and_shows_the_pipeline_and_its_alarms(client: Client, live: dict[str, str]) -> None:
    cloudwatch = client("cloudwatch", account=PREPROD)
    body = json.loads(cloudwatch.get_dashboard(DashboardName=live["DashboardName"])["DashboardBody"])
    assert {each["type"] for each in body["widgets"]} == {"text", "metric", "alarm"}
    assert live["PipelineName"] in json.dumps(body)
    assert "make logs STAGE=preprod" in body["widgets"][-1]["properties"]["markdown"]
    (alarms,) = [each["properties"]["alarms"] for each in body["widgets"] if each["type"] == "alarm"]
    known = {each["AlarmArn"]: each for each in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert len(alarms) == 3
    assert all(known[arn]["AlarmActions"] == [live["AlarmTopicArn"]] for arn in alarms)


def test_a_new_release_changes_the_pipeline_and_replaces_the_model_only_for_a_new_package(
    batch: Stacks, live: dict[str, str], release: dict[str, str]
) -> None:
    stack = release["BatchPipeline"]
    renamed = batch.deploy(stack, "batch-inference.yml", {**release, "ReleaseId": "release-2"}, kind="UPDATE")
    assert (renamed["ReleaseId"], renamed["ModelName"]) == ("release-2", live["ModelName"])
    moved = batch.deploy(stack, "batch-inference.yml", {**release, "NetworkIsolation": "false"}, kind="UPDATE")
    assert moved["ModelName"] != live["ModelName"]
    assert batch.deploy(stack, "batch-inference.yml", release, kind="UPDATE")["ReleaseId"] == "release-1"


def test_a_disabled_schedule_has_no_alarm_on_missing_success(
    batch: Stacks, client: Client, live: dict[str, str], release: dict[str, str]
) -> None:
    stack = release["BatchPipeline"]
    off = {**release, "ScheduleState": "DISABLED", "ScheduleCronExpression": "0 4 * * ? *"}
    outputs = batch.deploy(stack, "batch-inference.yml", off, kind="UPDATE")
    rule = client("events", account=PREPROD).describe_rule(Name=outputs["RuleName"])
    assert (rule["State"], rule["ScheduleExpression"]) == ("DISABLED", "cron(0 4 * * ? *)")
    alarms = client("cloudwatch", account=PREPROD).describe_alarms(AlarmNamePrefix=stack)["MetricAlarms"]
    assert {each["MetricName"] for each in alarms} == {"ExecutionFailed", "ApproximateNumberOfMessagesVisible"}
    batch.deploy(stack, "batch-inference.yml", release, kind="UPDATE")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SubnetIds": "subnet-0123456789abcdef0"}, "SubnetIds and SGIds belong together"),
        ({"ScheduleExpressionforPipeline": "1 days"}, "ScheduleExpressionforPipeline"),
        ({"BatchPipeline": "Upper-Case"}, "BatchPipeline"),
        ({"ProcessingInstanceCount": "0"}, "ProcessingInstanceCount"),
        ({"ModelPackageName": "berth-demand"}, "ModelPackageName"),
    ],
)
def test_impossible_parameters_are_refused_before_anything_is_made(
    change: dict[str, str], words: str, batch: Stacks, release: dict[str, str], unique: str
) -> None:
    with pytest.raises(ClientError, match=words):
        batch.deploy(f"{PROJECT}-{unique}-preprod", "batch-inference.yml", {**release, **change})


def _source_parameters(project: str, **more: str) -> dict[str, str]:
    """What the toolchain and a CodePipeline are both told."""
    return {
        "SageMakerProjectName": project,
        "SageMakerProjectId": "p-stackproject",
        "PreprodAccountId": PREPROD,
        "ProdAccountId": PROD,
        **more,
    }


def _pipeline_parameters(folder: str, **more: str) -> dict[str, str]:
    return {"PipelineFolder": folder, "ModelPackageGroupName": f"{folder.replace('_', '-')}-group", **more}


def test_a_toolchain_and_two_codepipelines_over_it_deploy_for_codecommit(client: Client, unique: str) -> None:
    client("codecommit").create_repository(repositoryName=unique)
    stacks, source = Stacks(client("cloudformation")), _source_parameters(unique, RepositoryName=unique)
    stacks.deploy(f"{unique}-toolchain", "toolchain.yml", source)
    names = [each for each in client("codebuild").list_projects()["projects"] if each.startswith(f"{unique}-")]
    projects = client("codebuild").batch_get_projects(names=names)["projects"]
    assert {each["serviceRole"].rpartition("/")[2] for each in projects} == set(names)  # each its own, of its name
    assert len(names) == 6
    for folder in ("first_one", "second"):
        stack = f"{unique}-{folder.replace('_', '-')}-codepipeline"
        outputs = stacks.deploy(stack, "codepipeline.yml", {**source, **_pipeline_parameters(folder)})
        assert outputs["CodePipelineName"] == f"{unique}-{folder.replace('_', '-')}"
        stages = client("codepipeline").get_pipeline(name=outputs["CodePipelineName"])["pipeline"]["stages"]
        assert [stage["name"] for stage in stages] == ["Source", "Build", "Preprod", "ApproveProd", "Prod"]
        assert stages[0]["actions"][0]["actionTypeId"]["provider"] == "CodeCommit"
        assert stages[2]["actions"][1]["configuration"]["StackName"] == f"{outputs['CodePipelineName']}-preprod"
        assert len(_rules_of(client, outputs["CodePipelineName"])) == 2
    with pytest.raises(AssertionError, match="Cannot delete export"):
        stacks.delete(f"{unique}-toolchain")  # it is kept while a CodePipeline stands on it
    for folder in ("first-one", "second"):
        stacks.delete(f"{unique}-{folder}-codepipeline")
    stacks.delete(f"{unique}-toolchain")


def test_a_codepipeline_deploys_for_github(client: Client, foundations: dict[str, dict[str, str]], unique: str) -> None:
    connection = client("codeconnections").create_connection(ProviderType="GitHub", ConnectionName=unique)
    source = _source_parameters(
        unique,
        SourceProvider="GitHub",
        GitHubRepository="team/batch-inference",
        ConnectionArn=connection["ConnectionArn"],
    )
    stacks = Stacks(client("cloudformation"))
    stacks.deploy(
        f"{unique}-toolchain",
        "toolchain.yml",
        {**source, "CacheType": "S3", "NotificationEmail": "team@example.com"},
    )
    outputs = stacks.deploy(f"{unique}-codepipeline", "codepipeline.yml", {**source, **_pipeline_parameters("churn")})
    pipeline = client("codepipeline").get_pipeline(name=outputs["CodePipelineName"])["pipeline"]
    (action,) = pipeline["stages"][0]["actions"]
    assert action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    assert action["configuration"]["ConnectionArn"] == connection["ConnectionArn"]
    (rule,) = _rules_of(client, outputs["CodePipelineName"])
    assert "ModelPackageApproved" in rule
    stacks.delete(f"{unique}-codepipeline")
    stacks.delete(f"{unique}-toolchain")


def _rules_of(client: Client, codepipeline: str) -> list[str]:
    """The rules that start it."""
    arn = f"arn:aws:codepipeline:{REGION}:{DEV}:{codepipeline}"
    return list(client("events").list_rule_names_by_target(TargetArn=arn)["RuleNames"])


@pytest.mark.parametrize(
    ("template", "own"), [("toolchain.yml", {}), ("codepipeline.yml", _pipeline_parameters("churn"))]
)
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "SourceProvider CodeCommit needs RepositoryName"),
        ({"SourceProvider": "GitHub"}, "SourceProvider GitHub needs ConnectionArn and GitHubRepository"),
        ({"RepositoryName": "x", "GitHubRepository": "a/b"}, "belong to SourceProvider GitHub"),
    ],
)
def test_a_source_that_does_not_fit_together_is_refused(
    template: str, own: dict[str, str], more: dict[str, str], words: str, client: Client, unique: str
) -> None:
    with pytest.raises(ClientError, match=words):
        Stacks(client("cloudformation")).deploy(unique, template, {**_source_parameters(PROJECT, **more), **own})


class Inbox:
    """A queue that was subscribed to a topic, as a team subscribes what reads its messages."""

    def __init__(self, client: Client, topic: str, name: str) -> None:
        account = topic.split(":")[4]
        self._sqs = client("sqs", account=account)
        self.url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{account}:{name}"
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        client("sns", account=account).subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )

    def message(self) -> str:
        return str(message_of(self._sqs, self.url)["Body"])


def message_of(sqs: Any, url: str) -> dict[str, Any]:
    """The next message of a queue, taken out."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        for message in sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return dict(message)
        time.sleep(0.05)
    raise AssertionError(f"no message came to {url}")


@pytest.mark.aws_rule(
    "The key of a topic that alarms publish to names cloudwatch.amazonaws.com",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def test_an_alarm_reaches_who_subscribed(client: Client, live: dict[str, str], release: dict[str, str]) -> None:
    inbox = Inbox(client, live["AlarmTopicArn"], "alarms")
    cloudwatch = client("cloudwatch", account=PREPROD)
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=release["BatchPipeline"])["MetricAlarms"]
    (name,) = [each["AlarmName"] for each in alarms if each["MetricName"] == "ExecutionFailed"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
    assert history[0]["HistorySummary"] == f"Successfully executed action {live['AlarmTopicArn']}"
    # Others of the stack's alarms may ring in the meantime: they are evaluated.
    assert name in (json.loads(inbox.message())["AlarmName"] for _ in alarms)


@pytest.mark.aws_rule(
    "EventBridge brings neither aws:SourceArn nor aws:SourceAccount along when it uses the key of a queue",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html",
)
def test_a_start_that_failed_is_a_dead_letter(client: Client, live: dict[str, str]) -> None:
    events, rule = client("events", account=PREPROD), live["RuleName"]
    kept = events.describe_rule(Name=rule)
    shared = {"Name": rule, "ScheduleExpression": kept["ScheduleExpression"], "Description": kept["Description"]}
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    gone = {**target, "Id": "Gone", "Arn": f"{target['Arn'].removesuffix('-preprod')}-gone-preprod"}
    events.put_targets(Rule=rule, Targets=[gone])
    events.put_rule(**shared, EventPattern=json.dumps({"source": ["test.dead-letters"]}))
    try:
        events.put_events(Entries=[{"Source": "test.dead-letters", "DetailType": "T", "Detail": "{}"}])
        dead = message_of(client("sqs", account=PREPROD), live["DeadLetterQueueUrl"])
    finally:
        events.remove_targets(Rule=rule, Ids=["Gone"])
        events.put_rule(**shared)
    assert dead["MessageAttributes"]["TARGET_ARN"]["StringValue"] == gone["Arn"]


@pytest.mark.aws_rule(
    "A topic's policy lets EventBridge publish only without a Condition, and so does its key without aws:Source keys",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
)
def test_who_subscribed_hears_of_waiting_failed_and_successful_executions(client: Client, unique: str) -> None:
    client("codecommit").create_repository(repositoryName=unique)
    stacks = Stacks(client("cloudformation"))
    source = _source_parameters(unique, RepositoryName=unique)
    shared = stacks.deploy(f"{unique}-toolchain", "toolchain.yml", source)
    inbox = Inbox(client, shared["NotificationTopicArn"], unique)
    made = stacks.deploy(f"{unique}-codepipeline", "codepipeline.yml", {**source, **_pipeline_parameters("churn")})
    name = made["CodePipelineName"]
    codepipeline = client("codepipeline")
    # The repository is empty. The execution that a new CodePipeline begins with may fail before its rule is there.
    started = codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]
    while started not in (told := inbox.message()):
        pass
    assert "is FAILED" in told
    pipeline = _shortened(codepipeline.get_pipeline(name=name)["pipeline"], _zipped_source(client, unique))
    codepipeline.update_pipeline(pipeline=pipeline)
    for answer, state in (("Rejected", "FAILED"), ("Approved", "SUCCEEDED")):
        codepipeline.start_pipeline_execution(name=name)
        asked = json.loads(inbox.message())["approval"]
        codepipeline.put_approval_result(
            pipelineName=name,
            stageName=asked["stageName"],
            actionName=asked["actionName"],
            token=asked["token"],
            result={"status": answer, "summary": "a test"},
        )
        assert f"is {state}" in inbox.message()
    stacks.delete(f"{unique}-codepipeline")
    stacks.delete(f"{unique}-toolchain")


def _zipped_source(client: Client, project: str) -> dict[str, str]:
    """The configuration of a source action for an object in the CodePipeline's own bucket."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "a")
    bucket, key = f"{project}-toolchain-{DEV}-{REGION}", "source.zip"
    client("s3").put_object(Bucket=bucket, Key=key, Body=content.getvalue())
    return {"S3Bucket": bucket, "S3ObjectKey": key, "PollForSourceChanges": "false"}


def _shortened(pipeline: dict[str, Any], source: dict[str, str]) -> dict[str, Any]:
    """The template's CodePipeline with its approval alone, which is what tells of a waiting execution."""
    (approval,) = [
        action
        for stage in pipeline["stages"]
        for action in stage["actions"]
        if action["actionTypeId"]["category"] == "Approval"
    ]
    first = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": source,
        "outputArtifacts": [{"name": "Source"}],
    }
    asking = {"NotificationArn": approval["configuration"]["NotificationArn"]}
    stages = [
        {"name": "Source", "actions": [first]},
        {"name": "ApproveProd", "actions": [{**approval, "configuration": asking}]},
    ]
    return {**{key: value for key, value in pipeline.items() if key != "triggers"}, "stages": stages}
