"""One stage, opened: its settings, its names, and the gateways to its account and to dev's, each made when needed.

Verbs get everything from here; nothing here decides or changes anything. What reads and what changes are different
principals: ``objects`` is the reader's, ``promoter_objects`` the promoter's. Under a broken glass all are one, and none
that changes anything is handed out before the use is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from scripts.decisions.foundation import Foundation, foundation_of
from scripts.decisions.names import RoleKind, StageNames, names_that_fit
from scripts.decisions.stage_settings import StageSettings
from scripts.decisions.ways_to_change import deploying, running, verifying
from scripts.flows.assumed_roles import assumed_role
from scripts.gateways.accounts import Account, Accounts
from scripts.gateways.artifacts import Objects
from scripts.gateways.parameters import parameters_below
from scripts.gateways.pipelines import Pipelines
from scripts.gateways.registry import Registry
from scripts.gateways.stacks import Stacks
from scripts.terminal.place import tell_place
from scripts.workspace.pipelines import pipeline_names
from scripts.workspace.stage_files import load_stage


@dataclass
class BrokenGlass:
    """That a person changes this stage past its CodePipeline, why, and whether that is written down and told yet."""

    reason: str
    recorded: bool = False


class StageContext:
    """``stage`` with its settings. Each gateway is made when first asked for, and with it its client."""

    def __init__(
        self,
        stage: str,
        settings: StageSettings,
        accounts: Accounts | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.stage = stage
        self.settings = settings
        self.names = StageNames.of(stage, settings)
        self.sleep = sleep
        self._accounts = accounts
        self.glass: BrokenGlass | None = None

    @classmethod
    def open(
        cls, stage: str | None, pipeline: str | None = None, *, any_pipeline: bool = False, gone: bool = False
    ) -> StageContext:
        """Read and check the stage's settings for ``pipeline``, or for the stage's own where none is named.

        ``any_pipeline``: for what all pipelines of a stage share, such as its foundation. ``gone``: ``pipeline`` may
        have no folder any more; then of its settings only the account's are right.
        """
        if gone and pipeline and pipeline not in pipeline_names():
            settings = load_stage(stage, any_pipeline=True).model_copy(update={"pipeline": pipeline})
        else:
            settings = load_stage(stage, pipeline=pipeline, any_pipeline=any_pipeline)
        names_that_fit(str(stage), settings)
        return cls(str(stage), settings)

    def sibling(self, stage: str) -> StageContext:
        """Another stage, over the same sessions."""
        settings = load_stage(stage, pipeline=self.settings.pipeline)
        return StageContext(stage, settings, self.accounts if settings.region == self.settings.region else None)

    @property
    def deploys(self) -> str:
        """The command that deploys a release to this stage, for whoever reads it."""
        return deploying(self.stage, by_hand=self.settings.deployed_by_hand)

    @property
    def verifies(self) -> str:
        """The command that verifies what is live there."""
        return verifying(self.stage, by_hand=self.settings.deployed_by_hand)

    @property
    def runs(self) -> str:
        """The command that runs its pipeline, where there is one for a person, or what does."""
        return running(self.stage, by_hand=self.settings.deployed_by_hand)

    @property
    def accounts(self) -> Accounts:
        if self._accounts is None:
            self._accounts = Accounts(self.settings.region, self.sleep, tell_place)
        return self._accounts

    @property
    def dev(self) -> Account:
        return self.accounts.dev(self.settings.dev_account)

    def require_dev_credentials(self) -> Account:
        """Dev's account. Raises CredentialsError where the current credentials are of another one."""
        return self.dev

    def require_foundation(self) -> Foundation:
        """The stage's foundation. Raises FoundationError where there is none, or where its role cannot be assumed."""
        return self.foundation

    # ---- one account per role, each assumed when first needed; every verb takes the one that may do least ------------
    @cached_property
    def reader(self) -> Account:
        """The stage's account as its reader: whatever only looks."""
        return assumed_role(self.accounts, self.names, self.settings, self._kind("reader"))

    @cached_property
    def promoter(self) -> Account:
        """As what registers model packages and writes releases."""
        return assumed_role(self.accounts, self.names, self.settings, self._changing("promoter"))

    @cached_property
    def verifier(self) -> Account:
        """As what starts the pipeline and writes verifications."""
        return assumed_role(self.accounts, self.names, self.settings, self._changing("verifier"))

    @cached_property
    def deployment(self) -> Account:
        """As what changes the stack, the schedule's record, and deletes."""
        return assumed_role(self.accounts, self.names, self.settings, self._changing("deployment"))

    def break_glass(self, reason: str) -> None:
        """Act as the break-glass role alone from here on, which changes nothing before that is recorded."""
        self.glass = BrokenGlass(reason)

    def _kind(self, kind: RoleKind) -> RoleKind:
        return "break-glass" if self.glass else kind

    def _changing(self, kind: RoleKind) -> RoleKind:
        if self.glass and not self.glass.recorded:
            raise RuntimeError(f"stage {self.stage} would be changed before it is recorded who breaks the glass")
        return self._kind(kind)

    @cached_property
    def foundation(self) -> Foundation:
        return foundation_of(parameters_below(self.reader, self.names.parameter_path), self.names, self.settings)

    @cached_property
    def dev_registry(self) -> Registry:
        return Registry(self.dev, self.sleep)

    @cached_property
    def dev_objects(self) -> Objects:
        return Objects(self.dev)

    # ---- what reads the stage ---------------------------------------------------------------------------------------
    @cached_property
    def registry(self) -> Registry:
        return Registry(self.reader, self.sleep)

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.reader)

    @cached_property
    def stacks(self) -> Stacks:
        return Stacks(self.reader, self.sleep, [self.names.bucket])

    @cached_property
    def pipelines(self) -> Pipelines:
        return Pipelines(self.reader, self.sleep)

    # ---- what changes it --------------------------------------------------------------------------------------------
    @cached_property
    def promoter_registry(self) -> Registry:
        return Registry(self.promoter, self.sleep)

    @cached_property
    def promoter_objects(self) -> Objects:
        return Objects(self.promoter)

    @cached_property
    def verifier_objects(self) -> Objects:
        return Objects(self.verifier)

    @cached_property
    def verifier_pipelines(self) -> Pipelines:
        return Pipelines(self.verifier, self.sleep)

    @cached_property
    def deployment_stacks(self) -> Stacks:
        return Stacks(self.deployment, self.sleep)

    @cached_property
    def deployment_objects(self) -> Objects:
        return Objects(self.deployment)

    @property
    def copying_objects(self) -> Objects:
        """Dev's own credentials, as what copies artifacts into the stage (docs/adr/0005)."""
        self._changing("promoter")
        return self.dev_objects
