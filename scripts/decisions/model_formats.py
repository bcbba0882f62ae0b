"""Which kind of model a file is, and which library's version saved it: by its bytes, never by loading it.

The name decides nothing but what an error calls the file: an XGBoost model may be ``model.bst``, a joblib file
``model.pkl``. Any bytes may come; what is no model is of the kind ``unknown``, with the reason.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from scripts.decisions.pickle_contents import PickleContents, pickle_contents

Framework = Literal["sklearn", "xgboost", "lightgbm", "pytorch"]
FRAMEWORKS: tuple[Framework, ...] = ("sklearn", "xgboost", "lightgbm", "pytorch")
LIBRARY = {"sklearn": "scikit-learn", "xgboost": "XGBoost", "lightgbm": "LightGBM", "pytorch": "PyTorch"}
Kind = Literal[
    "pickle",
    "skops",
    "xgboost-json",
    "xgboost-ubj",
    "xgboost-binary",
    "lightgbm-text",
    "torchscript",
    "torch",
    "unread",  # too large, or a pickle of a form that is not followed: it may well be a model
    "unknown",
]
BUILT_IN_XGBOOST = ("xgboost-json", "xgboost-ubj", "xgboost-binary")
# A pickle's protocol, and the compressions that joblib has: gzip, bz2, xz, lzma, zlib, lz4.
_MAYBE_PICKLE = (b"\x80", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x78", b"\x04\x22\x4d\x18")
_LARGEST_INDEX = 64 * 1024**2
_UBJ_VERSION = re.compile(rb"\x07version\[#L\x00{7}\x03(i.|I..|l.{4})(i.|I..|l.{4})(i.|I..|l.{4})", re.DOTALL)
_UBJ_COUNT = re.compile(rb"L\x00{7}.(num_class|num_feature|num_target)SL\x00{7}.(\d{1,9})", re.DOTALL)
_UBJ_OBJECTIVE = re.compile(rb"\x09objective\{.{0,4000}?\x04nameSL\x00{7}.([a-z]+:[a-z]+)", re.DOTALL)
_LARGEST_HEAD = 1024**2  # of a LightGBM file: before its trees
_SKLEARN_VERSION = re.compile(r'"_sklearn_version".{0,400}?"content": "\\"([\d.]+\w*)\\""', re.DOTALL)


@dataclass(frozen=True)
class ModelFile:
    """``versions`` are the saving library's, where the file tells; ``reason`` says why a kind is unknown.

    ``outputs``: how many values XGBoost or LightGBM gives for a record. ``feature_count`` and ``feature_names``: what
    it takes of one. None and empty where the file does not tell.
    """

    name: str
    kind: Kind
    framework: Framework | None = None
    versions: frozenset[str] = frozenset()
    contents: PickleContents | None = None
    reason: str = ""
    outputs: int | None = None
    feature_count: int | None = None
    feature_names: tuple[str, ...] = ()

    @property
    def is_booster(self) -> bool:
        """Whether the XGBoost image serves it without a script: a saved or a pickled Booster."""
        pickled = self.contents is not None and self.contents.root == ("xgboost.core", "Booster")
        return self.kind in BUILT_IN_XGBOOST or pickled


def model_file(name: str, content: bytes) -> ModelFile:
    """The kind of a file. Never raises."""
    if content[:4] == b"PK\x03\x04":
        return _zip(name, content)
    if content[:5] == b"tree\n" and b"version=v" in content[:40]:
        return _lightgbm(name, content)
    if content[:4] == b"binf":
        return ModelFile(name, "xgboost-binary", "xgboost")
    if content.lstrip()[:1] == b"{":
        return _xgboost_ubj(name, content) if content[:2] == b"{L" else _xgboost_json(name, content)
    return _pickle(name, content) if content else ModelFile(name, "unknown", reason="it is empty")


def minor(version: str) -> tuple[int, int]:
    """(1, 9) of 1.9.1, of 1.9-0 and of 3.0-5. Raises ValueError for what is no version."""
    match = re.match(r"(\d{1,6})\.(\d{1,6})", version)
    if not match:
        raise ValueError(f'"{version}" is not a version')
    return int(match[1]), int(match[2])


def _pickle(name: str, content: bytes) -> ModelFile:
    try:
        contents = pickle_contents(content)
    except ValueError as error:
        known = "a joblib or pickle file, skops, XGBoost (JSON, UBJ), LightGBM text or TorchScript"
        kind: Kind = "unread" if content.startswith(_MAYBE_PICKLE) else "unknown"
        return ModelFile(name, kind, reason=f"none of {known}; {error}")
    packages = contents.packages
    framework: Framework | None = None
    if "torch" in packages:
        return ModelFile(name, "torch", "pytorch", contents=contents)
    if "lightgbm" in packages:
        framework = "lightgbm"
    elif "xgboost" in packages:
        framework = "xgboost"
    elif "sklearn" in packages:
        framework = "sklearn"
    versions = contents.versions if framework == "sklearn" else frozenset()
    takes = {"feature_count": contents.feature_count, "feature_names": contents.feature_names}
    return ModelFile(name, "pickle", framework, versions, contents, **takes)  # type: ignore[arg-type]


def _lightgbm(name: str, content: bytes) -> ModelFile:
    head = dict(line.split(b"=", 1) for line in content[:_LARGEST_HEAD].splitlines() if b"=" in line)
    last, outputs = head.get(b"max_feature_idx", b""), head.get(b"num_tree_per_iteration", b"")
    return ModelFile(
        name,
        "lightgbm-text",
        "lightgbm",
        outputs=int(outputs) if outputs.isdigit() else None,
        feature_count=int(last) + 1 if last.isdigit() else None,
        feature_names=tuple(head.get(b"feature_names", b"").decode("utf-8", "replace").split()),
    )


def _xgboost_json(name: str, content: bytes) -> ModelFile:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        return ModelFile(name, "unknown", reason=f"it begins as JSON and is none: {str(error)[:200]}")
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(found, dict) or "learner" not in found or not _is_version(version):
        return ModelFile(name, "unknown", reason="its JSON has no learner and version, as XGBoost writes them")
    assert isinstance(version, list)
    learner = found["learner"] if isinstance(found["learner"], dict) else {}
    parameters, objective = learner.get("learner_model_param"), learner.get("objective")
    told = {key: value for key, value in parameters.items() if _is_count(value)} if isinstance(parameters, dict) else {}
    names = learner.get("feature_names")
    return ModelFile(
        name,
        "xgboost-json",
        "xgboost",
        frozenset({".".join(map(str, version))}),
        outputs=_outputs(objective.get("name") if isinstance(objective, dict) else None, told),
        feature_count=int(told["num_feature"]) if "num_feature" in told else None,
        feature_names=tuple(map(str, names)) if isinstance(names, list) else (),
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10


def _outputs(objective: Any, told: dict[str, str]) -> int | None:
    """multi:softprob gives a value for each class, every other objective one for each target."""
    if not isinstance(objective, str):
        return None
    classes = int(told.get("num_class", "0")) if objective == "multi:softprob" else 0
    return max(classes, 1) * max(int(told.get("num_target", "1")), 1)


def _is_version(version: Any) -> bool:
    return isinstance(version, list) and len(version) == 3 and all(type(part) is int for part in version)


def _xgboost_ubj(name: str, content: bytes) -> ModelFile:
    match = _UBJ_VERSION.search(content)
    if not match or b"\x07learner" not in content[:64]:
        return ModelFile(name, "unknown", reason="its UBJSON has no learner and version, as XGBoost writes them")
    version = ".".join(str(int.from_bytes(part[1:], "big", signed=True)) for part in match.groups())
    told = {found[1].decode(): found[2].decode() for found in _UBJ_COUNT.finditer(content)}
    objective = _UBJ_OBJECTIVE.search(content)
    return ModelFile(
        name,
        "xgboost-ubj",
        "xgboost",
        frozenset({version}),
        outputs=_outputs(objective[1].decode() if objective else None, told),
        feature_count=int(told["num_feature"]) if "num_feature" in told else None,
    )


def _zip(name: str, content: bytes) -> ModelFile:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {PurePosixPath(each).name for each in archive.namelist()}
            folders = {part for each in archive.namelist() for part in PurePosixPath(each).parts[:-1]}
            if "schema.json" in names:
                if archive.getinfo("schema.json").file_size > _LARGEST_INDEX:
                    return ModelFile(name, "unknown", reason="its schema.json is larger than can be looked at")
                return _skops(name, archive.read("schema.json").decode("utf-8", "replace"))
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, NotImplementedError) as error:
        return ModelFile(name, "unknown", reason=f"it begins as a zip file and is none: {error}")
    except RuntimeError as error:  # zipfile's, for what is encrypted
        return ModelFile(name, "unknown", reason=f"its zip file cannot be read: {error}")
    if "data.pkl" in names:
        return ModelFile(
            name, "torchscript" if {"constants.pkl"} <= names and "code" in folders else "torch", "pytorch"
        )
    return ModelFile(name, "unknown", reason="a zip file that neither skops nor PyTorch has written")


def _skops(name: str, schema: str) -> ModelFile:
    return ModelFile(name, "skops", "sklearn", frozenset(_SKLEARN_VERSION.findall(schema)))


def skops_version(content: bytes) -> str | None:
    """The release of skops that wrote a file of the kind ``skops``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = json.loads(archive.read("schema.json")).get("_skops_version")
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) and re.fullmatch(r"\d+(\.\d+)+", found) else None
