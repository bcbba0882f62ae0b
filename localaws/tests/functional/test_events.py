"""EventBridge: rules, patterns and schedules reach their targets; what cannot be delivered ends in the dead letters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import Server
from tests.functional.conftest import DEV, PREPROD, PROD, REGION
from tests.functional.doors import open_logs, open_queue, open_topic
from tests.functional.server_process import page

Client = Callable[..., Any]


class Queue:
    """A queue whose messages a test waits for; EventBridge and SNS may send to it."""

    def __init__(self, client: Client, name: str, account: str = DEV) -> None:
        self._sqs = client("sqs", account=account)
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self._url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = open_queue(client, f"arn:aws:sqs:{REGION}:{account}:{name}", "events", "sns")

    def message(self, longest: float = 20) -> dict[str, Any]:
        """The next message, taken out."""
        deadline = time.monotonic() + longest
        while time.monotonic() < deadline:
            found = self.messages()
            if found:
                return found[0]
            time.sleep(0.05)
        raise AssertionError(f"no message came to {self.arn}")

    def messages(self) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=self._url, MessageAttributeNames=["All"], MaxNumberOfMessages=1)
        messages: list[dict[str, Any]] = found.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return messages


@pytest.fixture
def queue(client: Client, unique: str) -> Queue:
    return Queue(client, unique)


@pytest.fixture
def rule(client: Client, unique: str) -> Callable[..., str]:
    """Puts a rule that matches events of source ``unique``, with one target; returns its ARN."""

    def make(target: dict[str, Any], **options: Any) -> str:
        events = client("events")
        pattern = {} if "ScheduleExpression" in options else {"EventPattern": json.dumps({"source": [unique]})}
        arn = events.put_rule(Name=unique, **{**pattern, **options})["RuleArn"]
        events.put_targets(Rule=unique, Targets=[{"Id": "t", **target}])
        return str(arn)

    return make


def _put(client: Client, source: str, detail: dict[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
    given = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail or {}), **entry}
    return dict(client("events").put_events(Entries=[given])["Entries"][0])


def _role(client: Client, name: str, service: str = "events.amazonaws.com") -> str:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    created = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    return str(created["Role"]["Arn"])


def _advance(server: Server, step: timedelta) -> None:
    body = {"advance_seconds": step.total_seconds()}
    page(server.endpoint_url, server.cloud.control_token, "/_localaws/clock", body)


def _code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@pytest.mark.aws_rule(
    "An event arrives in the documented envelope",
    page="https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html",
)
def test_an_event_that_matches_reaches_the_queue_in_its_envelope(
    client: Client, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    rule({"Arn": queue.arn})
    put = _put(client, unique, {"a": 1}, Resources=["r"])
    event = json.loads(queue.message()["Body"])
    assert {name: event[name] for name in event.keys() - {"time"}} == {
        "version": "0",
        "id": put["EventId"],
        "detail-type": "Test",
        "source": unique,
        "account": DEV,
        "region": REGION,
        "resources": ["r"],
        "detail": {"a": 1},
    }


def test_events_that_do_not_match_and_disabled_rules_deliver_nothing(
    client: Client, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    rule({"Arn": queue.arn})
    _put(client, f"{unique}-other")
    client("events").disable_rule(Name=unique)
    _put(client, unique, {"n": "while disabled"})
    client("events").enable_rule(Name=unique)
    _put(client, unique, {"n": "after"})
    assert json.loads(queue.message()["Body"])["detail"] == {"n": "after"}
    assert queue.messages() == []


def test_what_a_service_emits_arrives_on_the_default_bus(
    client: Client, server: Server, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    pattern = {"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": [unique]}}
    rule({"Arn": queue.arn, "InputPath": "$.detail"}, EventPattern=json.dumps(pattern))
    detail = {"ModelPackageGroupName": unique, "ModelApprovalStatus": "Approved"}
    server.cloud.emit(DEV, REGION, "aws.sagemaker", "SageMaker Model Package State Change", detail, ["arn"])
    assert json.loads(queue.message()["Body"]) == detail


@pytest.mark.aws_rule(
    "A placeholder of an input transformer is JSON by itself and text within a string",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html",
)
def test_an_input_transformer_fills_its_template(
    client: Client, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    transformer = {
        "InputPathsMap": {"who": "$.detail.who", "tags": "$.detail.tags"},
        "InputTemplate": '{"text": "<who> by <aws.events.rule-name>", "tags": <tags>, "rule": <aws.events.rule-arn>}',
    }
    arn = rule({"Arn": queue.arn, "InputTransformer": transformer})
    _put(client, unique, {"who": 'a "friend"', "tags": ["x", 1]})
    assert json.loads(queue.message()["Body"]) == {"text": f'a "friend" by {unique}', "tags": ["x", 1], "rule": arn}


def test_topics_logs_and_other_buses_are_targets(client: Client, queue: Queue, unique: str) -> None:
    events, sns, logs = client("events"), client("sns"), client("logs")
    topic = open_topic(client, sns.create_topic(Name=unique)["TopicArn"], "events")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    logs.create_log_group(logGroupName=f"/aws/events/{unique}")
    open_logs(client, f"/aws/events/{unique}", "events")
    bus = events.create_event_bus(Name=unique)["EventBusArn"]
    events.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))
    events.put_targets(Rule=unique, Targets=[{"Id": "bus", "Arn": bus}])
    events.put_rule(Name=unique, EventBusName=unique, EventPattern=json.dumps({"source": [unique]}))
    group = f"arn:aws:logs:{REGION}:{DEV}:log-group:/aws/events/{unique}:*"
    targets = [{"Id": "topic", "Arn": topic}, {"Id": "logs", "Arn": group}]
    events.put_targets(Rule=unique, EventBusName=unique, Targets=targets)
    _put(client, unique, {"n": 1})
    assert json.loads(queue.message()["Body"])["detail"] == {"n": 1}
    deadline = time.monotonic() + 20
    while not (found := logs.filter_log_events(logGroupName=f"/aws/events/{unique}")["events"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert json.loads(found[0]["message"])["detail"] == {"n": 1}


@pytest.mark.aws_rule(
    "A bus takes another account's events only as its policy allows, with events:source and events:detail-type as "
    "conditions",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html",
)
def test_a_bus_of_another_account_takes_events_only_as_its_policy_allows(client: Client, unique: str) -> None:
    there, here = client("events", account=PROD), client("events", account=PREPROD)
    received = Queue(client, unique, PROD)
    bus = there.create_event_bus(Name=unique)["EventBusArn"]
    there.put_rule(Name=unique, EventBusName=unique, EventPattern=json.dumps({"source": [unique]}))
    there.put_targets(Rule=unique, EventBusName=unique, Targets=[{"Id": "q", "Arn": received.arn}])
    entry = {"Source": unique, "DetailType": "T", "Detail": "{}", "EventBusName": bus}
    assert here.put_events(Entries=[entry])["Entries"][0]["ErrorCode"] == "AccessDeniedException"
    there.put_permission(EventBusName=unique, StatementId="in", Action="events:PutEvents", Principal=PREPROD)
    here.put_events(Entries=[entry])
    assert json.loads(received.message()["Body"])["account"] == PREPROD
    there.remove_permission(EventBusName=unique, StatementId="in")
    dead = Queue(client, f"{unique}-dead", PREPROD)
    here.put_rule(Name=unique, EventPattern=json.dumps({"source": [unique]}))
    here.put_targets(Rule=unique, Targets=[{"Id": "b", "Arn": bus, "DeadLetterConfig": {"Arn": dead.arn}}])
    here.put_events(Entries=[{**entry, "EventBusName": "default"}])
    assert dead.message()["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


@pytest.mark.aws_rule(
    "A delivery that lacks permission or its target is not tried again: it goes to the dead-letter queue",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html",
)
def test_a_failed_invocation_ends_in_the_dead_letter_queue_and_in_the_metrics(
    client: Client, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    arn = f"arn:aws:sqs:{REGION}:{DEV}:{unique}-gone"
    rule_arn = rule({"Arn": arn, "DeadLetterConfig": {"Arn": queue.arn}, "Input": '{"constant": true}'})
    _put(client, unique, {"n": 1})
    message = queue.message()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
    }
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    for metric in ("TriggeredRules", "FailedInvocations", "InvocationsSentToDlq"):
        assert _sum(client, unique, metric) == 1, metric


def _sum(client: Client, rule_name: str, metric: str) -> float:
    deadline = time.monotonic() + 20
    now = time.time()
    while time.monotonic() < deadline:
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=metric,
            Dimensions=[{"Name": "RuleName", "Value": rule_name}],
            StartTime=now - 3600,
            EndTime=now + 400 * 86400,  # other tests move the clock
            Period=86400,
            Statistics=["Sum"],
        )["Datapoints"]
        if points:
            return float(sum(point["Sum"] for point in points))
        time.sleep(0.05)
    return 0.0


@pytest.mark.aws_rule(
    "Targets such as SageMaker pipelines and CodePipelines need a role that trusts EventBridge; queues, topics and log "
    "groups need a policy of their own",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
)
def test_a_role_that_does_not_trust_eventbridge_fails_the_invocation(
    client: Client, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    role = _role(client, unique, "codebuild.amazonaws.com")
    target = f"arn:aws:codepipeline:{REGION}:{DEV}:{unique}"
    rule({"Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": queue.arn}})
    _put(client, unique)
    assert queue.message()["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "FAILED_TO_ASSUME_ROLE"


def test_a_scheduled_rule_fires_when_its_time_has_come(
    client: Client, server: Server, queue: Queue, unique: str, rule: Callable[..., str]
) -> None:
    arn = rule({"Arn": queue.arn}, ScheduleExpression="rate(2 hours)")
    _advance(server, timedelta(hours=1))
    assert queue.messages() == []
    _advance(server, timedelta(hours=1))
    event = json.loads(queue.message()["Body"])
    assert (event["source"], event["detail-type"], event["resources"]) == ("aws.events", "Scheduled Event", [arn])
    assert queue.messages() == []
    client("events").disable_rule(Name=unique)  # other tests move the clock too


@pytest.mark.parametrize(
    "expression", ["rate(1 days)", "rate(2 day)", "cron(0 12 * * * *)", "cron(0 12 * * ?)", "1 day"]
)
def test_a_wrong_schedule_is_refused(client: Client, unique: str, expression: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("events").put_rule(Name=unique, ScheduleExpression=expression)
    assert _code(refused) == "ValidationException"


@pytest.mark.aws_rule(
    "All fields of a pattern must match, each by any of its values",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
)
def test_a_wrong_pattern_is_refused(client: Client, unique: str) -> None:
    for pattern in ('{"source": "x"}', '{"source": [{"unknown": 1}]}', "{", "{}"):
        with pytest.raises(ClientError) as refused:
            client("events").put_rule(Name=unique, EventPattern=pattern)
        assert _code(refused) == "InvalidEventPatternException", pattern


@pytest.mark.aws_rule(
    "A target needs what its type needs: a role, an input that is JSON, one way to make the input",
    page="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html",
)
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": f"arn:aws:lambda:{REGION}:{DEV}:function:f"}, "NotImplemented"),
        ({"Arn": f"arn:aws:codepipeline:{REGION}:{DEV}:p"}, "ValidationException"),
        ({"Arn": f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/p"}, "ValidationException"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{DEV}:q.fifo"}, "ValidationException"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{DEV}:q", "Input": "{"}, "ValidationException"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{DEV}:q", "Input": "{}", "InputPath": "$.detail"}, "ValidationException"),
        ({"Arn": f"arn:aws:sqs:{REGION}:{DEV}:q", "InputTransformer": {"InputTemplate": "<x>"}}, "ValidationException"),
    ],
)
def test_a_target_that_cannot_be_delivered_to_is_refused(
    rule: Callable[..., str], target: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        rule(target)
    assert _code(refused) == code


@pytest.mark.aws_rule(
    "A rule with targets is not deleted",
    page="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
)
def test_rules_and_targets_are_listed_tagged_and_deleted(client: Client, unique: str, queue: Queue) -> None:
    events = client("events")
    arn = events.put_rule(
        Name=unique, EventPattern=json.dumps({"source": [unique]}), Tags=[{"Key": "a", "Value": "1"}]
    )["RuleArn"]
    events.put_targets(Rule=unique, Targets=[{"Id": "t", "Arn": queue.arn}])
    assert events.describe_rule(Name=unique)["State"] == "ENABLED"
    assert [found["Arn"] for found in events.list_rules(NamePrefix=unique)["Rules"]] == [arn]
    assert events.list_rule_names_by_target(TargetArn=queue.arn)["RuleNames"] == [unique]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    with pytest.raises(ClientError) as refused:
        events.delete_rule(Name=unique)
    assert _code(refused) == "ValidationException"
    failed = events.remove_targets(Rule=unique, Ids=["t", "unknown"])
    assert [entry["TargetId"] for entry in failed["FailedEntries"]] == ["unknown"]
    events.delete_rule(Name=unique)
    with pytest.raises(ClientError) as refused:
        events.describe_rule(Name=unique)
    assert _code(refused) == "ResourceNotFoundException"


@pytest.mark.aws_rule(
    "PutEvents takes each entry by itself, none whose source begins with aws., and a Detail that is a JSON object",
    page="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",
)
def test_entries_that_are_not_taken_say_why(client: Client, unique: str) -> None:
    assert _put(client, "aws.mine")["ErrorCode"] == "NotAuthorizedForSourceException"
    assert _put(client, unique, Detail="[]")["ErrorCode"] == "MalformedDetail"
    assert _put(client, unique, EventBusName=unique)["ErrorCode"] == "ResourceNotFoundException"


def test_an_event_pattern_is_tried_without_a_rule(client: Client) -> None:
    event: dict[str, Any] = {"id": "1", "account": DEV, "source": "s", "time": "2030-01-01T00:00:00Z", "region": REGION}
    event |= {"resources": [], "detail-type": "T", "detail": {"n": 5}}
    pattern = {"detail": {"n": [{"numeric": [">", 4]}]}}
    events = client("events")
    assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]


def test_archives_are_refused_in_words(client: Client, unique: str) -> None:
    with pytest.raises(ClientError) as refused:
        client("events").create_archive(ArchiveName=unique, EventSourceArn=f"arn:aws:events:{REGION}:{DEV}:event-bus/x")
    assert _code(refused) == "NotImplemented"


def test_a_sagemaker_pipeline_starts_with_the_targets_parameters(
    client: Client, unique: str, rule: Callable[..., str]
) -> None:
    role = _role(client, unique)
    _fail_pipeline(client, unique, _role(client, f"{unique}-p", "sagemaker.amazonaws.com"))
    parameters = [{"Name": "Input", "Value": "$.detail.input"}, {"Name": "Size", "Value": "7"}]
    rule(
        {
            "Arn": f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/{unique}",
            "RoleArn": role,
            "SageMakerPipelineParameters": {"PipelineParameterList": parameters},
        }
    )
    _put(client, unique, {"input": "s3://somewhere"})
    sagemaker = client("sagemaker")
    deadline = time.monotonic() + 20
    while not (found := sagemaker.list_pipeline_executions(PipelineName=unique)["PipelineExecutionSummaries"]):
        assert time.monotonic() < deadline, "no execution was started"
        time.sleep(0.05)
    given = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=found[0]["PipelineExecutionArn"])
    assert {entry["Name"]: entry["Value"] for entry in given["PipelineParameters"]} == {
        "Input": "s3://somewhere",
        "Size": "7",
    }


def test_an_unknown_parameter_of_a_pipeline_ends_in_the_dead_letters(
    client: Client, unique: str, queue: Queue, rule: Callable[..., str]
) -> None:
    _fail_pipeline(client, unique, _role(client, f"{unique}-p", "sagemaker.amazonaws.com"))
    rule(
        {
            "Arn": f"arn:aws:sagemaker:{REGION}:{DEV}:pipeline/{unique}",
            "RoleArn": _role(client, unique),
            "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "Unknown", "Value": "1"}]},
            "DeadLetterConfig": {"Arn": queue.arn},
        }
    )
    _put(client, unique)
    attributes = queue.message()["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"


def _fail_pipeline(client: Client, name: str, role: str) -> None:
    """A pipeline of one step that fails at once, with the parameters Input and Size."""
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": name, "Type": "String"} for name in ("Input", "Size")],
        "Steps": [{"Name": "End", "Type": "Fail", "Arguments": {"ErrorMessage": "ended"}}],
    }
    client("sagemaker").create_pipeline(
        PipelineName=name, PipelineDefinition=json.dumps(definition), ClientRequestToken=name * 3, RoleArn=role
    )


def test_a_codepipeline_starts(client: Client, unique: str, rule: Callable[..., str]) -> None:
    client("s3").create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("codecommit").create_repository(repositoryName=unique)
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
        "configuration": {"RepositoryName": unique, "BranchName": "main", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    approval = {
        "name": "Approve",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    codepipeline = client("codepipeline")
    codepipeline.create_pipeline(
        pipeline={
            "name": unique,
            "roleArn": _role(client, f"{unique}-p", "codepipeline.amazonaws.com"),
            "artifactStore": {"type": "S3", "location": unique},
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Approve", "actions": [approval]}],
        }
    )
    before = len(codepipeline.list_pipeline_executions(pipelineName=unique)["pipelineExecutionSummaries"])
    rule({"Arn": f"arn:aws:codepipeline:{REGION}:{DEV}:{unique}", "RoleArn": _role(client, unique)})
    _put(client, unique)
    deadline = time.monotonic() + 20
    while len(codepipeline.list_pipeline_executions(pipelineName=unique)["pipelineExecutionSummaries"]) <= before:
        assert time.monotonic() < deadline, "no execution was started"
        time.sleep(0.05)
