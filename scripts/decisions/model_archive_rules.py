"""What SageMaker's container would refuse in a model.tar.gz, told before anything is uploaded.

Pure: what the archive holds was read elsewhere. Every problem is told at once, one line each.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from scripts.decisions.framework_images import Image, version_problem
from scripts.decisions.model_formats import FRAMEWORKS, LIBRARY, Framework, ModelFile
from scripts.decisions.requirements_rules import asks_for_packages, unpinned
from scripts.decisions.serving_code import PROGRAM, code_problems
from scripts.errors import ModelPackageError, UsageError

CODE = "code/"
REQUIREMENTS = "requirements.txt"
_PICKLES = (".joblib", ".pkl", ".pickle", ".skops")


@dataclass(frozen=True)
class Member:
    """``name`` as the archive has it; ``target`` is where a link leads."""

    name: str
    kind: Literal["file", "folder", "link", "other"]
    target: str = ""


@dataclass(frozen=True)
class ModelArchive:
    """``texts`` are the small files that decide: those of code/, and a requirements.txt at the top, by their paths."""

    members: tuple[Member, ...]
    texts: Mapping[str, bytes]
    models: tuple[ModelFile, ...]

    @property
    def paths(self) -> list[str]:
        return [normal(each.name) for each in self.members if each.kind in ("file", "link")]

    @property
    def code(self) -> dict[str, bytes]:
        """The Python files of code/, by their paths below it."""
        return {name.removeprefix(CODE): text for name, text in self.texts.items() if _is_code(name)}

    @property
    def has_code(self) -> bool:
        return any(path.startswith(CODE) for path in self.paths)

    @property
    def requirements(self) -> str | None:
        found = self.texts.get(CODE + REQUIREMENTS)
        return None if found is None else found.decode("utf-8", "replace")


def normal(name: str) -> str:
    """``model.joblib`` of ``./model.joblib``."""
    return str(PurePosixPath(name))


def archive_framework(archive: ModelArchive, given: str | None) -> Framework:
    """What the model at the archive's top is of, or what was said. Raises UsageError where neither tells."""
    if given:
        return named_framework(given)
    found = {each.framework for each in archive.models if each.framework}
    if len(found) == 1:
        return found.pop()
    raise UsageError(
        "which framework serves this model cannot be told from its files",
        found=[f"{each.name}: {each.framework or each.reason or each.kind}" for each in archive.models][:10]
        or ["no model file at the top of the archive"],
        next_command=f"the same command with FRAMEWORK={'|'.join(FRAMEWORKS)}, or IMAGE=<uri>",
    )


def named_framework(given: str) -> Framework:
    for each in FRAMEWORKS:
        if given.lower() in (each, LIBRARY[each].lower()):
            return each
    raise UsageError(
        f'"{given}" is no framework that this verb knows',
        next_command=f"FRAMEWORK={'|'.join(FRAMEWORKS)}, or IMAGE=<uri> for an image of your own",
    )


def require_servable(archive: ModelArchive, image: Image, isolated: Sequence[str], subject: str) -> None:
    """Raises ModelPackageError with everything that ``image`` would refuse. ``isolated``: stages without a network."""
    require_safe(archive, subject)
    problems = [*_code_problems(archive, image), *_requirements_problems(archive, isolated)]
    problems += _model_problems(archive, image)
    if problems:
        raise _refused(f"{subject}: the container of {image} would refuse this model", problems)


def require_safe(archive: ModelArchive, subject: str) -> None:
    """Raises ModelPackageError where the archive cannot be unpacked to a model, whichever image serves it."""
    problems = _layout_problems(archive)
    if problems:
        raise _refused(f"{subject} is no archive of a model", problems)


def _refused(problem: str, found: list[str]) -> ModelPackageError:
    return ModelPackageError(
        f"{problem}; nothing was uploaded",
        found=found,
        next_command="correct this and run the same command again; docs/registering-a-model.md has the layout",
    )


