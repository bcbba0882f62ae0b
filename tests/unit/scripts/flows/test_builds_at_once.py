"""What doctor says to do where Service Quotas tells nothing of CodeBuild: it names CodeBuild's quotas, no other's."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from scripts.flows import readiness_checks


class _Silent:
    """An account whose Service Quotas knows no CodeBuild."""

    actor = "the reader"

    def client(self, _service: str) -> _Silent:
        return self

    def get_paginator(self, operation: str) -> _Silent:
        raise ClientError({"Error": {"Code": "NoSuchResourceException", "Message": ""}}, operation)


class _Context:
    dev = _Silent()


def test_unknown_build_quotas_are_looked_up_under_codebuild() -> None:
    check = dict(readiness_checks.DEV)["builds at once"]
    with pytest.raises(readiness_checks.UnknownError) as told:
        check(cast("Any", _Context()))
    assert "--service-code codebuild" in (told.value.next_command or "")
