"""The arguments of a call are judged by AWS's own model alone, whatever configuration the user has."""

from __future__ import annotations

import pytest

from scripts.gateways import service_model


def test_a_profile_that_does_not_exist_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    service_model._model.cache_clear()
    assert service_model.argument_problems("StopPipelineExecution", {"ClientRequestToken": "x" * 32}) != []
