"""When the embedded AWS is prepared anew."""

from __future__ import annotations

from scripts.decisions.stage_settings import StageSettings
from scripts.local_cloud.preparation import PREPARED_FROM


def test_what_decides_whether_to_prepare_anew_are_settings_that_exist() -> None:
    assert StageSettings.model_fields.keys() >= PREPARED_FROM
    assert {"account", "project", "network", "deployed_by_hand", "break_glass"} <= PREPARED_FROM
    assert not {"schedule", "processing", "verification"} & PREPARED_FROM
