"""AWS services that act as themselves deliver only what the policies of a resource and of its key let them, on a server
that does not enforce IAM: such policies are asked all the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.conftest import DEV, PREPROD, REGION
from tests.functional.doors import document, key, open_queue, open_topic, statement
from tests.functional.stacks import Stacks
from tests.functional.test_events import Queue

Client = Callable[..., Any]

ENCRYPT = ["kms:GenerateDataKey*", "kms:Decrypt"]
OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": DEV}}


class Inbox:
    """A topic, and the queue that shows what was published to it."""

    def __init__(self, kept_client: Client, name: str, key_arn: str = "") -> None:
        attributes = {"KmsMasterKeyId": key_arn} if key_arn else {}
        self.topic = kept_client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
        self.queue = Queue(kept_client, f"{name}-inbox")
        raw = {"RawMessageDelivery": "true"}
        kept_client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=self.queue.arn, Attributes=raw)

    def published(self) -> str:
        return str(self.queue.message()["Body"])


def _emit(kept_client: Client, source: str) -> None:
    kept_client("events").put_events(Entries=[{"Source": source, "DetailType": "T", "Detail": "{}"}])


def _rule(kept_client: Client, name: str, target: str, dead: str) -> str:
    """A rule for events of source ``name``; what it cannot deliver goes to the queue ``dead``."""
    events = kept_client("events")
    arn = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": target, "DeadLetterConfig": {"Arn": dead}}])
    return str(arn)


def _reason(dead: Queue) -> tuple[str, str]:
    attributes = dead.message()["MessageAttributes"]
    return attributes["ERROR_CODE"]["StringValue"], attributes["ERROR_MESSAGE"]["StringValue"]


@pytest.mark.aws_rule(
    "EventBridge publishes to a topic whose key lets it in without a condition on aws:SourceAccount or aws:SourceArn",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
@pytest.mark.parametrize("condition", [None, OF_ACCOUNT, {"ArnLike": {"aws:SourceArn": "arn:aws:events:*"}}])
def test_eventbridge_to_an_encrypted_topic(kept_client: Client, unique: str, condition: dict[str, Any] | None) -> None:
    inbox = Inbox(kept_client, unique, key(kept_client, statement("events", ENCRYPT, "*", condition), account=DEV))
    open_topic(kept_client, inbox.topic, "events")
    dead = Queue(kept_client, f"{unique}-dead")
    _rule(kept_client, unique, inbox.topic, dead.arn)
    _emit(kept_client, unique)
    if condition is None:
        assert json.loads(inbox.published())["source"] == unique
    else:
        code, message = _reason(dead)
        assert code == "NO_PERMISSIONS"
        assert "kms:GenerateDataKey" in message


@pytest.mark.aws_rule(
    "The policy of a topic cannot have conditions for EventBridge: the keys are not there",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
)
def test_a_condition_in_a_topics_policy_keeps_eventbridge_out(kept_client: Client, unique: str) -> None:
    inbox = Inbox(kept_client, unique)
    dead = Queue(kept_client, f"{unique}-dead")
    rule = _rule(kept_client, unique, inbox.topic, dead.arn)
    narrowed = statement("events", "sns:Publish", inbox.topic, {"ArnEquals": {"aws:SourceArn": rule}})
    kept_client("sns").set_topic_attributes(
        TopicArn=inbox.topic, AttributeName="Policy", AttributeValue=document(narrowed)
    )
    _emit(kept_client, unique)
    code, message = _reason(dead)
    assert (code, "sns:Publish" in message) == ("NO_PERMISSIONS", True)


@pytest.mark.aws_rule(
    "A topic's default policy does not let EventBridge publish",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html",
)
def test_a_new_topic_is_closed_to_eventbridge(kept_client: Client, unique: str) -> None:
    dead = Queue(kept_client, f"{unique}-dead")
    _rule(kept_client, unique, Inbox(kept_client, unique).topic, dead.arn)
    _emit(kept_client, unique)
    assert _reason(dead)[0] == "NO_PERMISSIONS"


@pytest.mark.aws_rule(
    "A dead letter reaches an encrypted queue only where the key's policy lets EventBridge in without a condition",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html",
)
@pytest.mark.parametrize("condition", [None, OF_ACCOUNT])
def test_dead_letters_to_an_encrypted_queue(kept_client: Client, unique: str, condition: dict[str, Any] | None) -> None:
    dead = Queue(kept_client, f"{unique}-dead")
    encrypted = key(kept_client, statement("events", ENCRYPT, "*", condition), account=DEV)
    kept_client("sqs").set_queue_attributes(
        QueueUrl=kept_client("sqs").get_queue_url(QueueName=f"{unique}-dead")["QueueUrl"],
        Attributes={"KmsMasterKeyId": encrypted},
    )
    _rule(kept_client, unique, f"arn:aws:sqs:{REGION}:{DEV}:{unique}-gone", dead.arn)
    _emit(kept_client, unique)
    if condition is None:
        assert _reason(dead)[0] == "NO_RESOURCE"
        return
    _counted(kept_client, unique, "InvocationsFailedToBeSentToDlq")
    assert dead.messages() == []


def _counted(kept_client: Client, rule: str, metric: str) -> None:
    deadline = time.monotonic() + 20
    while not kept_client("cloudwatch").list_metrics(
        Namespace="AWS/Events", MetricName=metric, Dimensions=[{"Name": "RuleName", "Value": rule}]
    )["Metrics"]:
        assert time.monotonic() < deadline, metric
        time.sleep(0.05)


@pytest.mark.aws_rule(
    "EventBridge writes to a log group only as a resource policy of CloudWatch Logs lets it",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
)
def test_a_log_group_is_closed_to_eventbridge(kept_client: Client, unique: str) -> None:
    kept_client("logs").create_log_group(logGroupName=f"/closed/{unique}")
    dead = Queue(kept_client, f"{unique}-dead")
    _rule(kept_client, unique, f"arn:aws:logs:{REGION}:{DEV}:log-group:/closed/{unique}:*", dead.arn)
    _emit(kept_client, unique)
    code, message = _reason(dead)
    assert (code, "logs:CreateLogStream" in message) == ("NO_PERMISSIONS", True)


@pytest.mark.aws_rule(
    "A topic delivers to an encrypted queue only as the queue's key lets sns.amazonaws.com use it",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
def test_a_topic_to_an_encrypted_queue(kept_client: Client, unique: str) -> None:
    sns = kept_client("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    spare = Queue(kept_client, f"{unique}-spare")
    redrive = json.dumps({"deadLetterTargetArn": spare.arn})
    for name, condition in (
        ("yes", {"ArnEquals": {"aws:SourceArn": topic}}),
        ("no", {"ArnEquals": {"aws:SourceArn": f"{topic}-2"}}),
    ):
        encrypted = key(kept_client, statement("sns", ENCRYPT, "*", condition), account=DEV)
        queue = Queue(kept_client, f"{unique}-{name}")
        url = kept_client("sqs").get_queue_url(QueueName=f"{unique}-{name}")["QueueUrl"]
        kept_client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": encrypted})
        attributes = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
        arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes)
        sns.publish(TopicArn=topic, Message=name)
        assert (queue if name == "yes" else spare).message()["Body"] == name
        sns.unsubscribe(SubscriptionArn=arn["SubscriptionArn"])


def _alarm(kept_client: Client, name: str, topic: str) -> None:
    kept_client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmActions=[topic],
        Namespace="N",
        MetricName="M",
        Dimensions=[{"Name": "D", "Value": "V"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",  # the state that a test sets stays when the alarm is evaluated
    )


def _ring(kept_client: Client, name: str) -> str:
    """What the alarm's history says of its action."""
    cloudwatch = kept_client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
    return str(history[0]["HistorySummary"])


