"""``bootstrap``: deploy the foundation into every stage's account; run again, it only changes what has changed.

It uses the credentials at hand for their own account, and in every other account the role BOOTSTRAP_ROLE_NAME
(OrganizationAccountAccessRole unless set). It says beforehand which account gets what.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.command_line import argument_parser, print_json, run


def main(arguments: Sequence[str]) -> int:
    parser = argument_parser("scripts.bootstrap_accounts", __doc__ or "", stage=False)
    parser.add_argument("--stage", action="append", help="only this stage; repeatable; left out: all of stages/")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args(arguments)
    from scripts.bootstrapping import bootstrap_role_name, deploy_foundation
    from scripts.confirmation import confirm
    from scripts.errors import UsageError
    from scripts.progress import Progress
    from scripts.settings import stage_names
    from scripts.stage_context import StageContext

    names = chosen.stage or stage_names()
    if not names:
        raise UsageError(
            "there are no stages", next_command="write stages/preprod.yml; its schema is stages/schema.json"
        )
    contexts = [StageContext.open(name) for name in names]
    caller = contexts[0].accounts.identity(contexts[0].settings.dev_account)
    progress = Progress()
    progress.line(f"as {caller['Arn']}")
    for context in contexts:
        how = "directly" if caller["Account"] == context.settings.account else f"through {bootstrap_role_name()}"
        where = f"account {context.settings.account}, {context.settings.region}"
        progress.line(f"{where}: stack {context.names.foundation_stack}, {how}")
    if not chosen.yes and sys.stdin.isatty():
        confirm("Deploy these?", "yes")
    results = []
    for context in contexts:
        with progress.step(f"Foundation of {context.stage} in account {context.settings.account}"):
            stack, changed = deploy_foundation(context, progress)
            progress.line("deployed" if changed else "unchanged")
            results.append({"stage": context.stage, "stack": stack.name, "changed": changed, "outputs": stack.outputs})
    if chosen.output == "json":
        print_json({"foundations": results})
    else:
        for result in results:
            print(f"{result['stack']}: {'deployed' if result['changed'] else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
