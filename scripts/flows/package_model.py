"""Makes a model.tar.gz that SageMaker can serve of what a person has: an archive, or a model file with or without code.

What the image's container would refuse is refused here, before anything is sent. It writes below ``build/`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.decisions.default_handlers import Packaging, default_packaging
from scripts.decisions.framework_images import (
    SERVED_BY,
    Image,
    ImageTable,
    chosen_image,
    given_image,
    image_problems,
)
from scripts.decisions.model_archive_rules import (
    CODE,
    REQUIREMENTS,
    ModelArchive,
    archive_framework,
    is_scripted,
    named_framework,
    require_safe,
    require_servable,
)
from scripts.decisions.model_formats import LIBRARY, Framework, ModelFile, skops_version
from scripts.decisions.serving_code import header_doubts
from scripts.decisions.serving_fit import Sent, fit_problems, require_fit
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import ModelPackageError, UsageError
from scripts.workspace.model_archives import (
    file_sha256,
    is_archive,
    read_archive,
    read_code,
    read_model_file,
    write_archive,
)
from scripts.workspace.pipelines import has_processing_step
from scripts.workspace.record_schemas import schema_of
from scripts.workspace.serving_files import default_code, read_image_table

BUILT = Path("build/models")


@dataclass(frozen=True)
class AskedModel:
    """What was said on the command line about the model itself, and what each stage's pipeline sends it."""

    artifact: Path
    code: Path | None = None
    requirements: Path | None = None
    framework: str | None = None
    framework_version: str | None = None
    image: str | None = None
    probability: bool = False
    sent: tuple[Sent, ...] = ()

    @property
    def predicts_probabilities(self) -> bool:
        """Whether the pipeline's schema predicts nothing else."""
        schemas = [each.schema for each in self.sent if each.schema is not None]
        return bool(schemas) and all(each.type == "probability" for each in schemas[0].predictions)


@dataclass(frozen=True)
class PackagedModel:
    """A model.tar.gz that its image serves. ``has_default_code``: its code/inference.py is one of scripts/serving/.

    ``probability``: that code shall give probabilities, as asked or as the pipeline's schema has it. ``doubts``: what
    its code may do wrong, one sentence each, to be told.
    """

    path: Path
    sha256: str
    image: Image
    scripted: bool
    has_default_code: bool
    probability: bool
    doubts: tuple[str, ...] = ()


def sent_by(pipeline: str, stages: Sequence[StageSettings]) -> tuple[Sent, ...]:
    """What the pipeline sends its model in each of the stages."""
    schema, is_preprocessed = schema_of(pipeline), has_processing_step(pipeline)
    return tuple(Sent.of(each, schema, is_preprocessed) for each in stages)


def package_model(asked: AskedModel, region: str, isolated: list[str], name: str) -> PackagedModel:
    """``isolated`` are the stages that keep this pipeline's jobs from the network; ``name`` the pipeline's.

    Raises ModelPackageError with everything that the container would refuse, UsageError where something must be said.
    """
    table = read_image_table()
    if asked.image and (problems := image_problems(table, asked.image, region)):
        raise ModelPackageError(
            f"SageMaker in {region} could not pull IMAGE",
            found=problems,
            next_command="the same command with that IMAGE",
        )
    if asked.framework:
        named_framework(asked.framework)
    target = BUILT / name / "model.tar.gz"
    if is_archive(asked.artifact):
        path, image, handler, classifies = *_from_archive(asked, table, region, target), None, False
    else:
        path, image, handler, classifies = _from_file(asked, table, region, target)
    archive = read_archive(path)
    require_servable(archive, image, isolated, str(asked.artifact))
    if asked.probability and handler is None:
        raise UsageError(
            "PROBABILITY is for the default serving code, and this model brings its own, or needs none",
            next_command="the same command without PROBABILITY",
        )
    probability = asked.probability or (handler is not None and classifies and asked.predicts_probabilities)
    require_fit(fit_problems(archive, image, asked.sent, handler, probabilities=probability), name, str(asked.artifact))
    doubts = tuple(header_doubts(archive.code)) if any(each.schema for each in asked.sent) else ()
    scripted = is_scripted(archive, image)
    return PackagedModel(path, file_sha256(path), image, scripted, handler is not None, probability, doubts)