@pytest.mark.aws_rule(
    "The key of a topic may let cloudwatch.amazonaws.com in for the alarms of one account only (aws:SourceAccount)",
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def test_an_alarm_is_published(kept_client: Client, unique: str) -> None:
    inbox = Inbox(kept_client, unique, key(kept_client, statement("cloudwatch", ENCRYPT, "*", OF_ACCOUNT), account=DEV))
    allowed = statement("cloudwatch", "sns:Publish", inbox.topic, OF_ACCOUNT)
    kept_client("sns").set_topic_attributes(
        TopicArn=inbox.topic, AttributeName="Policy", AttributeValue=document(allowed)
    )
    _alarm(kept_client, unique, inbox.topic)
    assert _ring(kept_client, unique) == f"Successfully executed action {inbox.topic}"
    message = json.loads(inbox.published())
    assert (message["AlarmName"], message["NewStateValue"], message["OldStateValue"]) == (
        unique,
        "ALARM",
        "INSUFFICIENT_DATA",
    )
    assert message["Trigger"]["Dimensions"] == [{"value": "V", "name": "D"}]
    kept_client("cloudwatch").set_alarm_state(AlarmName=unique, StateValue="ALARM", StateReason="still")
    assert inbox.queue.messages() == []


def test_an_alarm_of_the_account_needs_no_policy_of_its_topic(kept_client: Client, unique: str) -> None:
    inbox = Inbox(kept_client, unique)
    _alarm(kept_client, unique, inbox.topic)
    assert _ring(kept_client, unique).startswith("Successfully")
    assert inbox.published()


@pytest.mark.aws_rule(
    "An alarm whose topic or key does not let CloudWatch in says so in its history, and nothing is published",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html",
)
@pytest.mark.parametrize("closed", ["topic", "key"])
def test_an_alarm_that_cannot_be_published(kept_client: Client, unique: str, closed: str) -> None:
    statements = [] if closed == "key" else [statement("cloudwatch", ENCRYPT, "*")]
    inbox = Inbox(kept_client, unique, key(kept_client, *statements, account=DEV))
    open_topic(kept_client, inbox.topic, "events" if closed == "topic" else "cloudwatch")
    _alarm(kept_client, unique, inbox.topic)
    summary = _ring(kept_client, unique)
    assert summary.startswith(f"Failed to execute action {inbox.topic}. Received error:")
    expected = "not authorized to perform: SNS:Publish" if closed == "topic" else "access the SNS topic encryption key"
    assert expected in summary
    assert inbox.queue.messages() == []


@pytest.mark.aws_rule(
    "A notification rule publishes as codestar-notifications.amazonaws.com; a topic that refuses it is UNREACHABLE",
    page="https://docs.aws.amazon.com/dtconsole/latest/userguide/set-up-sns.html",
)
@pytest.mark.parametrize(
    ("condition", "status"),
    [({"StringEquals": {"kms:ViaService": f"sns.{REGION}.amazonaws.com"}}, "ACTIVE"), (OF_ACCOUNT, "UNREACHABLE")],
)
def test_a_notification_rule(kept_client: Client, unique: str, condition: dict[str, Any], status: str) -> None:
    encrypted = key(kept_client, statement("codestar-notifications", ENCRYPT, "*", condition), account=DEV)
    inbox = Inbox(kept_client, unique, encrypted)
    open_topic(kept_client, inbox.topic, "codestar-notifications")
    kept_client("codecommit").create_repository(repositoryName=unique)
    notifications = kept_client("codestar-notifications")
    rule = notifications.create_notification_rule(
        Name=unique,
        EventTypeIds=["codecommit-repository-branches-and-tags-created"],
        Resource=f"arn:aws:codecommit:{REGION}:{DEV}:{unique}",
        Targets=[{"TargetType": "SNS", "TargetAddress": inbox.topic}],
        DetailType="BASIC",
    )["Arn"]
    kept_client("codecommit").create_commit(
        repositoryName=unique, branchName="main", putFiles=[{"filePath": "a", "fileContent": b"a"}]
    )
    if status == "ACTIVE":
        assert json.loads(inbox.published())["notificationRuleArn"] == rule
        return
    deadline = time.monotonic() + 20
    while notifications.describe_notification_rule(Arn=rule)["Targets"][0]["TargetStatus"] != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.aws_rule(
    "A log group is not encrypted under a key that CloudWatch Logs may not use for it",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def test_a_log_groups_key_must_let_cloudwatch_logs_in(kept_client: Client, unique: str) -> None:
    logs = kept_client("logs")
    group = f"arn:aws:logs:{REGION}:{DEV}:log-group:{unique}"
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    closed = key(kept_client, account=DEV)
    with pytest.raises(ClientError) as refused:
        logs.create_log_group(logGroupName=unique, kmsKeyId=closed)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert f"not allowed to be used with Arn '{group}'" in refused.value.response["Error"]["Message"]
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}}
    allowed = key(kept_client, statement(f"logs.{REGION}", actions, "*", condition), account=DEV)
    logs.create_log_group(logGroupName=unique, kmsKeyId=allowed)
    (found,) = logs.describe_log_groups(logGroupNamePrefix=unique)["logGroups"]
    assert found["kmsKeyId"] == allowed
    logs.create_log_group(logGroupName=f"{unique}-other")
    with pytest.raises(ClientError) as refused:
        logs.associate_kms_key(logGroupName=f"{unique}-other", kmsKeyId=allowed)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    logs.disassociate_kms_key(logGroupName=unique)
    kept_client("kms").disable_key(KeyId=allowed.rpartition("/")[2])
    with pytest.raises(ClientError) as refused:
        logs.associate_kms_key(logGroupName=unique, kmsKeyId=allowed)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def _bucket(kept_client: Client, name: str) -> str:
    kept_client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def _notify(kept_client: Client, bucket: str, **configuration: Any) -> None:
    kept_client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


