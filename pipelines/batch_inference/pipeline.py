"""The batch inference pipeline: one processing job cleans the raw CSV files, one transform job scores them.

The definition it gives is stage-neutral: every value that differs between stages is a pipeline parameter. Deploying
replaces what is infrastructure (role, key, network, image, script, output prefix, transform settings) by the stage's
values and leaves what a run may choose (model, input, instance types and counts) as parameters. Rendering it reaches
no network: the script is an ``s3://`` parameter and images come from the SDK's own tables.
"""

from __future__ import annotations

from typing import Any

from sagemaker.core import image_uris
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import Parameter, ParameterInteger, ParameterString
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

# The image's scikit-learn must be able to load what examples/train.py saved with the pinned one (same minor version).
SKLEARN_VERSION = "1.9-0"

CONTAINER = "/opt/ml/processing"
MAX_RUNTIME_SECONDS = 4 * 60 * 60

# What a run may choose.
PROCESSING_INSTANCE_TYPE = ParameterString("ProcessingInstanceType", default_value="ml.m5.large")
PROCESSING_INSTANCE_COUNT = ParameterInteger("ProcessingInstanceCount", default_value=1)
INFERENCE_INSTANCE_TYPE = ParameterString("InferenceInstanceType", default_value="ml.m5.large")
INFERENCE_INSTANCE_COUNT = ParameterInteger("InferenceInstanceCount", default_value=1)
MODEL_NAME = ParameterString("ModelName")
INPUT_DATA_URL = ParameterString("InputDataUrl")
MAX_REJECTED_FRACTION = ParameterString("MaxRejectedFraction", default_value="0.05")

# What deploying a stage replaces by that stage's value.
ROLE_ARN = ParameterString("RoleArn")
KMS_KEY_ID = ParameterString("KmsKeyId")
SUBNET_IDS = ParameterString("SubnetIds")
SECURITY_GROUP_IDS = ParameterString("SecurityGroupIds")
PROCESSING_IMAGE_URI = ParameterString("ProcessingImageUri")
PREPROCESS_SCRIPT_URL = ParameterString("PreprocessScriptUrl")
OUTPUT_DATA_URL = ParameterString("OutputDataUrl")
BATCH_STRATEGY = ParameterString("BatchStrategy", default_value="MultiRecord")
SPLIT_TYPE = ParameterString("SplitType", default_value="Line")
ASSEMBLE_WITH = ParameterString("AssembleWith", default_value="Line")
MAX_PAYLOAD_IN_MB = ParameterInteger("MaxPayloadInMB", default_value=6)
MAX_CONCURRENT_TRANSFORMS = ParameterInteger("MaxConcurrentTransforms", default_value=2)
CONTENT_TYPE = ParameterString("ContentType", default_value="text/csv")
ACCEPT = ParameterString("Accept", default_value="text/csv")
INPUT_FILTER = ParameterString("InputFilter", default_value="$[1:]")  # all but the record id
OUTPUT_FILTER = ParameterString("OutputFilter", default_value="$")
JOIN_SOURCE = ParameterString("JoinSource", default_value="Input")

PARAMETERS: list[Parameter] = [
    PROCESSING_INSTANCE_TYPE,
    PROCESSING_INSTANCE_COUNT,
    INFERENCE_INSTANCE_TYPE,
    INFERENCE_INSTANCE_COUNT,
    MODEL_NAME,
    INPUT_DATA_URL,
    MAX_REJECTED_FRACTION,
    ROLE_ARN,
    KMS_KEY_ID,
    SUBNET_IDS,
    SECURITY_GROUP_IDS,
    PROCESSING_IMAGE_URI,
    PREPROCESS_SCRIPT_URL,
    OUTPUT_DATA_URL,
    BATCH_STRATEGY,
    SPLIT_TYPE,
    ASSEMBLE_WITH,
    MAX_PAYLOAD_IN_MB,
    MAX_CONCURRENT_TRANSFORMS,
    CONTENT_TYPE,
    ACCEPT,
    INPUT_FILTER,
    OUTPUT_FILTER,
    JOIN_SOURCE,
]


