"""The roles of one stage, and the calls that their work makes: the reader's, the promoter's, and so on. Pure.

``actors`` says what the tables are for. Four of the roles read alike, so their reading is one table.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.decisions.actors import Actor, Use
from scripts.decisions.foundation import Foundation
from scripts.decisions.names import RoleKind, StageNames

_ON_AWS = "AWS's service makes it with the role; the embedded AWS does that work without asking"
_NOT_IN_A_RELEASE = "a verb of its own makes it, not a release"
_LARGE = "only for an object that is copied in parts"
_NETWORK = "only where the stage has subnets"
_NO_TRANSFORM = "the release of the test has no transform step"
_TAKEN_DOWN = "only when a stack is taken down or changed in this part"


@dataclass(frozen=True)
class StagePlace:
    """The ARNs of a stage's things. ``toolchain_key``: dev's key, by which CodePipeline's artifacts are encrypted.

    The prefixes are the settings': from where jobs read, and to where they write.
    """

    names: StageNames
    foundation: Foundation
    toolchain_key: str
    input_prefix: str
    output_prefix: str

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        names = self.names
        where = names.region if region is None else region
        return f"arn:{names.partition}:{service}:{where}:{names.account}:{resource}"

    def objects(self, *prefixes: str) -> tuple[str, ...]:
        return tuple(f"arn:{self.names.partition}:s3:::{self.foundation.bucket}/{each}" for each in prefixes)

    @property
    def bucket(self) -> str:
        return f"arn:{self.names.partition}:s3:::{self.foundation.bucket}"

    def artifact(self, name: str) -> str:
        """Every version of one of the CodePipeline's artifacts: its key begins with 20 letters of the CodePipeline."""
        names = self.names
        return f"arn:{names.partition}:s3:::{names.toolchain_bucket}/{names.codepipeline[:20]}/{name}/*"

    @property
    def via_s3(self) -> dict[str, str]:
        suffix = "amazonaws.com.cn" if self.names.partition == "aws-cn" else "amazonaws.com"
        return {"kms:ViaService": f"s3.{self.names.region}.{suffix}"}

    @property
    def stack(self) -> str:
        return self.arn("cloudformation", f"stack/{self.names.batch_stack}/*")

    @property
    def pipeline(self) -> str:
        return self.arn("sagemaker", f"pipeline/{self.names.sagemaker_pipeline}")

    @property
    def group(self) -> tuple[str, str]:
        group, versions = self.names.model_package_arns
        return group, versions

    def role(self, kind: RoleKind) -> str:
        return self.names.role_arn(kind)


def stage_actors(place: StagePlace, break_glass: bool = False) -> list[Actor]:
    """Every actor of the stage. ``break_glass``: whether the stage names people who may deploy in an emergency."""
    reading = _reading(place)
    four: dict[RoleKind, tuple[Use, ...]] = {
        "reader": _comparing(place),
        "promoter": _promoting(place),
        "verifier": _verifying(place),
        "deployment": _deploying(place),
    }
    every = tuple(use for uses in four.values() for use in uses)
    found = [Actor(name, place.role(name), (*reading, *uses)) for name, uses in four.items()]
    found.append(
        Actor("break-glass", place.role("break-glass"), (*reading, *every, *_announcing(place)), not break_glass)
    )
    foundation = place.foundation
    return [
        *found,
        Actor("cloudformation", foundation.cloudformation_role_arn, _creating(place)),
        Actor("pipeline", foundation.pipeline_role_arn, _running(place)),
        Actor("job", foundation.job_role_arn, _working(place)),
        Actor("events", foundation.events_role_arn, _starting(place)),
    ]


# What the approver sees; no role may execute one of that name.
_PREVIEW = {"cloudformation:ChangeSetName": "preview-doctor"}


