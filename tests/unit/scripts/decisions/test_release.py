"""release.json: its id is of what runs, and an edited document is refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.decisions.release import Checksum, Pipeline, Source, image_lines, read_release, write_release
from scripts.errors import ReleaseError
from tests.unit.scripts.releases import CODE, CREATED, container, model_package, release, s3_object

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(TEXT, TEXT), st.datetimes(), st.booleans())
def test_the_id_depends_on_what_runs_and_not_on_when_and_where_from(
    environment: dict[str, str], created: datetime, dirty: bool
) -> None:
    package = model_package(containers=(container(environment=environment),))
    reordered = model_package(containers=(container(environment=dict(reversed(environment.items()))),))
    source = Source(created_at=created, git_commit="other", git_dirty=dirty)
    assert release(package).release_id == release(reordered, source=source).release_id


@pytest.mark.parametrize(
    "changed",
    [
        release(model_package(arn=model_package().arn.replace("/7", "/8"))),
        release(model_package(containers=(container(image="registry/image:2"),))),
        release(model_package(containers=(container(image_digest="sha256:1"),))),
        release(model_package(containers=(container(environment={}),))),
        release(model_package(containers=(container(objects=(s3_object(size=101),)),))),
        release(
            model_package(
                containers=(
                    container(
                        objects=(s3_object(checksum=Checksum(algorithm="SHA256", type="FULL_OBJECT", value="c2")),)
                    ),
                )
            )
        ),
        release(model_package(containers=(container(), container()))),
        release(
            pipeline=Pipeline(
                name="berths",
                definition_sha256="0" * 64,
                code=CODE,
            )
        ),
        release(pipeline=Pipeline(name="berths", definition_sha256="d" * 64, code={})),
        release(templates={"batch-inference.yml": "0" * 64, "foundation.yml": "a" * 64}),
    ],
)
def test_whatever_would_run_otherwise_changes_the_id(changed: Any) -> None:
    assert changed.release_id != release().release_id


def test_where_equal_content_lies_does_not_change_the_id() -> None:
    moved = s3_object(bucket="elsewhere", key="x/model.tar.gz", version_id="v9", etag="e9")
    assert release(model_package(containers=(container(objects=(moved,)),))).release_id == release().release_id


def test_a_written_release_reads_back_the_same() -> None:
    assert read_release(write_release(release()), "release.json") == release()


@given(st.data())
def test_every_edit_of_a_release_is_refused(data: st.DataObject) -> None:
    document = json.loads(write_release(release()))
    path = data.draw(st.sampled_from(list(_leaves(document))))
    parent = document
    for part in path[:-1]:
        parent = parent[part]
    old = parent[path[-1]]
    parent[path[-1]] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}x"
    with pytest.raises(ReleaseError):
        read_release(json.dumps(document), "release.json")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1}', '{"format": 1, "release_id": "x"}', "[" * 100_000]
)
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError) as refused:
        read_release(text, "release.json")
    assert "release.json" in refused.value.problem


def test_the_document_says_when_and_from_what_it_was_made() -> None:
    assert release().source.created_at == CREATED
    assert json.loads(write_release(release()))["source"]["git_commit"] == "abc"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path


def test_an_image_that_no_digest_pins_is_said_once() -> None:
    untold, told = container(), container(image_digest="sha256:" + "a" * 64)
    (line,) = image_lines(release(model_package(containers=(untold, untold, told))))
    assert untold.image in line
    assert image_lines(release(model_package(containers=(told,)))) == []
