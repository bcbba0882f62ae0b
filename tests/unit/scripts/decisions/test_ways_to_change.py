"""Advice leads out: no stage that people may not change is said to be changed by a command that it refuses."""

from __future__ import annotations

import pytest

from scripts.decisions.ways_to_change import deploying, going_back, running, verifying


@pytest.mark.parametrize("way", [deploying, running, verifying, going_back])
def test_a_guarded_stage_is_changed_by_its_codepipeline_or_a_broken_glass(way: object) -> None:
    assert callable(way)
    guarded, by_hand = way("prod", by_hand=False), way("prod", by_hand=True)
    refused = ("make deploy STAGE=prod", "make run STAGE=prod", "make verify STAGE=prod")
    assert any(each in by_hand for each in (*refused, "make rollback STAGE=prod"))
    assert "BREAK_GLASS" in guarded or not any(each in guarded for each in refused)


def test_a_command_about_one_release_leaves_its_place_open() -> None:
    assert going_back("prod", by_hand=True) == "make rollback STAGE=prod RELEASE=<release>"
