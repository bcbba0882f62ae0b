"""Assumes a stage's roles, one per kind of actor, and tells a refusal: which role, for whom, and what to do.

It changes nothing. An account that has the one role of an earlier foundation is told apart by asking for that role.
"""

from __future__ import annotations

import os

from scripts.decisions.names import RoleKind, StageNames
from scripts.decisions.stage_roles import no_reader, not_trusted
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import AccessDeniedError
from scripts.gateways.accounts import Account, Accounts


def in_build() -> bool:
    """Whether CodeBuild runs this: then each verb has a role of its own, and nobody to ask."""
    return "CODEBUILD_BUILD_ID" in os.environ


def assumed_role(accounts: Accounts, names: StageNames, settings: StageSettings, kind: RoleKind) -> Account:
    """The stage's account as this role. Raises FoundationError without a reader, AccessDeniedError for the others."""
    try:
        return accounts.assumed(names.account, names.role_arn(kind), names.dev_account)
    except AccessDeniedError as error:
        if kind == "reader":
            raise no_reader(names, error, is_earlier=_has_deployment_role(accounts, names)) from error
        caller = accounts.identity(names.dev_account)["Arn"]
        raise not_trusted(kind, names, settings, caller, error, in_build=in_build()) from error


def _has_deployment_role(accounts: Accounts, names: StageNames) -> bool:
    try:
        accounts.assumed(names.account, names.role_arn("deployment"), names.dev_account)
    except AccessDeniedError:
        return False
    return True
