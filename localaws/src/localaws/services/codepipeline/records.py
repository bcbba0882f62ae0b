"""What CodePipelines are remembered by. Every change is durable at once; nothing that must survive is elsewhere.

    codepipeline.pipeline   account/region/name                 declaration, metadata, tags
    codepipeline.structure  account/region/name/version         the declaration of each version
    codepipeline.stage      account/region/name/stage           who is in it, its transition, latest actions
    codepipeline.execution  account/region/name/execution       where it is, artifacts, variables, stages
    codepipeline.action     account/region/name/action          one run of one action (ActionExecutionDetail and more)
    codepipeline.rule       account/region/name/rule execution  one run of one rule (RuleExecutionDetail)

A stage's ``occupant`` is the execution that runs in it. An execution that is ``waiting`` stands before ``stage``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localaws.core.caller import Caller
from localaws.core.pages import Pages
from localaws.core.partitions import partition_of

if TYPE_CHECKING:
    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

RUNNING = ("InProgress", "Stopping")
PAGES = Pages("InvalidNextTokenException", "The next token is invalid", continuation="nextToken", size="maxResults")


@dataclass(frozen=True)
class PipelineKey:
    """One CodePipeline: its account, region and name."""

    account: str
    region: str
    name: str

    @classmethod
    def of(cls, caller: Caller, name: str) -> PipelineKey:
        return cls(caller.account, caller.region, name)

    @classmethod
    def parse(cls, text: str) -> PipelineKey:
        return cls(*text.split("/", 2))

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:{partition_of(self.region)}:codepipeline:{self.region}:{self.account}:{self.name}"


class Records:
    """All tables of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.lock = cloud.store.lock
        self.pipelines = cloud.store.table("codepipeline.pipeline")
        self.structures = cloud.store.table("codepipeline.structure")
        self.stages = cloud.store.table("codepipeline.stage")
        self.executions = cloud.store.table("codepipeline.execution")
        self.actions = cloud.store.table("codepipeline.action")
        self.rules = cloud.store.table("codepipeline.rule")

    def now(self) -> datetime:
        return self.cloud.clock.now()

    def structure(self, key: PipelineKey, version: int) -> Document:
        found = self.structures.get(f"{key}/{version}")
        if found is None:
            raise KeyError(f"{key}/{version}")
        return found

    def stage(self, key: PipelineKey, name: str) -> Document:
        """The state of a stage; a stage that no execution has reached has one too."""
        return self.stages.get(f"{key}/{name}") or {"occupant": None, "latest": None, "actions": {}, "inbound": None}

    def put_stage(self, key: PipelineKey, name: str, stage: Document) -> None:
        self.stages.put(f"{key}/{name}", stage)

    def execution(self, key: PipelineKey, execution_id: str) -> Document:
        found = self.executions.get(f"{key}/{execution_id}")
        if found is None:
            raise KeyError(f"{key}/{execution_id}")
        return found

    def put_execution(self, key: PipelineKey, execution: Document) -> None:
        execution["lastUpdateTime"] = self.now()
        self.executions.put(f"{key}/{execution['id']}", execution)

    def all_executions(self, key: PipelineKey) -> list[Document]:
        """Oldest first."""
        return self.executions.values(f"{key}/")

    def action(self, key: PipelineKey, action_execution_id: str) -> Document:
        found = self.actions.get(f"{key}/{action_execution_id}")
        if found is None:
            raise KeyError(f"{key}/{action_execution_id}")
        return found

    def forget(self, key: PipelineKey) -> None:
        """Remove a CodePipeline and its history."""
        self.pipelines.delete(str(key))
        for table in (self.structures, self.stages, self.executions, self.actions, self.rules):
            for name, _ in table.items(f"{key}/"):
                table.delete(name)


def stage_names(structure: dict[str, Any]) -> list[str]:
    return [stage["name"] for stage in structure["stages"]]


def stage_of(structure: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(stage for stage in structure["stages"] if stage["name"] == name)
    return found
