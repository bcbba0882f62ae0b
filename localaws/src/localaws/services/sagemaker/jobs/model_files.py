"""Puts a model's files where its containers expect them, and finds the inference code among them.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from localaws.services.sagemaker.jobs.artifact import UnsafeArtifactError, unpack
from localaws.services.sagemaker.jobs.objects import JobObjects, S3Location
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.sandbox import ContainerDirectory

_MODEL = "/opt/ml/model"
_CODE = "/opt/ml/code"
_ADDITIONAL = "/opt/ml/additional-model-data-sources"


def provide_model(objects: JobObjects, container: dict[str, Any], directory: ContainerDirectory) -> str:
    """Download and unpack what ``container`` (as DescribeModel answers it) names; return the inference script's path
    inside the container. JobFailedError says what is wrong with the artifact, or which script was looked for where."""
    model = directory.outside(_MODEL)
    model.mkdir(parents=True)
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if container.get("ModelDataUrl"):
        _provide_archive(objects, container["ModelDataUrl"], model)
    elif source:
        _provide_source(objects, source, model)
    else:
        raise JobFailedError(
            f"ClientError: The model has no ModelDataUrl and no ModelDataSource, so its code is in the image "
            f"{container['Image']}. localaws runs no images: give the model an artifact with code/inference.py."
        )
    for additional in container.get("AdditionalModelDataSources", ()):
        folder = directory.outside(f"{_ADDITIONAL}/{additional['ChannelName']}")
        folder.mkdir(parents=True)
        _provide_source(objects, additional["S3DataSource"], folder)
    return _find_program(objects, container, directory)


def _provide_archive(objects: JobObjects, uri: str, folder: Path) -> None:
    try:
        unpack(objects.read(S3Location.parse(uri)), folder)
    except UnsafeArtifactError as error:
        raise JobFailedError(f"ClientError: The model artifact {uri} cannot be unpacked: {error}.") from error
    except ValueError as error:
        raise JobFailedError(f"ClientError: {error}") from error


def _provide_source(objects: JobObjects, source: dict[str, Any], folder: Path) -> None:
    if source["CompressionType"] == "Gzip":
        _provide_archive(objects, source["S3Uri"], folder)
    else:
        objects.download(objects.find(source["S3Uri"], "S3Prefix"), folder)


def _find_program(objects: JobObjects, container: dict[str, Any], directory: ContainerDirectory) -> str:
    environment = container.get("Environment", {})
    program = environment.get("SAGEMAKER_PROGRAM") or "inference.py"
    folders = [f"{_MODEL}/code"]
    submitted = environment.get("SAGEMAKER_SUBMIT_DIRECTORY", "").removeprefix("file://")
    if submitted.startswith("s3://"):
        code = directory.outside(_CODE)
        code.mkdir(parents=True)
        _provide_archive(objects, submitted, code)
        folders.insert(0, _CODE)
    elif submitted.startswith("/opt/ml/") and submitted not in folders:
        folders.insert(0, submitted.rstrip("/"))
    wanted = [str(PurePosixPath(folder, program)) for folder in folders]
    for path in wanted:
        if directory.outside(path).is_file():
            return path
    raise JobFailedError(
        f"ClientError: The model has no inference code. Looked for {' and '.join(wanted)} "
        f"(SAGEMAKER_PROGRAM {environment.get('SAGEMAKER_PROGRAM') or 'is not set'}), found in the artifact: "
        f"{_shown(directory.outside(_MODEL))}. localaws does not run the image {container['Image']}, so the artifact "
        "must bring code/inference.py."
    )


def _shown(folder: Path) -> str:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more if names else "nothing"
