"""The approver's page in a real browser: it fits a telephone, both colour schemes can be read, nothing is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.decisions.evidence import Evidence
from scripts.terminal.evidence_page import evidence_page
from tests.browser.chromium import NAMES, Seen, chromium, look_at
from tests.unit.scripts.sample_evidence import evidence, hostile

pytestmark = pytest.mark.skipif(
    chromium() is None, reason=f"no {', '.join(NAMES)} on this machine (Debian: apt install chromium)"
)
READABLE = 4.5  # WCAG 2.2, contrast (minimum), level AA
LONG = "a" * 300
SUBJECTS = {
    "as it should be": evidence(),
    "hostile": hostile(),
    "without a space": replace(
        evidence(), package_arn=LONG, approval_description=LONG, pipeline=LONG, definition_diff=(f"+{LONG}",)
    ),
}


def seen(subject: Evidence, folder: Path, width: int = 390, *, dark: bool = False) -> Seen:
    return look_at(evidence_page(subject), folder, width, dark=dark)


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_falls_off_a_telephone(name: str, tmp_path: Path) -> None:
    found = seen(SUBJECTS[name], tmp_path).measured
    assert found["width"] == 390
    assert found["beyond"] == []
    assert found["scroll_width"] <= 390


@pytest.mark.parametrize("dark", [False, True])
def test_both_colour_schemes_can_be_read(dark: bool, tmp_path: Path) -> None:
    found = seen(evidence(), tmp_path, 1200, dark=dark).measured
    assert (found["prefers_dark"], found["is_dark"]) == (dark, dark)
    assert found["texts"] > 50
    assert found["lowest_contrast"][0] >= READABLE, found["lowest_contrast"]


@pytest.mark.parametrize("name", SUBJECTS)
def test_nothing_is_loaded_nothing_runs_and_the_console_is_silent(name: str, tmp_path: Path) -> None:
    found = seen(SUBJECTS[name], tmp_path)
    assert found.requests == ["/", "/page"]
    assert found.measured["loaded"] == []
    assert (found.measured["scripts"], found.measured["images"]) == (0, 0)
    assert found.complaints == []


def test_the_plots_are_there_without_a_script(tmp_path: Path) -> None:
    found = seen(evidence(), tmp_path).measured
    assert found["plots"] == found["plots_seen"] == 3


@pytest.mark.parametrize(
    ("broken", "sign"),
    [
        ('<div style="width:600px">wide</div>', "beyond"),
        ('<img src="http://127.0.0.1:9/x.png">', "images"),
        ("<script>console.error('x')</script>", "scripts"),
    ],
)
def test_a_page_that_is_broken_is_noticed(broken: str, sign: str, tmp_path: Path) -> None:
    page = evidence_page(evidence()).replace("</header>", f"</header>{broken}")
    assert look_at(page, tmp_path, 390, dark=False).measured[sign]
