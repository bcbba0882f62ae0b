"""The parameters of a pipeline over tabular records: what a run may choose, and what deploying a stage replaces.

Deploying fills them by these names (``scripts.decisions.stage_values``). A pipeline may declare further ones, which a
stage's ``parameters:`` and ``make run PARAMETERS=`` give values for.
"""

from __future__ import annotations

from sagemaker.core.workflow.parameters import Parameter, ParameterInteger, ParameterString

# What a run may choose.
PROCESSING_INSTANCE_TYPE = ParameterString("ProcessingInstanceType", default_value="ml.m5.large")
PROCESSING_INSTANCE_COUNT = ParameterInteger("ProcessingInstanceCount", default_value=1)
INFERENCE_INSTANCE_TYPE = ParameterString("InferenceInstanceType", default_value="ml.m5.large")
INFERENCE_INSTANCE_COUNT = ParameterInteger("InferenceInstanceCount", default_value=1)
MODEL_NAME = ParameterString("ModelName")
INPUT_DATA_URL = ParameterString("InputDataUrl")
MAX_REJECTED_FRACTION = ParameterString("MaxRejectedFraction", default_value="0.05")
UNREAD_FILES = ParameterString("UnreadFiles", default_value="fail")

# What deploying a stage replaces by that stage's value.
ROLE_ARN = ParameterString("RoleArn")
KMS_KEY_ID = ParameterString("KmsKeyId")
# Of the jobs' volumes: the same key, or none for instance types with disks of their own, which take none.
PROCESSING_VOLUME_KMS_KEY_ID = ParameterString("ProcessingVolumeKmsKeyId")
INFERENCE_VOLUME_KMS_KEY_ID = ParameterString("InferenceVolumeKmsKeyId")
SUBNET_IDS = ParameterString("SubnetIds")
SECURITY_GROUP_IDS = ParameterString("SecurityGroupIds")
PROCESSING_IMAGE_URI = ParameterString("ProcessingImageUri")
CODE_URL = ParameterString("CodeUrl")
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
    UNREAD_FILES,
    ROLE_ARN,
    KMS_KEY_ID,
    PROCESSING_VOLUME_KMS_KEY_ID,
    INFERENCE_VOLUME_KMS_KEY_ID,
    SUBNET_IDS,
    SECURITY_GROUP_IDS,
    PROCESSING_IMAGE_URI,
    CODE_URL,
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
