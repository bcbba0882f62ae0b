"""The toolchain, opened for one pipeline: the dev account, its region, and the CodePipeline by its name.

It is found by the settings alone; nothing here decides or changes anything.
"""

from __future__ import annotations

from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account, Accounts
from scripts.gateways.artifacts import Objects
from scripts.gateways.codepipelines import CodePipelines
from scripts.terminal.place import tell_place
from scripts.workspace.pipelines import require_pipeline
from scripts.workspace.stage_files import first_stage, stage_names


class ToolchainContext:
    """The CodePipeline of ``pipeline``, or of the stage files' own where none is named."""

    def __init__(self, pipeline: str | None = None) -> None:
        if pipeline:
            require_pipeline(pipeline)
        context = StageContext.open(first_stage(), pipeline)
        self.pipeline = context.names.pipeline
        self.approved_stage = stage_names()[-1]
        self.name = context.names.codepipeline
        self.region = context.settings.region
        self._options = f" PIPELINE={pipeline}" if pipeline else ""
        self._dev_account = context.settings.dev_account
        self._accounts = Accounts(self.region, tell_place=tell_place)
        self.sleep = self._accounts.sleep

    @property
    def dev(self) -> Account:
        return self._accounts.dev(self._dev_account)

    def read_object(self, bucket: str, key: str) -> str | None:
        """An object's text; None where there is none."""
        content = Objects(self.dev).read(bucket, key)
        return content.decode(errors="replace") if content is not None else None

    def codepipeline(self) -> CodePipelines:
        return CodePipelines(self.dev, self.name, self._options)
