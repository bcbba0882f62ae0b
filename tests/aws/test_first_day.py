"""Opt-in: the first day on AWS, with the current credentials, in the accounts of the stage files; costs money.

RUN_ON_AWS=1 AWS_PROFILE=... tox run -e aws
"""

from __future__ import annotations

import os

import pytest

from tests.aws.day import LONGEST
from tests.aws.first_day import main

pytestmark = [
    pytest.mark.aws,
    pytest.mark.timeout(4 * LONGEST),
    pytest.mark.skipif(os.environ.get("RUN_ON_AWS") != "1", reason="spends money on AWS only with RUN_ON_AWS=1"),
]


def test_every_step_of_the_first_day_is_as_expected() -> None:
    assert main(["--accept-cost"]) == 0
