"""When the embedded AWS may be started again: never under something that runs."""

from __future__ import annotations

import pytest

from scripts.errors import LocalCloudError
from scripts.local_cloud.server import require_idle

NEW = ["444444444444"]


def test_an_idle_server_may_be_started_again() -> None:
    require_idle({"at_work": []}, NEW)
    require_idle({}, NEW)  # an older server does not say


def test_what_runs_there_is_named_and_so_is_the_variable_that_asks_for_the_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROD_ACCOUNT_NUMBER", NEW[0])
    with pytest.raises(LocalCloudError) as refused:
        require_idle({"at_work": ["pipeline-x"]}, NEW)
    assert "running: pipeline-x" in refused.value.found
    assert str(refused.value.next_command).startswith("unset AWS_PROD_ACCOUNT_NUMBER ")


def test_where_a_file_names_the_account_the_way_out_is_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROD_ACCOUNT_NUMBER", "660011223344")
    with pytest.raises(LocalCloudError) as refused:
        require_idle({"at_work": ["pipeline-x"]}, NEW)
    assert "make local-down" in str(refused.value.next_command)
    assert "unset" not in str(refused.value.next_command)
