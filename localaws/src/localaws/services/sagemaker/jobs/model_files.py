"""Puts a model's files where its containers expect them, and finds the inference code among them.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from localaws.services.sagemaker.jobs.artifact import UnsafeArtifactError, unpack
from localaws.services.sagemaker.jobs.objects import JobObjects, S3Location
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.sandbox import ContainerDirectory
from localaws.services.sagemaker.jobs.serving_images import ServingImage

_MODEL = "/opt/ml/model"
_CODE = "/opt/ml/code"
_ADDITIONAL = "/opt/ml/additional-model-data-sources"


@dataclass(frozen=True)
class ModelFiles:
    """Paths inside the container: the inference script, empty where the image's own code serves the model, and the
    requirements that its toolkit installs before."""

    program: str
    requirements: str | None


def provide_model(
    objects: JobObjects, container: dict[str, Any], image: ServingImage, directory: ContainerDirectory
) -> ModelFiles:
    """Download and unpack what ``container`` (as DescribeModel answers it) names, and find the code in it.

    JobFailedError says what is wrong with the artifact, or which script was looked for where.
    """
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
    return _find_code(objects, container, image, directory)


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


def _find_code(
    objects: JobObjects, container: dict[str, Any], image: ServingImage, directory: ContainerDirectory
) -> ModelFiles:
    environment = container.get("Environment", {})
    named = environment.get("SAGEMAKER_PROGRAM")
    if image.kind == "xgboost" and not named:
        return ModelFiles("", None)  # the image then looks for no script and installs nothing
    folders = _code_folders(objects, environment.get("SAGEMAKER_SUBMIT_DIRECTORY", ""), directory)
    wanted = [str(PurePosixPath(folder, named or "inference.py")) for folder in folders]
    for folder, path in zip(folders, wanted, strict=True):
        if directory.outside(path).is_file():
            return ModelFiles(path, _requirements(folder, directory))
    if image.kind == "pytorch" and not named:
        return ModelFiles("", _requirements(folders[-1], directory))
    raise JobFailedError(
        f"ClientError: The model has no inference code. Looked for {' and '.join(wanted)} "
        f"(SAGEMAKER_PROGRAM {named or 'is not set'}), found in the artifact: {_shown(directory.outside(_MODEL))}. "
        f"{_why_code(image, container['Image'])}"
    )


def _code_folders(objects: JobObjects, submitted: str, directory: ContainerDirectory) -> list[str]:
    """Where the script may lie, in the order of the search."""
    folders = [f"{_MODEL}/code"]
    submitted = submitted.removeprefix("file://")
    if submitted.startswith("s3://"):
        code = directory.outside(_CODE)
        code.mkdir(parents=True)
        _provide_archive(objects, submitted, code)
        folders.insert(0, _CODE)
    elif submitted.startswith("/opt/ml/") and submitted.rstrip("/") not in folders:
        folders.insert(0, submitted.rstrip("/"))
    return folders


def _requirements(folder: str, directory: ContainerDirectory) -> str | None:
    path = f"{folder}/requirements.txt"
    return path if directory.outside(path).is_file() else None


def _why_code(image: ServingImage, uri: str) -> str:
    if image.kind == "unknown":
        return f"localaws does not run the image {uri}, so the artifact must bring code/inference.py."
    if image.kind == "scikit-learn":
        return f"The image {image.name} serves no model without one: the artifact must bring code/inference.py."
    return f"The image {image.name} serves the script that SAGEMAKER_PROGRAM names: bring it, or do not name one."


def _shown(folder: Path) -> str:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more if names else "nothing"
