"""The toolchain's roles in dev, and the calls that their work makes: builds', CodePipelines', the trigger's. Pure.

``actors`` says what the tables are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.decisions.actors import Actor, Use
from scripts.decisions.stage_actors import StagePlace

_BY_CODEBUILD = "CodeBuild makes it with the role; the embedded AWS keeps logs without asking"
_LARGE = "only for an object that is copied in parts"


@dataclass(frozen=True)
class ToolchainPlace:
    """The ARNs of the toolchain's things in dev. ``models``: buckets with the models' artifacts; ``model_keys``: the
    keys of those that have one. ``repository``: CodeCommit's, or None; ``connection``: the ARN of the one to GitHub."""

    stages: Sequence[StagePlace]
    key: str
    topic: str
    trigger_role: str
    models: Sequence[str]
    model_keys: Sequence[str] = ()
    repository: str | None = None
    connection: str | None = None

    @property
    def first(self) -> StagePlace:
        return self.stages[0]

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        names = self.first.names
        where = names.region if region is None else region
        return f"arn:{names.partition}:{service}:{where}:{names.dev_account}:{resource}"

    def role(self, kind: str) -> str:
        return self.arn("iam", f"role/{self.first.names.project}-{kind}", region="")

    def project(self, kind: str) -> str:
        return self.arn("codebuild", f"project/{self.first.names.project}-{kind}")

    def artifact(self, name: str) -> tuple[str]:
        return (self.first.artifact(name),)

    def objects(self, *paths: str) -> tuple[str, ...]:
        names = self.first.names
        return tuple(f"arn:{names.partition}:s3:::{names.toolchain_bucket}/{each}" for each in paths)

    @property
    def bucket(self) -> str:
        return f"arn:{self.first.names.partition}:s3:::{self.first.names.toolchain_bucket}"

    @property
    def builds(self) -> list[str]:
        """Every CodeBuild project, by the last part of its name, which is its role's too."""
        stages = [each.names.stage for each in self.stages]
        return ["build", "plan", *(f"{kind}-{stage}" for kind in ("promote", "verify") for stage in stages)]


def toolchain_actors(place: ToolchainPlace) -> list[Actor]:
    readers = tuple(Use(("sts:AssumeRole",), (stage.role("reader"),)) for stage in place.stages)
    found = [
        Actor("build", place.role("build"), (*_any_build(place), *readers, *_models(place), *_build(place))),
        Actor("plan", place.role("plan"), (*_any_build(place), *readers, *_models(place), *_plan(place))),
    ]
    for stage in place.stages:
        name = stage.names.stage
        promote, verify = f"promote-{name}", f"verify-{name}"
        found += [
            Actor(
                promote,
                place.role(promote),
                (*_any_build(place), *readers, *_models(place), *_promote(stage), *_asking(place)),
            ),
            Actor(verify, place.role(verify), (*_any_build(place), *_verify(stage))),
        ]
    return [
        *found,
        Actor("codepipeline", place.role("codepipeline"), _codepipeline(place)),
        Actor("trigger", place.trigger_role, _trigger(place)),
    ]


def _any_build(place: ToolchainPlace) -> tuple[Use, ...]:
    logs = place.arn("logs", f"log-group:/aws/codebuild/{place.first.names.project}-builds:log-stream:*")
    return (
        Use(("kms:Decrypt",), (place.key,), place.first.via_s3),
        Use(("logs:CreateLogStream", "logs:PutLogEvents"), (logs,), unrecorded=_BY_CODEBUILD),
    )


def _models(place: ToolchainPlace) -> tuple[Use, ...]:
    group = place.first.names.group
    partition = place.first.names.partition
    objects = tuple(f"arn:{partition}:s3:::{bucket}/*" for bucket in place.models)
    keys = (Use(("kms:Decrypt",), tuple(place.model_keys), place.first.via_s3),) if place.model_keys else ()
    # The second is of the version that a release pins. Nothing is asked of IAM about no resource: that would be of all.
    reading = (Use(("s3:GetObject",), objects), Use(("s3:GetObjectVersion", "s3:GetObjectVersionTagging"), objects))
    return (
        Use(
            ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
            (place.arn("sagemaker", f"model-package/{group}/*"),),
        ),
        *(reading if objects else ()),
        # Whether the stages may pull what lies here.
        Use(("ecr:GetRepositoryPolicy",), (place.arn("ecr", "repository/*"),)),
        *keys,
    )


