"""Which of AWS's stock images a stage's jobs run in: the definition names framework and version, the stage the region.

AWS keeps a registry of its own per region, so that an image's URI is a stage's value like any other, and no matter of
rendering. The table is ``pipelines/framework_images.json``. Pure: definition and table are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from scripts.decisions.framework_images import ImageTable
from scripts.errors import DefinitionError

Use = Literal["Processing", "Inference"]


def stock_image_uri(definition: Mapping[str, Any], use: Use, table: ImageTable, region: str) -> str | None:
    """The image's URI in ``region``, or None for a pipeline that names no such image.

    Raises DefinitionError for an image that the table lacks, or that AWS does not offer in this region.
    """
    metadata = definition.get("Metadata", {})
    named = metadata.get("StockImages", {}).get(use)
    if named is None:
        return _recorded(metadata.get(f"{use}ImageUris") or {}, use, region)
    framework, version = named.get("Framework"), named.get("Version")
    versions = table.get(framework, {})
    if version not in versions:
        raise DefinitionError(
            f"pipelines/framework_images.json has no {framework} {version}, which the pipeline names for {use.lower()}",
            found=[f"{framework}: {', '.join(versions) or 'none'}"],
            next_command="name one of these in pipeline.py; or add it to VERSIONS in "
            "pipelines/write_framework_images.py and run that where rendering runs",
        )
    return _of_region(versions[version], f"{framework} {version}", region)


def _recorded(uris: Mapping[str, str], use: Use, region: str) -> str | None:
    """Releases made by an earlier version carry a table of their own."""
    return _of_region(uris, f"for {use.lower()} that this release records", region) if uris else None


def _of_region(uris: Mapping[str, str], what: str, region: str) -> str:
    if region not in uris:
        raise DefinitionError(
            f"the SageMaker SDK knows no image {what} of AWS's in {region}",
            found=[f"it knows it in {', '.join(sorted(uris))}"],
            next_command="set processing.image_uri in the stage's file to an image there, e.g. a copy of AWS's",
        )
    return uris[region]