@pytest.mark.aws_rule(
    "S3 refuses a notification configuration whose topic or queue, or its key, does not let s3.amazonaws.com in",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
)
def test_a_buckets_notifications(kept_client: Client, unique: str) -> None:
    bucket, queue = _bucket(kept_client, unique), Queue(kept_client, f"{unique}-queue")
    inbox = Inbox(kept_client, unique, key(kept_client, statement("s3", ENCRYPT, "*", OF_ACCOUNT), account=DEV))
    of_txt = {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".txt"}]}}
    topics = [{"TopicArn": inbox.topic, "Events": ["s3:ObjectRemoved:*"]}]
    queues = [{"QueueArn": queue.arn, "Events": ["s3:ObjectCreated:Put"], "Filter": of_txt}]
    with pytest.raises(ClientError) as refused:
        _notify(kept_client, bucket, QueueConfigurations=queues, TopicConfigurations=topics)
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    assert "Unable to validate the following destination" in refused.value.response["Error"]["Message"]
    assert kept_client("s3").get_bucket_notification_configuration(Bucket=bucket).keys() == {"ResponseMetadata"}
    open_queue(kept_client, queue.arn, "s3")
    _notify(kept_client, bucket, QueueConfigurations=queues, TopicConfigurations=topics)
    assert json.loads(queue.message()["Body"])["Event"] == "s3:TestEvent"
    assert json.loads(inbox.published())["Event"] == "s3:TestEvent"
    kept_client("s3").put_object(Bucket=bucket, Key="a b.csv", Body=b"1")
    kept_client("s3").put_object(Bucket=bucket, Key="a b.txt", Body=b"1")
    (record,) = json.loads(queue.message()["Body"])["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "a+b.txt")
    kept_client("s3").delete_object(Bucket=bucket, Key="a b.csv")
    (record,) = json.loads(inbox.published())["Records"]
    assert (record["eventName"], record["s3"]["bucket"]["name"]) == ("ObjectRemoved:Delete", bucket)
    assert queue.messages() == []
    answer = kept_client("s3").get_bucket_notification_configuration(Bucket=bucket)
    assert [each["QueueArn"] for each in answer["QueueConfigurations"]] == [queue.arn]


def test_a_bucket_whose_key_is_closed_to_s3(kept_client: Client, unique: str) -> None:
    inbox = Inbox(kept_client, unique, key(kept_client, account=DEV))
    with pytest.raises(ClientError) as refused:
        _notify(
            kept_client,
            _bucket(kept_client, unique),
            TopicConfigurations=[{"TopicArn": inbox.topic, "Events": ["s3:ObjectCreated:*"]}],
        )
    assert "kms:GenerateDataKey" in refused.value.response["Error"]["Message"]


def test_a_bucket_of_another_account_needs_the_topics_policy(kept_client: Client, unique: str) -> None:
    """The topic's default policy lets services in for resources of its own account alone."""
    topic = kept_client("sns", account=PREPROD).create_topic(Name=unique)["TopicArn"]
    topics = [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]
    with pytest.raises(ClientError):
        _notify(kept_client, _bucket(kept_client, unique), TopicConfigurations=topics)
    open_topic(kept_client, topic, "s3")
    _notify(kept_client, unique, TopicConfigurations=topics)


@pytest.mark.aws_rule(
    "A stack fails whose log group names a key that CloudWatch Logs may not use",
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def test_a_stacks_log_group_needs_a_key_that_lets_it_in(kept_client: Client, unique: str) -> None:
    stacks = Stacks(kept_client("cloudformation"))
    group: dict[str, Any] = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": unique}}
    closed, allowed = (
        key(kept_client, account=DEV),
        key(kept_client, statement(f"logs.{REGION}", "kms:*", "*"), account=DEV),
    )
    assert stacks.create(unique, {"Resources": {"Logs": group}})["StackStatus"] == "CREATE_COMPLETE"
    statuses = []
    for chosen in (closed, allowed):
        changed = {**group, "Properties": {**group["Properties"], "KmsKeyId": chosen}}
        statuses.append(stacks.update(unique, {"Resources": {"Logs": changed}})["StackStatus"])
    assert statuses == ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"]
    (found,) = kept_client("logs").describe_log_groups(logGroupNamePrefix=unique)["logGroups"]
    assert found["kmsKeyId"] == allowed