def _reading(place: StagePlace) -> tuple[Use, ...]:
    execution = f"{place.pipeline}/execution/*"
    group, versions = place.group
    jobs = (place.arn("sagemaker", "processing-job/pipelines-*"), place.arn("sagemaker", "transform-job/pipelines-*"))
    return (
        Use(("cloudformation:DescribeStacks", "cloudformation:ListStackResources"), (place.stack,)),
        Use(("cloudformation:GetTemplate", "cloudformation:GetStackPolicy"), (place.stack,)),
        Use(("cloudformation:DescribeChangeSet", "cloudformation:DescribeStackEvents"), (place.stack,)),
        Use(("cloudformation:ListChangeSets",), (place.stack,), unrecorded="only of a stack that is in review"),
        Use(("cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"), (place.stack,), _PREVIEW),
        Use(("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"), (versions,)),
        Use(("sagemaker:DescribeModelPackageGroup",), (group,)),
        Use(("sagemaker:ListModels",), ("*",)),
        Use(("sagemaker:DescribePipeline", "sagemaker:ListPipelineExecutions"), (place.pipeline,)),
        Use(("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"), (execution,)),
        Use(("sagemaker:ListPipelineParametersForExecution",), (execution,)),
        Use(("sagemaker:DescribePipelineDefinitionForExecution",), (execution,), unrecorded=_NOT_IN_A_RELEASE),
        Use(("sagemaker:DescribeProcessingJob",), jobs[:1]),
        Use(("sagemaker:DescribeTransformJob",), jobs[1:], unrecorded=_NO_TRANSFORM),
        Use(
            ("logs:FilterLogEvents", "logs:DescribeLogStreams"),
            (place.arn("logs", "log-group:/aws/sagemaker/*"),),
            unrecorded=_NOT_IN_A_RELEASE,
        ),
        Use(("ssm:GetParametersByPath",), (place.arn("ssm", f"parameter/{place.names.stage}"),)),
        Use(("cloudwatch:DescribeAlarms",), (place.arn("cloudwatch", "alarm:*"),)),
        Use(
            ("events:DescribeRule", "events:ListTargetsByRule"),
            (place.arn("events", f"rule/{place.names.batch_stack}-*"),),
        ),
        Use(("servicequotas:ListServiceQuotas", "ec2:DescribeInstanceTypes"), ("*",), unrecorded=_NOT_IN_A_RELEASE),
        Use(("s3:GetObject",), place.objects("*")),
        Use(("s3:ListBucket",), (place.bucket,)),
        Use(("s3:ListBucketVersions",), (place.bucket,), unrecorded="only where a ledger is checked"),
        Use(("kms:Decrypt",), (place.foundation.kms_key_arn,), place.via_s3),
        Use(("kms:DescribeKey",), (place.foundation.kms_key_arn,), unrecorded="doctor makes it"),
    )


def _comparing(place: StagePlace) -> tuple[Use, ...]:
    """What tells whether all is as released; the rest of it is among what a reader reads anyway."""
    stack, foundation = place.names.batch_stack, place.foundation
    roles = (foundation.pipeline_role_arn, foundation.job_role_arn, foundation.events_role_arn)
    of_roles = place.arn("cloudformation", f"stack/{place.names.foundation_stack}/*")
    return (
        Use(("cloudformation:DescribeStacks", "cloudformation:GetTemplate"), (of_roles,)),
        Use(("sagemaker:DescribeModel",), (place.arn("sagemaker", f"model/{stack}-Model-*"),)),
        Use(("sqs:GetQueueAttributes",), (place.arn("sqs", f"{stack}-DeadLetters-*"),)),
        Use(("sns:GetTopicAttributes",), (place.arn("sns", f"{stack}-AlarmTopic-*"),)),
        Use(("cloudwatch:GetDashboard",), (place.arn("cloudwatch", f"dashboard/{stack}", region=""),)),
        Use(("iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"), roles),
    )


_OF_A_RELEASE = ("release.json", "definition.json", "batch-inference.yml", "code/*", "deployment.json")


def _promoting(place: StagePlace) -> tuple[Use, ...]:
    group, versions = place.group
    names = place.names
    return (
        Use(("sagemaker:CreateModelPackageGroup",), (group,)),
        Use(("sagemaker:CreateModelPackage",), (versions,)),
        Use(("sagemaker:AddTags",), (group, versions), unrecorded="AWS asks for it where what is made has tags"),
        Use(("s3:PutObject",), place.objects(*(f"releases/*/{each}" for each in _OF_A_RELEASE))),
        Use(("s3:PutObject",), place.objects(f"pipeline/{names.pipeline}/*")),
        *_keeping(place),
        Use(("s3:AbortMultipartUpload",), place.objects("pipeline/*"), unrecorded=_LARGE),
        Use(("kms:GenerateDataKey",), (place.foundation.kms_key_arn,), place.via_s3),
    )


