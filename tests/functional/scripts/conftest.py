"""An embedded AWS with a foundation in both stages, and repositories that deploy to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.scripts.site import ROOT, EmbeddedAws, Site


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """With a bucket in dev and the foundation in both stages."""
    aws = EmbeddedAws(tmp_path_factory.mktemp("aws"))
    try:
        aws.prepare(Site(tmp_path_factory.mktemp("bootstrap"), aws.address, aws.client))
        yield aws
    finally:
        aws.stop()


@pytest.fixture
def site(embedded_aws: EmbeddedAws, tmp_path: Path) -> Site:
    """A repository with a pipeline, a group and stacks of its own; nothing is registered or deployed yet."""
    return Site(tmp_path, embedded_aws.address, embedded_aws.client)


@pytest.fixture
def ready_site(site: Site) -> Site:
    """With an Approved version, and input in both stages."""
    site.register()
    for stage in ("preprod", "prod"):
        site.put_input(stage)
    return site


@pytest.fixture
def team(site: Site) -> Site:
    """Whose jobs may install packages."""
    for name in ("framework_images.json",):
        shutil.copy(ROOT / "pipelines" / name, site.folder / "pipelines" / name)
    for stage in ("preprod", "prod"):
        path = site.folder / "stages" / f"{stage}.yml"
        path.write_text(path.read_text() + "network_isolation: false\n")
    return site
