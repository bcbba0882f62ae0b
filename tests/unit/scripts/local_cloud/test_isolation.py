"""What the embedded AWS's own command tells about closing jobs and builds in is read, or refused."""

from __future__ import annotations

import json

import pytest

from scripts.local_cloud.isolation import Isolation, read


def test_what_the_command_prints_is_read() -> None:
    told = {"made_by": "bubblewrap", "namespaces": ["mount", "pid"], "weaknesses": ["no limits"]}
    assert read(json.dumps(told)) == Isolation("bubblewrap", True, ("no limits",))


def test_without_file_systems_of_their_own_jobs_cannot_run() -> None:
    assert not read('{"made_by": "nothing", "namespaces": [], "weaknesses": ["no namespaces"]}').complete


@pytest.mark.parametrize("text", ["", "usage: localaws", "{}", '{"made_by": "bubblewrap"}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read(text)
