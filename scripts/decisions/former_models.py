"""Which of the models that deployments have replaced may be deleted now. Pure.

CloudFormation leaves a replaced model behind (UpdateReplacePolicy: Retain), because executions that began before may
still start transform jobs from it. The live model is none of these. The one before it stays, so that a failed execution
of it can be retried; and so does every one that a running execution was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FormerModels:
    """``in_use`` names the execution that keeps a model."""

    deletable: tuple[str, ...]
    in_use: Mapping[str, str]


def former_models(
    left_behind: Sequence[str], present: Sequence[str], running: Mapping[str, Mapping[str, str]], keep: int = 1
) -> FormerModels:
    """``left_behind``: physical ids that CloudFormation skipped, newest first; ``present``: names of all models.

    A physical id is a name or an ARN, and SageMaker writes names in ARNs in lower case. ``running``: execution -> the
    parameters that it was given. ``keep``: how many of the newest stay in any case.
    """
    by_key = {name.lower(): name for name in present}
    found = [by_key[key] for key in dict.fromkeys(map(_key, left_behind)) if key in by_key]
    users = {value.lower(): execution for execution, given in running.items() for value in given.values()}
    older = found[keep:]
    return FormerModels(
        tuple(name for name in older if name.lower() not in users),
        {name: users[name.lower()] for name in older if name.lower() in users},
    )


def _key(physical_id: str) -> str:
    return physical_id.rpartition("/")[2].lower()