def _verifying(place: StagePlace) -> tuple[Use, ...]:
    records = ("releases/*/verification*.json", "releases/verified-*.json", "releases/live-*.json")
    return (
        Use(("sagemaker:StartPipelineExecution",), (place.pipeline,)),
        Use(
            ("sagemaker:StopPipelineExecution",),
            (f"{place.pipeline}/execution/*",),
            unrecorded="only when whoever waits gives up",
        ),
        Use(
            ("sagemaker:DeleteModel",),
            (place.arn("sagemaker", f"model/{place.names.batch_stack}-Model-*"),),
            unrecorded="only of a model that was replaced, once nothing uses it",
        ),
        Use(("s3:PutObject",), place.objects(*records)),
        *_keeping(place),
        Use(("kms:GenerateDataKey",), (place.foundation.kms_key_arn,), place.via_s3),
    )


def _deploying(place: StagePlace) -> tuple[Use, ...]:
    made = {"cloudformation:ChangeSetName": "release"}
    return (
        Use(("cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"), (place.stack,), made),
        Use(("cloudformation:ExecuteChangeSet",), (place.stack,), made),
        Use(("cloudformation:DeleteStack",), (place.stack,), unrecorded=_NOT_IN_A_RELEASE),
        Use(
            ("iam:PassRole",),
            (place.foundation.cloudformation_role_arn,),
            {"iam:PassedToService": "cloudformation.amazonaws.com"},
        ),
        Use(("s3:PutObject",), place.objects("schedule/*.json")),
        *_keeping(place),
        Use(("kms:GenerateDataKey",), (place.foundation.kms_key_arn,), place.via_s3),
        Use(("s3:GetObject",), (place.artifact("Release"),)),
        Use(("kms:Decrypt",), (place.toolchain_key,), place.via_s3),
    )


def _keeping(place: StagePlace) -> tuple[Use, ...]:
    """What was done here, and who changes it now."""
    entries = (place.names.ledger_folder + "*", place.names.ledger_head_key)
    return (
        Use(("s3:PutObject",), place.objects(*entries)),
        Use(("s3:PutObject",), place.objects(place.names.lock_key)),
    )


def _announcing(place: StagePlace) -> tuple[Use, ...]:
    why = "only in an emergency"
    return (
        Use(("s3:PutObject",), place.objects("break-glass/*"), unrecorded=why),
        Use(("sns:Publish",), (place.foundation.announcement_topic_arn,), unrecorded=why),
    )


