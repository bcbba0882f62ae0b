"""How bootstrap comes into a stage's account: with the credentials at hand, by a profile named for it, or by a role.

AWS Organizations' role is tried where nothing is named, which helps whoever works from the management account alone: in
any other account a person names a profile or a role, runs bootstrap once in each account, or hands the foundation over.
A refusal tells these ways.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.errors import AccessDeniedError, UsageError
from scripts.flows.stage_context import StageContext
from scripts.gateways.accounts import Account

DEFAULT_ROLE = "OrganizationAccountAccessRole"
ROLE_VARIABLE = "BOOTSTRAP_ROLE_NAME"
PROFILES_VARIABLE = "BOOTSTRAP_PROFILES"


@dataclass(frozen=True)
class Administrators:
    """``profiles``: of the AWS configuration, by stage; ``role_name``: a role in every other stage's account."""

    role_name: str = DEFAULT_ROLE
    profiles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def named(
        cls, profiles: Sequence[str], stages: Sequence[str], environment: Mapping[str, str] = os.environ
    ) -> Administrators:
        """By the options ``STAGE=PROFILE``, which win over BOOTSTRAP_PROFILES, and by BOOTSTRAP_ROLE_NAME."""
        named = [*environment.get(PROFILES_VARIABLE, "").split(), *profiles]
        pairs = [each.partition("=") for each in named]
        for stage, _, profile in pairs:
            if not profile:
                raise UsageError(
                    f'"{stage}" names no profile for a stage',
                    next_command="make bootstrap ARGS='--profile prod=<a profile of ~/.aws/config>'",
                )
        strange = [stage for stage, _, _ in pairs[len(pairs) - len(profiles) :] if stage not in stages]
        if strange:
            raise UsageError(
                f'--profile {strange[0]}=...: there is no stage "{strange[0]}" among those to bootstrap',
                found=[f"stages: {', '.join(stages)}"],
                next_command=f"make bootstrap ARGS='--profile {stages[0]}=<a profile of ~/.aws/config>'",
            )
        return cls(environment.get(ROLE_VARIABLE) or DEFAULT_ROLE, {stage: profile for stage, _, profile in pairs})

    def account(self, context: StageContext) -> Account:
        """The stage's account as an administrator. Raises AccessDeniedError that says which ways lead there."""
        settings, names = context.settings, context.names
        profile = self.profiles.get(context.stage)
        if profile is not None:
            return context.accounts.of_profile(settings.account, profile)
        if context.accounts.identity(settings.dev_account)["Account"] == settings.account:
            return context.accounts.at_hand(settings.account)
        arn = f"arn:{names.partition}:iam::{settings.account}:role/{self.role_name}"
        try:
            return context.accounts.assumed(settings.account, arn, settings.dev_account)
        except AccessDeniedError as error:
            raise self._no_way_in(context, error) from error

    def way(self, context: StageContext) -> str:
        """In words: how this stage's account is entered."""
        profile = self.profiles.get(context.stage)
        if profile is not None:
            return f"by profile {profile}"
        own = context.accounts.identity(context.settings.dev_account)["Account"] == context.settings.account
        return "directly" if own else f"through {self.role_name}"

    def _no_way_in(self, context: StageContext, error: AccessDeniedError) -> AccessDeniedError:
        stage, account = context.stage, context.settings.account
        caller = context.accounts.identity(context.settings.dev_account)["Arn"]
        by_organizations = [f"{DEFAULT_ROLE} trusts the organization's management account alone"]
        return AccessDeniedError(
            f"{caller} may not become {self.role_name} in account {account} (stage {stage})",
            found=[
                *error.found,
                *(by_organizations if self.role_name == DEFAULT_ROLE else []),
                f"with a profile of that account: make bootstrap ARGS='--profile {stage}=PROFILE'",
                f"with that account's credentials alone: make bootstrap ARGS='--stage {stage}', and with dev's: make "
                "bootstrap ARGS=--no-foundation",
                f"with a role there that trusts you: {ROLE_VARIABLE}=ROLE make bootstrap",
                f"where another team deploys there: make bootstrap ARGS='--stage {stage} --hand-over FOLDER'",
            ],
            next_command=f"make bootstrap ARGS='--profile {stage}=PROFILE'   # or another of these ways; all of them "
            "are in docs/going-to-aws.md",
        )


def administrator(context: StageContext) -> Account:
    """The stage's account as the administrator that the environment names."""
    return Administrators.named([], [context.stage]).account(context)
