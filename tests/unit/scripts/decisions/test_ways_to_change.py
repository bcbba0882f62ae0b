"""Advice leads out: no stage that people may not change is said to be changed by a command that it refuses."""

from __future__ import annotations

import pytest

from scripts.decisions.ways_to_change import (
    deploying,
    destroying,
    going_back,
    running,
    switching,
    unverified,
    verifying,
)

OFF = switching("prod", "OFF", by_hand=False)


@pytest.mark.parametrize("way", [deploying, running, verifying, going_back])
def test_a_guarded_stage_is_changed_by_its_codepipeline_or_a_broken_glass(way: object) -> None:
    assert callable(way)
    guarded, by_hand = way("prod", by_hand=False), way("prod", by_hand=True)
    refused = ("make deploy STAGE=prod", "make run STAGE=prod", "make verify STAGE=prod")
    assert any(each in by_hand for each in (*refused, "make rollback STAGE=prod"))
    assert "BREAK_GLASS" in guarded or not any(each in guarded for each in refused)


def test_a_guarded_schedule_is_switched_with_the_glass_broken_alone() -> None:
    assert switching("prod", "on", by_hand=False) == 'make schedule STAGE=prod ON BREAK_GLASS="why"'
    assert switching("preprod", "off", by_hand=True) == 'make schedule STAGE=preprod OFF REASON="why"'


def test_a_command_about_one_release_leaves_its_place_open() -> None:
    assert going_back("prod", by_hand=True) == "make rollback STAGE=prod RELEASE=<release>"


def test_the_glass_is_broken_last_and_named_as_that() -> None:
    assert deploying("prod", by_hand=False, release="ab") == "make codepipeline; make approve"
    assert deploying("prod", by_hand=True, release="ab") == "make deploy STAGE=prod RELEASE=ab"
    assert unverified("prod", "ab", by_hand=False).startswith("in an emergency")
    for way in (unverified("prod", "ab", by_hand=False), destroying("prod", by_hand=False), OFF):
        assert way.endswith('BREAK_GLASS="why"')
    assert "BREAK_GLASS" not in destroying("prod", by_hand=True) + unverified("prod", "ab", by_hand=True)
