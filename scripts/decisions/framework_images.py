"""The image that serves a model: chosen from AWS's stock images by the library that saved it, or given and checked.

The table is ``pipelines/framework_images.json``: framework, version, region, URI. Pure: it is handed in.
https://docs.aws.amazon.com/sagemaker/latest/dg/docker-containers-prebuilt.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scripts.decisions.model_formats import LIBRARY, Framework, minor
from scripts.errors import ModelPackageError

ImageTable = Mapping[str, Mapping[str, Mapping[str, str]]]
_ECR = re.compile(
    r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.([a-z0-9.-]+)/([^:@\s]+?)(?::([^@\s]+))?(?:@sha256:[0-9a-f]{64})?"
)
_LONGEST = 255
# A LightGBM model is served by the scikit-learn image, which installs LightGBM by the model's requirements.txt.
SERVED_BY: dict[Framework, Framework] = {"lightgbm": "sklearn"}


@dataclass(frozen=True)
class Image:
    """``framework`` and ``version`` are those of a stock image of AWS's; None for anybody's own."""

    uri: str
    framework: Framework | None
    version: str | None

    def __str__(self) -> str:
        return self.uri.rpartition("/")[2]


def chosen_image(
    table: ImageTable, framework: Framework, region: str, wanted: str | None, saved_by: Collection[str]
) -> Image:
    """The newest stock image that fits. ``wanted`` is a version that was asked for, ``saved_by`` the model's own."""
    served_by = SERVED_BY.get(framework, framework)
    images = {version: uris[region] for version, uris in table.get(served_by, {}).items() if region in uris}
    fitting = [version for version in images if _is_wanted(version, wanted, framework)]
    fitting = [version for version in fitting if wanted or not version_problem(served_by, version, saved_by)]
    if not fitting:
        asked = f" {wanted}" if wanted and framework == served_by else ""
        raise ModelPackageError(
            f"AWS has no {LIBRARY[served_by]}{asked} image in {region} for this model",
            found=[
                f"images of {region}: {', '.join(sorted(images, key=minor)) or 'none'}",
                *([f"the model was saved by {LIBRARY[served_by]} {', '.join(sorted(saved_by))}"] if saved_by else []),
            ],
            next_command="IMAGE=<uri>, FRAMEWORK_VERSION=<one of these>, or train with a version that an image has",
        )
    version = max(fitting, key=minor)
    return Image(images[version], served_by, version)


def given_image(table: ImageTable, uri: str) -> Image:
    """An image by its URI; a stock one by its repository's name and its tag."""
    match = _ECR.fullmatch(uri)
    if match:
        for framework, versions in table.items():
            for version, uris in versions.items():
                stock = [_ECR.fullmatch(each) for each in uris.values()]
                if any(each and each.group(4, 5) == match.group(4, 5) for each in stock):
                    return Image(uri, _framework(framework), version)
        repositories = {
            parts[4]: framework
            for framework, versions in table.items()
            for uris in versions.values()
            for each in uris.values()
            if (parts := _ECR.fullmatch(each))
        }
        if match[4] in repositories and match[5] and re.match(r"\d+\.\d+", match[5]):
            return Image(uri, _framework(repositories[match[4]]), match[5])
    return Image(uri, None, None)


def ecr_image(uri: str) -> tuple[str, str, str] | None:
    """(account, region, repository) of an image in ECR; None for one elsewhere."""
    match = _ECR.fullmatch(uri)
    return (match[1], match[2], match[4]) if match else None


def image_problems(table: ImageTable, uri: str, region: str) -> list[str]:
    """Why SageMaker in ``region`` could not pull an image, one line each."""
    if len(uri) > _LONGEST or not re.fullmatch(r"\S+", uri):
        return [f'"{uri[:80]}" is not the URI of an image']
    match = _ECR.fullmatch(uri)
    if not match:
        return []
    if match[2] != region:
        right = _same_image(table, match, region)
        return [f"the image is in {match[2]}, the stage in {region}" + (f"; there it is {right}" if right else "")]
    stock = {
        parts[1]: each_region
        for versions in table.values()
        for uris in versions.values()
        for each_region, each in uris.items()
        if (parts := _ECR.fullmatch(each))
    }
    right = _same_image(table, match, region)
    if match[1] in stock and right and right.partition(".")[0] != match[1]:
        return [f"account {match[1]} is AWS's registry in {stock[match[1]]}, not in {region}; there it is {right}"]
    return []


def version_problem(framework: Framework, image_version: str, saved_by: Collection[str]) -> str | None:
    """Why the image's library cannot load what another version of it has saved; None where it can.

    scikit-learn promises nothing between its minor versions; XGBoost loads what older versions saved as JSON or UBJ.
    """
    for version in sorted(saved_by):
        if not re.match(r"\d+\.\d+", version):
            return f"it was saved by {LIBRARY[framework]} {version[:40]}, which is no version"
        saved, served = minor(version), minor(image_version)
        if (framework == "sklearn" and saved != served) or (framework == "xgboost" and saved > served):
            return f"it was saved by {LIBRARY[framework]} {version}, and the image has {served[0]}.{served[1]}"
    return None


def _is_wanted(version: str, wanted: str | None, framework: Framework) -> bool:
    """A LightGBM version is no scikit-learn image's."""
    if not wanted or framework in SERVED_BY:
        return True
    return version == wanted or (
        re.fullmatch(r"\d+\.\d+([.-]\w+)*", wanted) is not None and minor(version) == minor(wanted)
    )


def _same_image(table: ImageTable, match: re.Match[str], region: str) -> str | None:
    for versions in table.values():
        for uris in versions.values():
            parts = _ECR.fullmatch(uris.get(region, ""))
            if parts and parts.group(4, 5) == match.group(4, 5):
                return uris[region]
    return None


def _framework(name: str) -> Framework:
    known: dict[str, Framework] = {"sklearn": "sklearn", "xgboost": "xgboost", "pytorch": "pytorch"}
    return known[name]
