"""CodeBuild's quota of builds at once, against the number of CodePipelines."""

from __future__ import annotations

import pytest

from scripts.decisions.build_concurrency import quota_names, too_few

SMALL, MEDIUM = (f"Concurrently running builds for Linux/{size} environment" for size in ("Small", "Medium"))


@pytest.mark.aws_rule(
    "The number of CodeBuild's builds at once is a quota per compute type, and can be 1 in a new account",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html",
)
def test_a_quota_below_the_number_of_codepipelines_is_named() -> None:
    quotas = {SMALL: 20.0, MEDIUM: 1.0, "Build projects": 5000.0}
    assert too_few(quotas, 1) == []
    (line,) = too_few(quotas, 2)
    assert line.startswith(f"{MEDIUM}: 1, 2 needed")
    assert too_few({**quotas, SMALL: 0.0}, 1)[0].startswith(f"{SMALL}: 0, 1 needed")


def test_where_the_account_has_one_quota_for_all_it_counts() -> None:
    assert quota_names({"Concurrently running builds": 60.0}) == ["Concurrently running builds"]
    assert len(too_few({"Concurrently running builds": 1.0}, 2)) == 1
    assert quota_names({"Build projects": 5000.0}) == []
