"""Steps of a pipeline over tabular records: a processing job that runs a script, a transform job that scores.

Every value that differs between stages is a parameter (``parameters``), so the definition is stage-neutral. Making it
reaches no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import Parameter
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    RetryPolicy,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import StepTypeEnum

from pipelines.request_step import RequestStep
from pipelines.tabular.parameters import (
    ACCEPT,
    ASSEMBLE_WITH,
    BATCH_STRATEGY,
    CODE_URL,
    CONTENT_TYPE,
    INFERENCE_INSTANCE_COUNT,
    INFERENCE_INSTANCE_TYPE,
    INFERENCE_VOLUME_KMS_KEY_ID,
    INPUT_DATA_URL,
    INPUT_FILTER,
    JOIN_SOURCE,
    KMS_KEY_ID,
    MAX_CONCURRENT_TRANSFORMS,
    MAX_PAYLOAD_IN_MB,
    MAX_REJECTED_FRACTION,
    MODEL_NAME,
    OUTPUT_DATA_URL,
    OUTPUT_FILTER,
    PARAMETERS,
    PROCESSING_IMAGE_URI,
    PROCESSING_INSTANCE_COUNT,
    PROCESSING_INSTANCE_TYPE,
    PROCESSING_VOLUME_KMS_KEY_ID,
    ROLE_ARN,
    SECURITY_GROUP_IDS,
    SPLIT_TYPE,
    SUBNET_IDS,
    UNREAD_FILES,
)

CONTAINER = "/opt/ml/processing"
MAX_RUNTIME_SECONDS = 4 * 60 * 60


def tabular_pipeline(name: str, steps: Sequence[Any], region: str, parameters: Sequence[Parameter] = ()) -> Pipeline:
    """The pipeline, ready to render. ``region`` only satisfies the SDK: nothing of it is in the definition.

    ``parameters`` are those that the pipeline declares beside the usual ones.
    """
    return Pipeline(
        name=name,
        parameters=[*PARAMETERS, *parameters],
        steps=list(steps),
        # No experiment: it would want a trial, and the rights to create one, for every scheduled run.
        pipeline_experiment_config=None,
        sagemaker_session=PipelineSession(boto_session=_session(region)),
    )


def processing_step(
    name: str,
    module: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = ("features", "report"),
    environment: Mapping[str, Any] | None = None,
    description: str | None = None,
    depends_on: Sequence[Any] | None = None,
) -> RequestStep:
    """A processing job that runs a script of the pipeline: ``module`` is its name, ``pipelines.<pipeline>.<script>``.

    ``inputs`` are S3 prefixes by the folder they are put into (default: the run's input, as ``input``); ``outputs`` are
    folders, each of which becomes ``<output prefix>/<execution id>/<folder>``. The first is read from ``output/``.
    ``environment`` comes beside MAX_REJECTED_FRACTION and UNREAD_FILES.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
    """
    given = {"input": INPUT_DATA_URL} if inputs is None else inputs
    first, *others = outputs
    return RequestStep(
        name,
        StepTypeEnum.PROCESSING,
        {
            "AppSpecification": {
                "ImageUri": PROCESSING_IMAGE_URI,
                "ContainerEntrypoint": ["python3", f"{CONTAINER}/code/{module.replace('.', '/')}.py"],
            },
            "Environment": {
                "MAX_REJECTED_FRACTION": MAX_REJECTED_FRACTION,
                "UNREAD_FILES": UNREAD_FILES,
                # The code lies there as in the tree, so that its modules have the same names.
                "PYTHONPATH": f"{CONTAINER}/code",
                **(environment or {}),
            },
            "ProcessingInputs": [
                # Files are shared out over the instances: one file is preprocessed by one instance.
                *(_processing_input(folder, url, folder, "ShardedByS3Key") for folder, url in given.items()),
                _processing_input("code", CODE_URL, "code", "FullyReplicated"),
            ],
            "ProcessingOutputConfig": {
                "KmsKeyId": KMS_KEY_ID,
                "Outputs": [
                    _processing_output(first, "output"),
                    *(_processing_output(folder, folder) for folder in others),
                ],
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": PROCESSING_INSTANCE_COUNT,
                    "InstanceType": PROCESSING_INSTANCE_TYPE,
                    "VolumeKmsKeyId": PROCESSING_VOLUME_KMS_KEY_ID,
                    "VolumeSizeInGB": 30,
                }
            },
            "NetworkConfig": {
                "EnableInterContainerTrafficEncryption": True,
                # SageMaker itself moves the S3 data, so the script's container needs no network at all.
                "EnableNetworkIsolation": True,
                "VpcConfig": {"SecurityGroupIds": [SECURITY_GROUP_IDS], "Subnets": [SUBNET_IDS]},
            },
            "RoleArn": ROLE_ARN,
            "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
        },
        display_name=name,
        description=description,
        depends_on=depends_on,
        retry_policies=_retry_policies(),
    )


def output_of(step: RequestStep, name: str) -> Any:
    """Where a processing step puts its output of that name, for a later step's input."""
    return step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri


def transform_step(name: str, records: Any) -> RequestStep:
    """A batch transform job that scores ``records`` (an S3 prefix, such as ``output_of`` a processing step).

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html

    Network and role are the model's.
    """
    return RequestStep(
        name,
        StepTypeEnum.TRANSFORM,
        {
            "ModelName": MODEL_NAME,
            "BatchStrategy": BATCH_STRATEGY,
            "MaxConcurrentTransforms": MAX_CONCURRENT_TRANSFORMS,
            "MaxPayloadInMB": MAX_PAYLOAD_IN_MB,
            "ModelClientConfig": {"InvocationsMaxRetries": 1, "InvocationsTimeoutInSeconds": 600},
            "TransformInput": {
                "ContentType": CONTENT_TYPE,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": records}},
                "SplitType": SPLIT_TYPE,
            },
            "TransformOutput": {
                "Accept": ACCEPT,
                "AssembleWith": ASSEMBLE_WITH,
                "KmsKeyId": KMS_KEY_ID,
                "S3OutputPath": output_url("predictions"),
            },
            "TransformResources": {
                "InstanceCount": INFERENCE_INSTANCE_COUNT,
                "InstanceType": INFERENCE_INSTANCE_TYPE,
                "VolumeKmsKeyId": INFERENCE_VOLUME_KMS_KEY_ID,
            },
            "DataProcessing": {
                "InputFilter": INPUT_FILTER,
                "JoinSource": JOIN_SOURCE,
                "OutputFilter": OUTPUT_FILTER,
            },
        },
        display_name=name,
        description="Score the preprocessed records with the deployed model",
        retry_policies=_retry_policies(),
    )


def _processing_input(name: str, url: Any, folder: str, distribution: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "LocalPath": f"{CONTAINER}/{folder}",
            "S3DataDistributionType": distribution,
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3Uri": url,
        },
    }


