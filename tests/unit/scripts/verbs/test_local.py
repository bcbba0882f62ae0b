"""What the embedded AWS cannot play is refused before it is started."""

from __future__ import annotations

import pytest

from scripts.errors import LocalCloudError
from scripts.verbs.local import require_playable


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_a_region_of_another_partition_is_refused_before_anything_is_started(region: str) -> None:
    with pytest.raises(LocalCloudError, match=f"cannot play {region}") as refused:
        require_playable(region)
    assert "CLOUD=aws" in str(refused.value.next_command)
    require_playable("eu-west-1")
