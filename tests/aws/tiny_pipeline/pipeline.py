"""The first day's pipeline: a processing step that copies, and a transform step that scores.

Written as the plain dictionary that ``get_pipeline`` may return, so that it renders without the SageMaker SDK.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PARAMETERS: dict[str, Any] = {
    "ModelName": None,
    "InputDataUrl": None,
    "ProcessingInstanceType": "ml.m5.large",
    "ProcessingInstanceCount": 1,
    "InferenceInstanceType": "ml.m5.large",
    "InferenceInstanceCount": 1,
    "RoleArn": None,
    "KmsKeyId": None,
    "ProcessingVolumeKmsKeyId": None,
    "InferenceVolumeKmsKeyId": None,
    "SubnetIds": None,
    "SecurityGroupIds": None,
    "ProcessingImageUri": None,
    "CodeUrl": None,
    "OutputDataUrl": None,
}
LOCAL = "/opt/ml/processing"


def get_stock_images() -> dict[str, dict[str, str]]:
    """AWS's scikit-learn image, newest version: its Python copies the files."""
    versions = json.loads((HERE.parent / "framework_images.json").read_text())["images"]["sklearn"]
    newest = max(versions, key=lambda each: [int(part) for part in each.split("-")[0].split(".")])
    return {"Processing": {"Framework": "sklearn", "Version": newest}}


def get_pipeline(**_: Any) -> dict[str, Any]:
    parameters = [
        {"Name": name, "Type": "Integer" if isinstance(default, int) else "String"}
        | ({} if default is None else {"DefaultValue": default})
        for name, default in PARAMETERS.items()
    ]
    return {"Version": "2020-12-01", "Parameters": parameters, "Steps": [_preprocess(), _transform()]}


def get(name: str) -> dict[str, str]:
    return {"Get": f"Parameters.{name}"}


def _output(folder: str) -> dict[str, Any]:
    return {"Std:Join": {"On": "/", "Values": [get("OutputDataUrl"), {"Get": "Execution.PipelineExecutionId"}, folder]}}


def _preprocess() -> dict[str, Any]:
    def source(name: str, uri: str) -> dict[str, Any]:
        where = {"S3Uri": get(uri), "LocalPath": f"{LOCAL}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {"InputName": name, "S3Input": where}

    features = {"S3Uri": _output("features"), "LocalPath": f"{LOCAL}/output", "S3UploadMode": "EndOfJob"}
    return {
        "Name": "Preprocess",
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": get("ProcessingInstanceType"),
                    "InstanceCount": get("ProcessingInstanceCount"),
                    "VolumeSizeInGB": 10,
                    "VolumeKmsKeyId": get("ProcessingVolumeKmsKeyId"),
                }
            },
            "AppSpecification": {
                "ImageUri": get("ProcessingImageUri"),
                "ContainerEntrypoint": ["python3", f"{LOCAL}/code/pipelines/{HERE.name}/preprocess.py"],
            },
            "NetworkConfig": {
                "VpcConfig": {"Subnets": [get("SubnetIds")], "SecurityGroupIds": [get("SecurityGroupIds")]}
            },
            "RoleArn": get("RoleArn"),
            "ProcessingInputs": [source("input", "InputDataUrl"), source("code", "CodeUrl")],
            "ProcessingOutputConfig": {
                "KmsKeyId": get("KmsKeyId"),
                "Outputs": [{"OutputName": "features", "S3Output": features}],
            },
        },
    }


def _transform() -> dict[str, Any]:
    features = {"Get": "Steps.Preprocess.ProcessingOutputConfig.Outputs['features'].S3Output.S3Uri"}
    return {
        "Name": "Transform",
        "Type": "Transform",
        "Arguments": {
            "ModelName": get("ModelName"),
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": features}},
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": _output("predictions"),
                "Accept": "text/csv",
                "AssembleWith": "Line",
                "KmsKeyId": get("KmsKeyId"),
            },
            "TransformResources": {
                "InstanceType": get("InferenceInstanceType"),
                "InstanceCount": get("InferenceInstanceCount"),
                "VolumeKmsKeyId": get("InferenceVolumeKmsKeyId"),
            },
            "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$"},
        },
    }