def _build(place: ToolchainPlace) -> tuple[Use, ...]:
    image = place.arn("ecr", "repository/*")
    commits = (
        (Use(("codecommit:GetCommit",), (place.arn("codecommit", place.repository),)),) if place.repository else ()
    )
    return (
        *commits,
        Use(("ecr:BatchGetImage",), (image,)),
        # Whether the same plan was asked about before.
        Use(("s3:ListBucket",), (place.bucket,), {"s3:prefix": "evidence/"}),
        Use(("s3:GetObject",), place.objects("evidence/*")),
        Use(("s3:GetObject",), place.artifact("Source")),
        Use(("s3:PutObject",), place.artifact("Release")),
        Use(("kms:GenerateDataKey",), (place.key,), place.first.via_s3),
    )


def _plan(place: ToolchainPlace) -> tuple[Use, ...]:
    return (
        Use(("s3:GetObject",), place.artifact("Release")),
        Use(("s3:PutObject",), place.objects("evidence/*")),
        Use(("kms:GenerateDataKey",), (place.key,), place.first.via_s3),
    )


def _promote(stage: StagePlace) -> tuple[Use, ...]:
    copies = stage.objects("model-artifacts/*", "model-metrics/*")
    return (
        Use(("s3:GetObject",), (stage.artifact("Release"),)),
        Use(("sts:AssumeRole",), (stage.role("promoter"),)),
        Use(("s3:PutObject", "s3:GetObject"), copies),
        Use(("s3:AbortMultipartUpload", "s3:PutObjectTagging"), copies, unrecorded=_LARGE),
        Use(("kms:GenerateDataKey",), (stage.foundation.kms_key_arn,), stage.via_s3),
        Use(("kms:Decrypt",), (stage.foundation.kms_key_arn,), stage.via_s3, unrecorded=_LARGE),
    )


def _asking(place: ToolchainPlace) -> tuple[Use, ...]:
    """Who approved what, and whether an execution that left a lock behind has ended."""
    codepipeline = place.arn("codepipeline", place.first.names.codepipeline)
    return (
        Use(("codepipeline:GetPipelineState", "codepipeline:ListActionExecutions"), (codepipeline,)),
        Use(("codepipeline:GetPipelineExecution",), (codepipeline,), unrecorded="only where a lock was left behind"),
    )


def _verify(stage: StagePlace) -> tuple[Use, ...]:
    return (
        Use(("s3:GetObject",), (stage.artifact("Release"),)),
        Use(("sts:AssumeRole",), (stage.role("reader"), stage.role("verifier"))),
    )


def _codepipeline(place: ToolchainPlace) -> tuple[Use, ...]:
    own = place.artifact("Source")
    uses = [
        Use(("codebuild:StartBuild", "codebuild:BatchGetBuilds"), tuple(map(place.project, place.builds))),
        Use(("s3:PutObject",), own),
        Use(("s3:GetObject",), own, unrecorded="AWS moves artifacts with it"),
        Use(("kms:GenerateDataKey",), (place.key,), place.first.via_s3),
        Use(("kms:Decrypt",), (place.key,), place.first.via_s3, unrecorded="AWS moves artifacts with it"),
        Use(("sns:Publish",), (place.topic,)),
        Use(("sts:AssumeRole",), tuple(stage.role("deployment") for stage in place.stages)),
    ]
    if place.repository:
        repository = place.arn("codecommit", place.repository)
        uses += [
            Use(("codecommit:GetBranch",), (repository,)),
            Use(
                ("codecommit:GetCommit", "codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus"),
                (repository,),
                unrecorded="AWS fetches a commit with it",
            ),
        ]
    if place.connection:
        unrecorded = "the repository of the test is CodeCommit's"
        uses.append(Use(("codestar-connections:UseConnection",), (place.connection,), unrecorded=unrecorded))
    return tuple(uses)


def _trigger(place: ToolchainPlace) -> tuple[Use, ...]:
    return (
        Use(("codepipeline:StartPipelineExecution",), (place.arn("codepipeline", place.first.names.codepipeline),)),
    )