def get_pipeline(region: str = "eu-west-1", pipeline_name: str = "batch-inference") -> Pipeline:
    """The pipeline, ready to render. ``region`` only satisfies the SDK: nothing of it is in the definition."""
    preprocess = _preprocess_step()
    features = preprocess.properties.ProcessingOutputConfig.Outputs["features"].S3Output.S3Uri
    return Pipeline(
        name=pipeline_name,
        parameters=PARAMETERS,
        steps=[preprocess, _transform_step(features)],
        # No experiment: it would want a trial, and the rights to create one, for every scheduled run.
        pipeline_experiment_config=None,
        sagemaker_session=PipelineSession(boto_session=_session(region)),
    )


def get_image_uris(region: str) -> dict[str, str]:
    """Stock images of one region, by the SDK's tables: for the processing job, and for a scikit-learn model."""
    options = {"framework": "sklearn", "region": region, "version": SKLEARN_VERSION, "instance_type": "ml.m5.large"}
    return {
        "ProcessingImageUris": image_uris.retrieve(**options, image_scope="training"),
        "InferenceImageUris": image_uris.retrieve(**options, image_scope="inference"),
    }


def get_image_regions() -> list[str]:
    """Every region that the SDK's table has, so that moving a stage there needs no rendering."""
    versions = image_uris.config_for_framework("sklearn")["inference"]["versions"]
    return sorted(versions[SKLEARN_VERSION]["registries"])


def _preprocess_step() -> RequestStep:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html"""
    return RequestStep(
        "Preprocess",
        StepTypeEnum.PROCESSING,
        {
            "AppSpecification": {
                "ImageUri": PROCESSING_IMAGE_URI,
                # The script's file name carries its digest, so the folder's only script is what runs.
                "ContainerEntrypoint": ["/bin/sh", "-c", f"exec python3 {CONTAINER}/code/*.py"],
            },
            "Environment": {"MAX_REJECTED_FRACTION": MAX_REJECTED_FRACTION},
            "ProcessingInputs": [
                # Files are shared out over the instances: one file is preprocessed by one instance.
                _processing_input("input", INPUT_DATA_URL, "input", "ShardedByS3Key"),
                _processing_input("code", PREPROCESS_SCRIPT_URL, "code", "FullyReplicated"),
            ],
            "ProcessingOutputConfig": {
                "KmsKeyId": KMS_KEY_ID,
                "Outputs": [_processing_output("features", "output"), _processing_output("report", "report")],
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": PROCESSING_INSTANCE_COUNT,
                    "InstanceType": PROCESSING_INSTANCE_TYPE,
                    "VolumeKmsKeyId": KMS_KEY_ID,
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
        display_name="Preprocess",
        description="Check, clean and reorder the raw CSV files; nothing is fitted here",
        retry_policies=_retry_policies(),
    )


def _transform_step(features: Any) -> RequestStep:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html

    Network and role are the model's. Nitro instance types with local disks refuse a VolumeKmsKeyId.
    """
    return RequestStep(
        "Transform",
        StepTypeEnum.TRANSFORM,
        {
            "ModelName": MODEL_NAME,
            "BatchStrategy": BATCH_STRATEGY,
            "MaxConcurrentTransforms": MAX_CONCURRENT_TRANSFORMS,
            "MaxPayloadInMB": MAX_PAYLOAD_IN_MB,
            "ModelClientConfig": {"InvocationsMaxRetries": 1, "InvocationsTimeoutInSeconds": 600},
            "TransformInput": {
                "ContentType": CONTENT_TYPE,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": features}},
                "SplitType": SPLIT_TYPE,
            },
            "TransformOutput": {
                "Accept": ACCEPT,
                "AssembleWith": ASSEMBLE_WITH,
                "KmsKeyId": KMS_KEY_ID,
                "S3OutputPath": _output_url("predictions"),
            },
            "TransformResources": {
                "InstanceCount": INFERENCE_INSTANCE_COUNT,
                "InstanceType": INFERENCE_INSTANCE_TYPE,
                "VolumeKmsKeyId": KMS_KEY_ID,
            },
            "DataProcessing": {
                "InputFilter": INPUT_FILTER,
                "JoinSource": JOIN_SOURCE,
                "OutputFilter": OUTPUT_FILTER,
            },
        },
        display_name="Transform",
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
            "S3Uri": _output_url(name),
        },
    }


def _output_url(folder: str) -> Join:
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
