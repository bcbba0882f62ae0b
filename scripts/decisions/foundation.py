"""What a stage's foundation provides, by the SSM parameters it writes; and the parameters it is deployed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.decisions.names import StageNames
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import FoundationError

_REQUIRED = {
    "pipeline_role_arn": "sagemaker_role_arn",
    "job_role_arn": "sagemaker_job_role_arn",
    "bucket": "sagemaker_ml_artifacts_s3_bucket",
    "kms_key_arn": "kms_key_arn",
    "cloudformation_role_arn": "cloudformation_role_arn",
    "events_role_arn": "events_role_arn",
    "announcement_topic_arn": "announcement_topic_arn",
}

# Where the stack itself says what a parameter says, by the parameter's name.
_OUTPUTS = {
    "sagemaker_role_arn": "PipelineRoleArn",
    "sagemaker_job_role_arn": "JobRoleArn",
    "sagemaker_ml_artifacts_s3_bucket": "ArtifactBucketName",
    "kms_key_arn": "KmsKeyArn",
    "cloudformation_role_arn": "CloudFormationRoleArn",
    "events_role_arn": "EventsRoleArn",
    "announcement_topic_arn": "AnnouncementTopicArn",
}

_OF_ROLES = (
    "SageMakerProjectName",
    "Environment",
    "ModelPackageArns",
    "DevAccountId",
    "DeployedByHand",
    "BreakGlassPrincipalArns",
    "PermissionsBoundaryArn",
)
# Settings of no stage, where only the names of what follows from them matter.
_ANY_STAGE = {
    "account": "0" * 12,
    "dev_account": "0" * 12,
    "region": "ap-southeast-2",
    "project": {"name": "any", "id": "any"},
    "model_package_group": "any",
    "processing": {"instance_type": "ml.m5.large"},
    "inference": {"instance_type": "ml.m5.large"},
}


@dataclass(frozen=True)
class Foundation:
    """The resources of a stage's account that releases are deployed with."""

    pipeline_role_arn: str
    job_role_arn: str
    bucket: str
    kms_key_arn: str
    cloudformation_role_arn: str
    events_role_arn: str
    announcement_topic_arn: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


def foundation_of(parameters: dict[str, str], names: StageNames, settings: StageSettings) -> Foundation:
    """The foundation by its parameters (last part of the name -> value).

    The stage file's own network and pipeline role win over the foundation's. Raises FoundationError that names each
    missing parameter.
    """
    missing = [f"{names.parameter_path}{name}" for name in _REQUIRED.values() if not parameters.get(name)]
    if missing:
        whole = len(missing) == len(_REQUIRED)
        raise FoundationError(
            f"account {names.account} has no foundation for stage {names.stage} in {names.region}"
            if whole
            else f"the foundation of stage {names.stage} in account {names.account} is incomplete",
            found=[f"missing SSM parameter {name}" for name in missing],
            next_command="make bootstrap",
        )
    values = {field: parameters[name] for field, name in _REQUIRED.items()}
    if settings.pipeline_role_arn:
        values["pipeline_role_arn"] = settings.pipeline_role_arn
    return Foundation(
        **values,
        subnet_ids=tuple(settings.network.subnet_ids) or _list(parameters.get("private-subnets-ids")),
        security_group_ids=tuple(settings.network.security_group_ids) or _list(parameters.get("sagemaker-domain-sg")),
    )


def lost_parameters(parameters: dict[str, str], outputs: dict[str, str]) -> dict[str, str]:
    """Parameters that are gone although the stack stands, with their values: CloudFormation does not miss them."""
    return {name: outputs[output] for name, output in _OUTPUTS.items() if name not in parameters and output in outputs}


def foundation_stack_parameters(
    names: StageNames, settings: StageSettings, pipelines: Sequence[StageNames] = ()
) -> dict[str, str]:
    """The parameters of foundation.yml that the stage file's own settings decide; the rest its ``foundation:`` gives.

    ``pipelines``: the stage's names for each pipeline, which may promote here.
    """
    arns = dict.fromkeys(arn for each in pipelines or [names] for arn in each.model_package_arns)
    # A stage that names no address keeps the one that its foundation has; every other setting is always there.
    told = {"NotificationEmail": settings.alarms.email} if settings.alarms.email else {}
    return {
        "SageMakerProjectName": names.project,
        "SageMakerProjectId": settings.project.id,
        "Environment": names.stage,
        "ModelPackageArns": ",".join(arns),
        "DevAccountId": names.dev_account,
        "SubnetIds": ",".join(settings.network.subnet_ids),
        "SGIds": ",".join(settings.network.security_group_ids),
        "DeployedByHand": "allowed" if settings.deployed_by_hand else "break-glass",
        "BreakGlassPrincipalArns": ",".join(settings.break_glass),
        **told,
    }


def roles_stack_parameters(foundation: Mapping[str, str]) -> dict[str, str]:
    """The parameters of roles.yml: of the foundation's, those that both templates have, so that they never differ."""
    return {name: foundation[name] for name in _OF_ROLES if name in foundation}


def decided_names() -> frozenset[str]:
    """The names of the parameters that a stage's other settings decide: its ``foundation:`` may not give them."""
    settings = StageSettings.model_validate(_ANY_STAGE)
    return frozenset(foundation_stack_parameters(StageNames.of("stage", settings), settings))


def _list(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())
