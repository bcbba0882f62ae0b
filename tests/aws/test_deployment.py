"""Opt-in: deploys preprod with the current credentials, where AWS_ENDPOINT_URL and the stage files lead; costs money.

    RUN_ON_AWS=1 AWS_PROFILE=... tox run -e aws

It needs what docs/going-to-aws.md prepares: the foundation, an Approved model package, input to score. It runs the very
command that users run; with the embedded AWS's variables set it runs there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 3 * 3600

pytestmark = [
    pytest.mark.aws,
    pytest.mark.timeout(LONGEST),
    pytest.mark.skipif(os.environ.get("RUN_ON_AWS") != "1", reason="deploys to AWS only with RUN_ON_AWS=1"),
]


def deploy() -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.verbs.deploy", "--stage", "preprod", "--output", "json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0
    return json.loads(done.stdout)


def test_preprod_is_deployed_and_verified_and_a_second_time_left_alone() -> None:
    first = deploy()
    assert all(check["passed"] for check in first.get("checks", []))
    again = deploy()
    assert again["release_id"] == first["release_id"]
    assert not again["changed"]
