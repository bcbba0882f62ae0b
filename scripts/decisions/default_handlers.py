"""The serving code and packages that a bare model file is given where its image would refuse it as it is.

Only where one answer is right. The code is a file of ``scripts/serving/``, read elsewhere; here is which one, the name
that it finds the model by, and what must be installed.
"""

from __future__ import annotations

from dataclasses import dataclass

from scripts.decisions.model_formats import LIBRARY, Framework, ModelFile
from scripts.errors import ModelPackageError, UsageError

LIGHTGBM_RELEASE = "4.7.0"
# What the scikit-learn image has of what its models may be made of.
_IN_IMAGE = frozenset({"sklearn", "numpy", "scipy", "pandas", "joblib"})


@dataclass(frozen=True)
class Packaging:
    """``model`` is the model's name in the archive; ``handler`` a file of scripts/serving/, where one is needed."""

    framework: Framework
    model: str
    handler: str | None = None
    requirements: str | None = None


def default_packaging(found: ModelFile, wanted: str | None, skops: str | None, probability: bool) -> Packaging:
    """How a bare file is packaged. ``wanted`` is FRAMEWORK_VERSION, ``skops`` the release that wrote a skops file.

    Raises ModelPackageError where only its makers know how it is served.
    """
    if probability and found.contents and found.contents.versions and not found.contents.is_classifier:
        raise ModelPackageError(
            f"{found.name} has no classes, so it predicts no probabilities", next_command="leave out PROBABILITY"
        )
    if found.kind == "lightgbm-text":
        return Packaging("lightgbm", "model.txt", "lightgbm_inference.py", f"lightgbm=={_release(wanted)}\n")
    if found.kind == "skops":
        if not skops:
            raise _without_code(found, "it does not say which release of skops wrote it")
        return Packaging("sklearn", "model.skops", "skops_inference.py", f"skops=={skops}\n")
    if found.is_booster:
        suffix = {"xgboost-json": ".json", "xgboost-ubj": ".ubj"}.get(found.kind, "")
        several = found.outputs is not None and found.outputs > 1
        return Packaging("xgboost", f"xgboost-model{suffix}", "xgboost_inference.py" if several else None)
    if found.kind == "torchscript":
        return Packaging("pytorch", "model.pt")
    if found.kind == "pickle" and found.framework in ("sklearn", "lightgbm"):
        return _pickled(found, found.framework, wanted)
    why = found.reason or f"{LIBRARY.get(found.framework or '', 'its')} code must say how it is loaded"
    if found.kind == "pickle" and found.framework == "xgboost":
        why = "it holds a scikit-learn style model; model.get_booster().save_model('model.json') needs no code"
    raise _without_code(found, why)


def _pickled(found: ModelFile, framework: Framework, wanted: str | None) -> Packaging:
    assert found.contents is not None
    if found.contents.root is None or not found.contents.is_fitted:
        raise _without_code(found, "it holds no fitted estimator")
    requirements = None
    missing = found.contents.packages - _IN_IMAGE
    if framework == "lightgbm" and wanted:
        requirements, missing = f"lightgbm=={_release(wanted)}\n", missing - {"lightgbm"}
    if missing:
        own = "__main__" in missing
        raise _without_code(
            found,
            "it holds classes of the script that trained it (__main__)"
            if own
            else f"it holds objects of {', '.join(sorted(missing))}, which the image does not have"
            + (" (FRAMEWORK_VERSION=<LightGBM's release> installs it)" if "lightgbm" in missing else ""),
        )
    return Packaging(framework, "model.joblib", "sklearn_inference.py", requirements)


def _release(wanted: str | None) -> str:
    release = wanted or LIGHTGBM_RELEASE
    if not all(part.isdecimal() for part in release.split(".")) or release.count(".") != 2:
        raise UsageError(f'FRAMEWORK_VERSION "{release}" is no release of LightGBM', next_command="e.g. 4.6.0")
    return release


def _without_code(found: ModelFile, why: str) -> ModelPackageError:
    return ModelPackageError(
        f"{found.name} cannot be served without code of your own",
        found=[why],
        next_command="the same command with CODE=inference.py, and REQUIREMENTS= where that needs packages",
    )
