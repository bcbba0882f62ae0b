"""What the embedded AWS cannot play is refused before it is started."""

from __future__ import annotations

import pytest

from scripts.errors import LocalCloudError
from scripts.verbs.local import require_playable


@pytest.mark.parametrize("region", ["eu-isoe-west-1", "us-isof-south-1"])
def test_a_region_of_a_partition_that_it_has_not_is_refused_before_anything_is_started(region: str) -> None:
    with pytest.raises(LocalCloudError, match=f"cannot play {region}") as refused:
        require_playable(region)
    assert "CLOUD=aws" in str(refused.value.next_command)


@pytest.mark.parametrize("region", ["ap-southeast-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1"])
def test_other_partitions_are_played(region: str) -> None:
    require_playable(region)