def _layout_problems(archive: ModelArchive) -> list[str]:
    problems = [problem for each in archive.members if (problem := _unsafe(each))]
    paths = archive.paths
    if problems:
        return problems
    if not paths:
        return ["it holds no file"]
    folders = {path.partition("/")[0] for path in paths if "/" in path}
    if len(folders) == 1 and not folders & {"code"} and all("/" in path for path in paths):
        folder = folders.pop()
        return [
            f"everything is inside {folder}/, and the model must be at the top: tar -C {folder} -czf model.tar.gz ."
        ]
    if len(set(paths)) < len(paths):
        twice = sorted({path for path in paths if paths.count(path) > 1})
        return [f"{path} is in it twice" for path in twice[:5]]
    return []


def _unsafe(member: Member) -> str | None:
    path = PurePosixPath(member.name)
    if member.kind == "other":
        return f"{member.name[:100]!r} is neither a file nor a folder"
    if path.is_absolute() or ".." in path.parts or "\x00" in member.name:
        return f"{member.name[:100]!r} would be unpacked outside of the model's folder"
    if member.kind == "link":
        target = PurePosixPath(member.target)
        depth = 0
        for part in [*path.parent.parts, *target.parts]:
            depth += -1 if part == ".." else 1
            if depth < 0 or target.is_absolute():
                return f"the link {member.name[:100]!r} leads out of the model's folder, to {member.target[:100]!r}"
    return None


def _code_problems(archive: ModelArchive, image: Image) -> list[str]:
    if PROGRAM in archive.paths and CODE + PROGRAM not in archive.paths:
        return [f"{PROGRAM} is at the top; the image looks for {CODE}{PROGRAM}"]
    if is_scripted(archive, image):
        if not archive.has_code:
            return [
                f"the {LIBRARY[image.framework or 'sklearn']} image needs {CODE}{PROGRAM} with model_fn(model_dir), "
                f"and there is no {CODE}: CODE={PROGRAM} adds yours"
            ]
        return code_problems(archive.code, needs_model_fn=image.framework in ("sklearn", "xgboost"))
    return []


def is_scripted(archive: ModelArchive, image: Image) -> bool:
    """Whether the image runs the model's own code: scikit-learn's always does."""
    if image.framework == "sklearn" or archive.has_code:
        return True
    return image.framework == "pytorch" and not any(each.kind == "torchscript" for each in archive.models)


def _requirements_problems(archive: ModelArchive, isolated: Sequence[str]) -> list[str]:
    if REQUIREMENTS in archive.paths:
        return [f"{REQUIREMENTS} is at the top, where nothing installs it: it belongs to {CODE}"]
    text = archive.requirements
    if text is None:
        return []
    beside = [path.removeprefix(CODE) for path in archive.paths if path.startswith(CODE)]
    problems = [f"{CODE}{REQUIREMENTS} {problem}" for problem in unpinned(text, beside)]
    if isolated and asks_for_packages(text):
        problems.append(
            f"{CODE}{REQUIREMENTS} asks for packages, and network isolation keeps the job from installing them "
            f"(stage {', '.join(isolated)}): set network_isolation: false for this pipeline"
        )
    return problems


def _model_problems(archive: ModelArchive, image: Image) -> list[str]:
    problems = []
    if image.framework == "xgboost" and not is_scripted(archive, image):
        problems += [
            f"{each.name} is no XGBoost model that the image loads without code: {_why_no_booster(each)}"
            for each in archive.models
            if not each.is_booster and each.kind != "unread"
        ]
        if not archive.models:
            problems.append("there is no model file at the top, such as xgboost-model")
    if image.framework:
        named = [each for each in archive.models if each.name.endswith(_PICKLES) and each.kind == "unknown"]
        problems += [f"{each.name} is no model: {each.reason}" for each in named]
    if image.framework and image.version:
        for each in archive.models:
            if each.framework == image.framework:
                problem = version_problem(image.framework, image.version, each.versions)
                problems += [f"{each.name}: {problem}"] if problem else []
    return problems


def _why_no_booster(found: ModelFile) -> str:
    if found.contents and found.contents.root:
        return f"it holds a pickled {found.contents.root[1]}; save model.get_booster().save_model('model.json')"
    return found.reason or f"it is of {LIBRARY.get(found.framework or '', found.kind)}"


def _is_code(name: str) -> bool:
    return name.startswith(CODE) and name.endswith(".py")
