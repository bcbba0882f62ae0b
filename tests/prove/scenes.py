"""The commands that are put to the proof, each with what stands before it. A further one is a further line.

What stands is made once and kept as a folder: the embedded AWS' state and the repository. Every proof begins with a
copy of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.functional.conftest import REGION
from tests.functional.scripts.drift_by_hand import CHANGED, DELETED, Stage
from tests.functional.scripts.site import DEV_BUCKET, ROOT, EmbeddedAws, Site

LONGEST_PREPARATION = 600.0


@dataclass(frozen=True)
class Scene:
    """A verb with its arguments. ``prepare`` brings the site to where the verb begins."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[EmbeddedAws, Site], None]


def _accounts(aws: EmbeddedAws, site: Site) -> None:
    aws.client("s3").create_bucket(Bucket=DEV_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def _foundation(aws: EmbeddedAws, site: Site) -> None:
    aws.prepare(site)
    site.register()
    site.put_input()


def _released(aws: EmbeddedAws, site: Site) -> None:
    _foundation(aws, site)
    _run(site, "release", "--stage", "preprod")


def _deployed(aws: EmbeddedAws, site: Site) -> None:
    _foundation(aws, site)
    _run(site, "deploy", "--stage", "preprod")


def _to_verify_again(aws: EmbeddedAws, site: Site) -> None:
    _deployed(aws, site)
    site.put_input(rows=12)


def _newer_model(aws: EmbeddedAws, site: Site) -> None:
    _deployed(aws, site)
    site.register()


def _deployed_twice(aws: EmbeddedAws, site: Site) -> None:
    _newer_model(aws, site)
    _run(site, "deploy", "--stage", "preprod")


def _changed_by_hand(aws: EmbeddedAws, site: Site) -> None:
    _deployed(aws, site)
    stage = Stage(site)
    for hands in (CHANGED, DELETED):
        for hand in hands:
            hand(stage)


def _run(site: Site, verb: str, *arguments: str) -> None:
    done = site.run(verb, *arguments)
    assert done.returncode == 0, done.stderr


_PREPROD = ("--stage", "preprod")
_ALL = (
    Scene("bootstrap", ("bootstrap", "--yes", "--no-toolchain"), _accounts),
    Scene("promote", ("promote", *_PREPROD), _released),
    Scene("deploy", ("deploy", *_PREPROD), _foundation),
    Scene("deploy a newer model", ("deploy", *_PREPROD), _newer_model),
    Scene("verify", ("verify", *_PREPROD), _to_verify_again),
    Scene("repair drift", ("deploy", *_PREPROD), _changed_by_hand),
    Scene("rollback", ("rollback", *_PREPROD), _deployed_twice),
    Scene("destroy", ("destroy", *_PREPROD, "--yes"), _deployed),
)
SCENES = {each.name: each for each in _ALL if (ROOT / f"scripts/verbs/{each.command[0]}.py").exists()}


@dataclass(frozen=True)
class Snapshot:
    """A scene as it stands: ``folder`` holds "state" and "site"."""

    scene: Scene
    folder: Path
    site: Site


def snapshot(scene: Scene, folder: Path) -> Snapshot:
    aws = EmbeddedAws(folder)
    try:
        (folder / "site").mkdir()
        site = Site(folder / "site", aws.address, aws.client)
        site.deadline = LONGEST_PREPARATION  # proofs run many at once
        scene.prepare(aws, site)
    finally:
        aws.stop()
    return Snapshot(scene, folder, site)
