"""What a stage's settings and foundation mean for the definition (what is bound into it) and for the stack."""

from __future__ import annotations

from typing import Any

from scripts.decisions.foundation import Foundation
from scripts.decisions.names import StageNames
from scripts.decisions.stage_settings import StageSettings


def infrastructure(
    settings: StageSettings, foundation: Foundation, processing_image: str | None, code_prefix: str | None
) -> dict[str, Any]:
    """The literals that binding puts in place of infrastructure parameters, by parameter name."""
    transform = settings.transform
    assemble = None if transform.split_type is None else "Line" if transform.split_type == "Line" else "None"
    values: dict[str, Any] = {
        "RoleArn": foundation.job_role_arn,
        "KmsKeyId": foundation.kms_key_arn,
        "ProcessingVolumeKmsKeyId": foundation.kms_key_arn,
        "InferenceVolumeKmsKeyId": foundation.kms_key_arn,
        "SubnetIds": list(foundation.subnet_ids),
        "SecurityGroupIds": list(foundation.security_group_ids),
        "OutputDataUrl": f"s3://{foundation.bucket}/{settings.output_prefix.rstrip('/')}",
    }
    chosen: dict[str, Any] = {
        "BatchStrategy": transform.batch_strategy,
        "SplitType": transform.split_type,
        "AssembleWith": assemble,
        "MaxPayloadInMB": transform.max_payload_in_mb,
        "MaxConcurrentTransforms": transform.max_concurrent_transforms,
        "Accept": transform.accept,
        "ContentType": transform.content_type,
        "InputFilter": transform.input_filter,
        "OutputFilter": transform.output_filter,
        "JoinSource": transform.join_source,
    }
    values |= {name: value for name, value in chosen.items() if value is not None}  # else the pipeline's own default
    if processing_image:
        values["ProcessingImageUri"] = processing_image
    if code_prefix:
        values["CodeUrl"] = f"s3://{foundation.bucket}/{code_prefix}"
        values["PreprocessScriptUrl"] = f"{values['CodeUrl']}pipelines/{settings.pipeline}/preprocess.py"
    return values


def run_defaults(settings: StageSettings, foundation: Foundation) -> dict[str, Any]:
    """The stage's defaults of what a run may choose, by parameter name."""
    return {
        "ProcessingInstanceType": settings.processing.instance_type,
        "ProcessingInstanceCount": settings.processing.instance_count,
        "InferenceInstanceType": settings.inference.instance_type,
        "InferenceInstanceCount": settings.inference.instance_count,
        "InputDataUrl": input_url(settings, foundation),
    }


def definition_defaults(settings: StageSettings, foundation: Foundation) -> dict[str, Any]:
    """The stage's defaults of every parameter that stays one in the bound definition."""
    return {**settings.parameters, **run_defaults(settings, foundation)}


def input_url(settings: StageSettings, foundation: Foundation) -> str:
    return f"s3://{foundation.bucket}/{settings.input_prefix.rstrip('/')}/"


def stack_parameters(
    settings: StageSettings, names: StageNames, foundation: Foundation, release_id: str, definition_key: str
) -> dict[str, str]:
    """The parameters of batch-inference.yml but ModelPackageName, which is known once the package is registered."""
    schedule = settings.parsed_schedule
    parameters = {
        "SageMakerProjectName": names.project,
        "SageMakerProjectId": settings.project.id,
        "Environment": names.stage,
        "ReleaseId": release_id,
        "BatchPipeline": names.sagemaker_pipeline,
        "ProjectBucket": foundation.bucket,
        "PipelineDefinitionS3Key": definition_key,
        "PipelineRoleArn": foundation.pipeline_role_arn,
        "JobRoleArn": foundation.job_role_arn,
        "EventsRoleArn": foundation.events_role_arn,
        "KmsKeyArn": foundation.kms_key_arn,
        "ScheduleState": "ENABLED" if settings.schedule_enabled else "DISABLED",
        "ScheduleExpressionforPipeline": schedule.rate or "1 day",
        "ScheduleCronExpression": schedule.cron.removeprefix("cron(").removesuffix(")"),
        "HoursWithoutSuccess": str(settings.hours_without_success),
        "SubnetIds": ",".join(foundation.subnet_ids),
        "SGIds": ",".join(foundation.security_group_ids),
        "NetworkIsolation": "true" if settings.network_isolation else "false",
        "AlarmEmail": settings.alarms.email or "",
    }
    return parameters | {name: str(value) for name, value in run_defaults(settings, foundation).items()}
