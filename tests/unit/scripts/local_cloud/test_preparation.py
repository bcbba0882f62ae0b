"""When the embedded AWS is prepared anew."""

from __future__ import annotations

import pytest

from scripts.decisions.stage_settings import StageSettings
from scripts.errors import LocalCloudError
from scripts.local_cloud.preparation import PREPARED_FROM, require_playable


def test_what_decides_whether_to_prepare_anew_are_settings_that_exist() -> None:
    assert StageSettings.model_fields.keys() >= PREPARED_FROM
    assert {"account", "project", "network"} <= PREPARED_FROM
    assert not {"schedule", "processing", "verification"} & PREPARED_FROM


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_a_region_of_another_partition_is_refused_before_anything_is_started(region: str) -> None:
    with pytest.raises(LocalCloudError, match=f"cannot play {region}") as refused:
        require_playable(region)
    assert "CLOUD=aws" in str(refused.value.next_command)
    require_playable("eu-west-1")
