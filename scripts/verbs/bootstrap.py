"""``bootstrap``: deploy the foundation into every stage's account, the toolchain and the CodePipelines into dev.

It shows what each stack would change, property by property, and asks; stacks that are up to date are left alone, and a
parameter that nobody tells keeps its value. Your credentials are used in their own account; another account is entered
by the profile that --profile (or BOOTSTRAP_PROFILES) names for its stage, else by the role that BOOTSTRAP_ROLE_NAME
names (OrganizationAccountAccessRole unless set, which trusts an organization's management account alone).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.next_commands import repeated
from scripts.terminal.progress import BriefProgress, Progress
from scripts.terminal.questions import confirm

if TYPE_CHECKING:
    from scripts.decisions.stacks import Stack
    from scripts.flows.administrators import Administrators
    from scripts.flows.bootstrap import Scope
    from scripts.flows.bootstrap_stack import PlannedStack


def main(arguments: Sequence[str]) -> int:
    chosen = _parser().parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 30 ms.
    from scripts.decisions.toolchain import ToolchainOptions
    from scripts.flows.administrators import Administrators
    from scripts.flows.bootstrap import Scope, deploy_bootstrap, plan_bootstrap

    scope = Scope.open(chosen.stage or [], not chosen.no_foundation, not chosen.no_toolchain)
    options = ToolchainOptions(**{name: getattr(chosen, name) for name in ToolchainOptions.__dataclass_fields__})
    if chosen.hand_over:
        return _hand_over(scope, chosen)
    told = scope.require_valid(options)
    administrators = Administrators.named(chosen.profile or [], list(scope.contexts))
    progress = BriefProgress() if chosen.brief else Progress()
    _announce(scope, administrators, chosen.brief, progress)
    plan = plan_bootstrap(scope, told, administrators, progress)

    def agree(plans: Sequence[PlannedStack]) -> None:
        """Without a terminal, what takes no safeguard away needs no yes."""
        _show(plans, progress)
        if not chosen.yes and (sys.stdin.isatty() or any(each.removals for each in plans)):
            confirm("Deploy these stacks?", "yes")

    try:
        if plan.toolchain:  # what nobody told may be what the toolchain has: GitHub
            scope.require_source(plan.toolchain.source)
        if not chosen.brief or any(each.ready == "update" and each.changes_something for each in plan.shown):
            for line in plan.notes:
                progress.line(line)
            for name in plan.later:
                progress.line(f"{name} follows the toolchain: it is made, or its changes are shown, then")
            agree(plan.shown)
    except (UsageError, KeyboardInterrupt):
        plan.discard()
        raise
    results = [_result(*each, progress) for each in deploy_bootstrap(plan, agree, progress)]
    if chosen.output == "json":
        print_json({"stacks": results})
    elif not chosen.brief:
        for result in results:
            print(f"{result['stack']}: {'deployed' if result['changed'] else 'unchanged'}")
    return 0


def require_valid(arguments: Sequence[str], *, first: bool) -> None:
    """Raises what the command itself would raise before it changes anything, for whoever starts an AWS for it.

    ``first``: nothing can have been bootstrapped there yet.
    """
    chosen = _parser().parse_args(arguments)
    from scripts.decisions.toolchain import ToolchainOptions  # here: 250 ms, and --help answers in 30 ms
    from scripts.flows.bootstrap import Scope  # here: 250 ms, as above

    if not chosen.hand_over:
        scope = Scope.open(chosen.stage or [], not chosen.no_foundation, not chosen.no_toolchain)
        options = ToolchainOptions(**{name: getattr(chosen, name) for name in ToolchainOptions.__dataclass_fields__})
        told = scope.require_valid(options)
        if told and first:
            scope.require_source(told.toolchain)


def _parser() -> argparse.ArgumentParser:
    """What is not given of the toolchain keeps the value that the toolchain has."""
    parser = verb_parser("bootstrap", __doc__ or "", stage=False)
    parser.add_argument(
        "--stage",
        action="append",
        help="deploy this stage's foundation only; may be repeated; without it, every stage's and the toolchain",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--brief", action="store_true", help="show only the stack events that report a failure")
    parser.add_argument("--no-toolchain", action="store_true", help="deploy the foundations only")
    parser.add_argument("--no-foundation", action="store_true", help="deploy the toolchain and the CodePipelines only")
    parser.add_argument(
        "--profile",
        action="append",
        metavar="STAGE=PROFILE",
        help="a profile of the AWS configuration that is an administrator of this stage's account; may be repeated",
    )
    parser.add_argument(
        "--hand-over",
        type=Path,
        metavar="FOLDER",
        help="deploy nothing: write template and parameters of the foundations there, and print the command that "
        "another team deploys them with",
    )
    parser.add_argument("--source", choices=["CodeCommit", "GitHub"], help="where the repository is")
    parser.add_argument(
        "--repository",
        metavar="NAME",
        help="CodeCommit: name of the repository; a new toolchain uses the project's name",
    )
    parser.add_argument("--github-repository", metavar="OWNER/NAME", help="GitHub: owner and name of the repository")
    parser.add_argument("--connection-arn", metavar="ARN", help="GitHub: ARN of the confirmed connection")
    parser.add_argument("--branch", help="the branch to deploy; a new toolchain uses main")
    parser.add_argument(
        "--notification-email", metavar="ADDRESS", help="receives mail about failures, successes and approvals"
    )
    parser.add_argument(
        "--model-artifact-bucket",
        action="append",
        dest="model_artifact_buckets",
        metavar="BUCKET",
        help="a bucket that model artifacts lie in, besides those of the newest approved packages; may be repeated",
    )
    return parser


def _hand_over(scope: Scope, chosen: argparse.Namespace) -> int:
    from scripts.flows.hand_over import hand_over  # here: with the arguments it would cost --help 250 ms

    lines = [
        line
        for stage, context in scope.contexts.items()
        for line in hand_over(context, scope.pipelines_of(stage), chosen.hand_over)
    ]
    if chosen.output == "json":
        print_json({"instructions": lines})
    else:
        print("\n".join([*lines, repeated("when they are deployed: make bootstrap ARGS=--no-foundation", None)]))
    return 0


def _announce(scope: Scope, administrators: Administrators, brief: bool, progress: Progress) -> None:
    """As whom, and which account is entered how; who the caller is, is found out first in any case."""
    caller = scope.dev.accounts.identity(scope.dev.settings.dev_account)
    if brief:
        return
    progress.line(f"as {caller['Arn']}")
    for context in scope.founded:
        where = f"account {context.settings.account}, {context.settings.region}"
        progress.line(f"{where}: stack {context.names.foundation_stack}, {administrators.way(context)}")
    if scope.with_toolchain:
        dev = scope.dev
        where = f"account {dev.settings.dev_account}, {dev.settings.region}"
        stacks = [next(iter(each.values())).names.codepipeline_stack for each in scope.pipelines.values()]
        progress.line(f"{where}: stack {', '.join([dev.names.toolchain_stack, *stacks])}")


def _show(plans: Sequence[PlannedStack], progress: Progress) -> None:
    """What each stack would change, whole; removals of what guards are counted, so that none is overlooked."""
    for planned in plans:
        progress.line(f"{planned.name} {planned.heading}")
        for line in planned.lines():
            progress.line(f"  {line}")
    removed = sum(each.removals for each in plans)
    if removed:
        progress.line(f"!! {removed} of these changes REMOVE a permissions boundary, a policy or a statement of one")


def _result(stage: str | None, stack: Stack, changed: bool, progress: Progress) -> dict[str, Any]:
    progress.line(f"{stack.name}: {'deployed' if changed else 'unchanged'}")
    return {"stage": stage, "stack": stack.name, "changed": changed, "outputs": stack.outputs}


if __name__ == "__main__":
    sys.exit(run(main))