def _processing_output(name: str, folder: str) -> dict[str, Any]:
    return {
        "OutputName": name,
        "S3Output": {
            "LocalPath": f"{CONTAINER}/{folder}",
            "S3UploadMode": "EndOfJob",
            "S3Uri": output_url(name),
        },
    }


def output_url(folder: str) -> Join:
    """``<output prefix>/<execution id>/<folder>``: no run overwrites another's output."""
    return Join(on="/", values=[OUTPUT_DATA_URL, ExecutionVariables.PIPELINE_EXECUTION_ID, folder])


def _retry_policies() -> list[RetryPolicy]:
    """Faults that pass by themselves: seconds for the service's, minutes to hours for missing capacity."""
    return [
        StepRetryPolicy(
            exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
            interval_seconds=5,
            backoff_rate=2.0,
            max_attempts=5,
        ),
        SageMakerJobStepRetryPolicy(
            exception_types=[SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT],
            failure_reason_types=[
                SageMakerJobExceptionTypeEnum.INTERNAL_ERROR,
                SageMakerJobExceptionTypeEnum.CAPACITY_ERROR,
            ],
            interval_seconds=60,
            backoff_rate=2.0,
            expire_after_mins=180,
        ),
    ]


def _session(region: str) -> Any:
    import boto3

    return boto3.session.Session(region_name=region)
