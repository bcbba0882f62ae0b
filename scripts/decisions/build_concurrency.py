"""Whether CodeBuild runs as many builds at once as the project's CodePipelines may start. Pure.

A CodePipeline runs one build at a time. New accounts have been given a single build at a time, or none at all; what
is more waits in a queue that is short, and is refused beyond it ("Cannot have more than 1 builds in queue").
https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
"""

from __future__ import annotations

from collections.abc import Mapping

# What toolchain.yml's projects run on, as Service Quotas names it: Build on the second, all others on the first.
ENVIRONMENTS = ("Linux/Small", "Linux/Medium")
ACCOUNT_WIDE = "Concurrently running builds"  # the only quota in some partitions


def quota_names(quotas: Mapping[str, float]) -> list[str]:
    """Those of ``quotas`` that bound the project's builds; empty where none is known."""
    named = [f"{ACCOUNT_WIDE} for {each} environment" for each in ENVIRONMENTS]
    return [name for name in (*named, ACCOUNT_WIDE) if name in quotas]


def too_few(quotas: Mapping[str, float], codepipelines: int) -> list[str]:
    """One line for each quota that is smaller than the number of CodePipelines."""
    return [
        f"{name}: {quotas[name]:.0f}, {codepipelines} needed so that no CodePipeline's build waits or is refused"
        for name in quota_names(quotas)
        if quotas[name] < codepipelines
    ]
