"""The toolchain, opened: the dev account, its region, and the CodePipeline by its name.

It is found by the stage files alone; nothing here decides or changes anything.
"""

from __future__ import annotations

from scripts.gateways.accounts import Account, Accounts
from scripts.gateways.artifacts import Objects
from scripts.gateways.codepipelines import CodePipelines
from scripts.workspace.stage_files import load_stage, stage_names


def toolchain_name(project: str) -> str:
    """The name of the toolchain's stack and of its CodePipeline."""
    return f"{project}-toolchain"


class ToolchainContext:
    """The CodePipeline of the project that the stage files name."""

    def __init__(self) -> None:
        settings = load_stage(stage_names()[0], any_pipeline=True)
        self.name = toolchain_name(settings.project.name)
        self.region = settings.region
        self._dev_account = settings.dev_account
        self._accounts = Accounts(settings.region)
        self.sleep = self._accounts.sleep

    @property
    def dev(self) -> Account:
        return self._accounts.dev(self._dev_account)

    def read_object(self, bucket: str, key: str) -> str | None:
        """An object's text; None where there is none."""
        content = Objects(self.dev).read(bucket, key)
        return content.decode(errors="replace") if content is not None else None

    def codepipeline(self) -> CodePipelines:
        return CodePipelines(self.dev, self.name)