def _from_archive(asked: AskedModel, table: ImageTable, region: str, target: Path) -> tuple[Path, Image]:
    """The archive as it is, or with the code that was given."""
    archive = read_archive(asked.artifact)
    require_safe(archive, str(asked.artifact))
    added = _added(asked)
    if asked.code and archive.has_code:
        raise UsageError(
            f"{asked.artifact} has a {CODE} already, and CODE would be a second one",
            next_command="the same command without CODE, or with the model file itself as ARTIFACT",
        )
    if CODE + REQUIREMENTS in archive.texts and asked.requirements:
        raise UsageError(
            f"{asked.artifact} has {CODE}{REQUIREMENTS} already", next_command="the same command without REQUIREMENTS"
        )
    image = _image(asked, table, region, None if asked.image else _known(asked, archive), archive.models)
    if added:
        write_archive(target, added, asked.artifact)
        return target, image
    return asked.artifact, image


def _known(asked: AskedModel, archive: ModelArchive) -> Framework:
    return archive_framework(archive, asked.framework)


def _from_file(asked: AskedModel, table: ImageTable, region: str, target: Path) -> tuple[Path, Image, str | None, bool]:
    """A model file at the top of an archive of its own; the default code it gets; whether it is a classifier."""
    found, content = read_model_file(asked.artifact)
    if not content:
        raise ModelPackageError(f"{asked.artifact} is empty", next_command=f"ls -l {asked.artifact}")
    own_image = bool(asked.image) and given_image(table, asked.image or "").framework is None
    if asked.code or own_image:
        framework = named_framework(asked.framework) if asked.framework else found.framework
        if framework is None and not asked.image:
            raise UsageError(
                f"which framework serves {asked.artifact} cannot be told",
                found=[found.reason],
                next_command="the same command with FRAMEWORK=sklearn|xgboost|lightgbm|pytorch, or IMAGE=<uri>",
            )
        image = _image(asked, table, region, framework, (found,))
        write_archive(target, {asked.artifact.name: content, **_added(asked)})
        return target, image, None, False
    packaging = default_packaging(found, asked.framework_version, skops_version(content), probability=asked.probability)
    image = _image(asked, table, region, packaging.framework, (found,))
    _require_same(packaging, image, asked)
    files = {packaging.model: content, **_default_files(packaging), **_added(asked)}
    write_archive(target, files)
    return target, image, packaging.handler, bool(found.contents and found.contents.is_classifier)


def _default_files(packaging: Packaging) -> dict[str, bytes]:
    if packaging.handler is None:
        return {}
    files = default_code(packaging.handler)
    if packaging.requirements:
        files[CODE + REQUIREMENTS] = packaging.requirements.encode()
    return files


def _added(asked: AskedModel) -> dict[str, bytes]:
    files = read_code(asked.code) if asked.code else {}
    if asked.requirements:
        if CODE + REQUIREMENTS in files:
            raise UsageError(
                f"{asked.code} has a {REQUIREMENTS} already", next_command="the same command without REQUIREMENTS"
            )
        files[CODE + REQUIREMENTS] = asked.requirements.read_bytes()
    return files


def _image(
    asked: AskedModel, table: ImageTable, region: str, framework: Framework | None, models: tuple[ModelFile, ...]
) -> Image:
    if asked.image:
        return given_image(table, asked.image)
    assert framework is not None
    served_by = SERVED_BY.get(framework, framework)
    saved_by = {version for each in models if each.framework == served_by for version in each.versions}
    return chosen_image(table, framework, region, asked.framework_version, saved_by)


def _require_same(packaging: Packaging, image: Image, asked: AskedModel) -> None:
    wanted = SERVED_BY.get(packaging.framework, packaging.framework)
    said = named_framework(asked.framework) if asked.framework else packaging.framework
    if image.framework != wanted or said not in (packaging.framework, wanted):
        raise ModelPackageError(
            f"{asked.artifact} is a {LIBRARY[packaging.framework]} model",
            found=[f"IMAGE is {image}" if asked.image else f"FRAMEWORK is {asked.framework}"],
            next_command="leave that out, or give the code that serves it so: CODE=inference.py",
        )
