"""Which image a model names, and what that image would bring: its kind, its release and its Python packages.

Pure: an address in, facts out. The kind follows from the repository's name alone, so a copy of the image in a registry
of one's own counts as the image. Nothing is looked up, and no image is ever pulled.

https://docs.aws.amazon.com/sagemaker/latest/dg/pre-built-docker-containers-scikit-learn-spark.html
https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["scikit-learn", "xgboost", "pytorch", "unknown"]

_KINDS: dict[str, Kind] = {
    "sagemaker-scikit-learn": "scikit-learn",
    "sagemaker-xgboost": "xgboost",
    "pytorch-inference": "pytorch",
    "pytorch-inference-graviton": "pytorch",
    "sagemaker-pytorch": "pytorch",
    "pytorch": "pytorch",
}
_RELEASE = re.compile(r"(\d+)\.(\d+)(?!\d)")


@dataclass(frozen=True)
class Package:
    """One package that an image brings: any version of ``release`` ("1.7"), any under ``below`` ("2"), or any."""

    name: str
    release: str = ""
    below: str = ""
    also: str = ""  # another distribution that holds the same modules

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        if self.release:
            return f"{self.name}=={self.release}.*"
        return f"{self.name}<{self.below}" if self.below else self.name

    def accepts(self, version: str) -> bool:
        if self.release:
            return f"{version}.".startswith(f"{self.release}.")
        return not self.below or _numbers(version) < _numbers(self.below)


@dataclass(frozen=True)
class ServingImage:
    """``name`` is repository and tag; ``release`` the framework's, as "1.7", and empty where the tag does not say."""

    name: str
    kind: Kind
    release: str

    @property
    def framework(self) -> Package | None:
        """What the image is about; None where that is not known."""
        if self.kind == "scikit-learn":
            return Package("scikit-learn", self.release)
        if self.kind == "xgboost":
            # The wheels without GPU code have 5 MB in place of 200, and begin with 2.1.
            plain = self.release and _numbers(self.release) < (2, 1)
            return Package("xgboost", self.release) if plain else Package("xgboost-cpu", self.release, also="xgboost")
        return Package("torch", self.release) if self.kind == "pytorch" else None

    def companions(self, with_script: bool) -> tuple[Package, ...]:
        """What a model finds beside the framework; without a script only what the image's own code imports.

        The bounds are what the framework's release can live with, which is less strict than the image's own pins.
        """
        if self.kind == "unknown":
            return ()
        if self.kind == "pytorch":
            return (Package("numpy"),)
        if self.kind == "xgboost" and not with_script and not self._is_old:
            return Package("numpy"), Package("scipy")
        numpy, scipy, pandas, sklearn = self._bounds
        beside = [Package("numpy", below=numpy), Package("scipy", below=scipy)]
        if with_script or self.kind == "scikit-learn":
            beside += Package("pandas", below=pandas), Package("joblib")
        if with_script and self.kind == "xgboost":
            beside.append(Package("scikit-learn", below=sklearn))
        return tuple(beside)

    @property
    def _bounds(self) -> tuple[str, str, str, str]:
        """The versions that numpy, scipy, pandas and scikit-learn must stay below."""
        if self._is_old:
            return "2", "1.13", "2.3", "1.5"
        return ("2.3", "1.16", "3", "1.6") if self.kind == "xgboost" and self.release else ("", "", "", "")

    @property
    def _is_old(self) -> bool:
        """Whether the framework was built before numpy 2."""
        first = (1, 5) if self.kind == "scikit-learn" else (2, 1)
        return bool(self.release) and _numbers(self.release) < first


def serving_image(uri: str) -> ServingImage:
    """The image at ``uri``: registry/repository:tag, or with a digest in place of the tag, which says no release."""
    name = uri.partition("@")[0].rpartition("/")[2]
    repository, _, tag = name.partition(":")
    found = _RELEASE.match(tag)
    return ServingImage(name, _KINDS.get(repository, "unknown"), found.group(0) if found else "")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])