def _creating(place: StagePlace) -> tuple[Use, ...]:
    stack = place.names.batch_stack
    model = place.arn("sagemaker", f"model/{stack}-Model-*")
    rule = place.arn("events", f"rule/{stack}-Schedule-*")
    alarm = place.arn("cloudwatch", f"alarm:{stack}-*")
    topic, queue = place.arn("sns", f"{stack}-AlarmTopic-*"), place.arn("sqs", f"{stack}-DeadLetters-*")
    dashboard = place.arn("cloudwatch", f"dashboard/{stack}", region="")
    foundation = place.foundation
    passed = (foundation.pipeline_role_arn, foundation.job_role_arn)
    return (
        Use(("sagemaker:CreateModel",), (model,)),
        Use(("sagemaker:DeleteModel",), (model,), unrecorded=_TAKEN_DOWN),
        Use(("sagemaker:DescribeModel", "sagemaker:AddTags"), (model,), unrecorded=_ON_AWS),
        Use(("sagemaker:DescribeModelPackage",), (place.group[1],)),
        Use(("sagemaker:CreatePipeline", "sagemaker:UpdatePipeline"), (place.pipeline,)),
        Use(("sagemaker:AddTags",), (place.pipeline,)),
        Use(("sagemaker:DescribePipeline",), (place.pipeline,), unrecorded=_ON_AWS),
        Use(("sagemaker:DeletePipeline",), (place.pipeline,), unrecorded=_TAKEN_DOWN),
        Use(("s3:GetObject",), place.objects(f"pipeline/{place.names.pipeline}/*")),
        Use(("kms:Decrypt",), (foundation.kms_key_arn,), place.via_s3),
        Use(("iam:PassRole",), passed, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
        Use(("iam:PassRole",), (foundation.events_role_arn,), {"iam:PassedToService": "events.amazonaws.com"}),
        Use(("events:PutRule", "events:PutTargets", "events:DescribeRule"), (rule,)),
        Use(("events:DeleteRule", "events:RemoveTargets"), (rule,), unrecorded=_TAKEN_DOWN),
        Use(("cloudwatch:PutMetricAlarm",), (alarm,)),
        Use(("cloudwatch:DescribeAlarms",), (place.arn("cloudwatch", "alarm:*"),)),
        Use(("cloudwatch:DeleteAlarms",), (alarm,)),
        Use(("cloudwatch:PutDashboard",), (dashboard,)),
        Use(("cloudwatch:DeleteDashboards",), (dashboard,), unrecorded=_TAKEN_DOWN),
        Use(("sns:CreateTopic", "sns:SetTopicAttributes"), (topic,)),
        Use(("sns:GetTopicAttributes", "sns:TagResource"), (topic,), unrecorded=_ON_AWS),
        Use(("sns:Subscribe",), (topic,), unrecorded="only where the settings name a mail address"),
        Use(("sns:DeleteTopic",), (topic,), unrecorded=_TAKEN_DOWN),
        Use(("sqs:CreateQueue", "sqs:SetQueueAttributes"), (queue,)),
        Use(("sqs:GetQueueAttributes", "sqs:TagQueue"), (queue,), unrecorded=_ON_AWS),
        Use(("sqs:DeleteQueue",), (queue,), unrecorded=_TAKEN_DOWN),
    )


def _running(place: StagePlace) -> tuple[Use, ...]:
    processing = place.arn("sagemaker", "processing-job/pipelines-*")
    transform = place.arn("sagemaker", "transform-job/pipelines-*")
    return (
        Use(("sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob"), (processing,)),
        Use(("sagemaker:StopProcessingJob",), (processing,), unrecorded="only when an execution is stopped"),
        Use(("sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob"), (transform,), unrecorded=_NO_TRANSFORM),
        Use(("sagemaker:StopTransformJob",), (transform,), unrecorded=_NO_TRANSFORM),
        Use(("sagemaker:AddTags",), (processing, transform), unrecorded=_ON_AWS),
        Use(
            ("iam:PassRole",),
            (place.foundation.job_role_arn,),
            {"iam:PassedToService": "sagemaker.amazonaws.com"},
        ),
        Use(("s3:GetObject",), place.objects("pipeline/*"), unrecorded=_ON_AWS),
        Use(("kms:CreateGrant",), (place.foundation.kms_key_arn,), _GRANT, unrecorded=_ON_AWS),
    )


_GRANT = {"kms:GrantIsForAWSResource": "true"}


def _working(place: StagePlace) -> tuple[Use, ...]:
    network = tuple(place.arn("ec2", f"{kind}/*") for kind in ("network-interface", "security-group", "subnet"))
    key = place.foundation.kms_key_arn
    written = place.objects(f"{place.output_prefix.rstrip('/')}/*")
    own: tuple[Use, ...] = (
        Use(("s3:GetObject",), place.objects(f"{place.input_prefix.rstrip('/')}/*", "pipeline/*")),
        Use(("s3:GetObject",), place.objects("model-artifacts/*"), unrecorded=_NO_TRANSFORM),
        Use(("s3:PutObject",), written),
        Use(("s3:AbortMultipartUpload",), written, unrecorded=_LARGE),
        Use(("s3:ListBucket",), (place.bucket,)),
        Use(("kms:Decrypt", "kms:GenerateDataKey"), (key,), place.via_s3),
        Use(("kms:CreateGrant",), (key,), _GRANT, unrecorded=_ON_AWS),
        Use(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (place.arn("logs", "log-group:/aws/sagemaker/ProcessingJobs:log-stream:*"),),
            unrecorded=_ON_AWS,
        ),
        Use(("ecr:GetAuthorizationToken",), ("*",), unrecorded=_ON_AWS),
        Use(
            ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            (place.arn("ecr", "repository/*"),),
            unrecorded=_ON_AWS,
        ),
        Use(
            ("cloudwatch:PutMetricData",),
            ("*",),
            {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"},
            unrecorded=_ON_AWS,
        ),
    )
    if not place.foundation.subnet_ids:
        return own
    return (*own, Use(("ec2:CreateNetworkInterface",), network, unrecorded=_NETWORK))


def _starting(place: StagePlace) -> tuple[Use, ...]:
    return (Use(("sagemaker:StartPipelineExecution",), (place.pipeline,), unrecorded="only when the schedule fires"),)
