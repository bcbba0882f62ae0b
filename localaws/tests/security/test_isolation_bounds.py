"""A fork bomb ends at the limit of its container, and the machine's own is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.isolation.enclosure import Enclosure
from localaws.isolation.limits import Limits
from localaws.isolation.process import Run
from localaws.isolation.trials import level
from tests.security.attacked_server import require

BOMB = """
import os, sys
made = 0
try:
    for _ in range(600):
        if os.fork() == 0:
            os.execv('/bin/sleep', ['sleep', '60'])
        made += 1
except OSError:
    pass
print(made)
"""


def test_a_fork_bomb_is_bounded(tmp_path: Path) -> None:
    require("pid")
    unbounded = [weakness for weakness in level().weaknesses if "processes is not bounded" in weakness]
    if unbounded:
        pytest.skip(unbounded[0])
    before = Path("/proc/sys/kernel/pid_max").read_text()
    enclosure = Enclosure([])
    run = Run(
        ["python3", "-I", "-S", "-c", BOMB],
        {"PATH": "/usr/bin:/bin"},
        "/",
        enclosure.view([]),
        limits=Limits(processes=400),
    )
    process = enclosure.start(run, tmp_path)
    output, _ = process.popen.communicate()
    process.close()
    assert process.popen.returncode == 0, output
    assert 50 < int(output) < 600
    assert Path("/proc/sys/kernel/pid_max").read_text() == before
