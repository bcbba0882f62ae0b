"""``destroy``: delete a stage's batch inference stack; model packages, releases, inputs and predictions stay.

It asks first. --delete-data also deletes the objects in the stage's bucket, which remain as noncurrent versions until
the bucket's lifecycle removes them. For prod the option --yes-delete-prod is required, too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.errors import UsageError
from scripts.terminal.command_line import print_json, run, verb_parser
from scripts.terminal.progress import Progress
from scripts.terminal.questions import confirm
from scripts.verbs.break_glass_options import add_break_glass_option, as_typed

PROTECTED_STAGE = "prod"
PROTECTED_WORD = "--yes-delete-prod"


def main(arguments: Sequence[str]) -> int:
    parser = verb_parser("destroy", __doc__ or "")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--delete-data", action="store_true", help="also delete the objects in the stage's bucket")
    parser.add_argument(PROTECTED_WORD, action="store_true", help="required for prod")
    add_break_glass_option(parser)
    chosen = parser.parse_args(arguments)
    # After the arguments: this takes 250 ms to import, and --help answers in 40 ms.
    from scripts.decisions.ledger import Event
    from scripts.decisions.names import KEPT_FOLDERS
    from scripts.decisions.ways_to_change import destroying
    from scripts.flows.break_glass import record_use, require_way
    from scripts.flows.change_stack import delete_and_follow
    from scripts.flows.collect_models import collect_models
    from scripts.flows.ledger_entries import record_once
    from scripts.flows.one_at_a_time import free_of_the_dead, one_at_a_time
    from scripts.flows.stage_context import StageContext

    context = StageContext.open(chosen.stage, chosen.pipeline, gone=True)  # a deleted folder's stack can go too
    if context.stage == PROTECTED_STAGE and not chosen.yes_delete_prod:
        raise UsageError(
            f"deleting prod requires the option {PROTECTED_WORD}",
            next_command=f"{destroying('prod', by_hand=context.settings.deployed_by_hand)}   # asks; "
            f"without a terminal: ARGS='{PROTECTED_WORD} --yes'",
        )
    require_way(context, "destroy", chosen.break_glass)
    name, bucket = context.names.batch_stack, context.foundation.bucket
    stack = context.stacks.describe(name)
    keys = [key for key, _ in context.objects.keys(bucket, "")] if chosen.delete_data else []
    keys = [key for key in keys if not key.startswith(KEPT_FOLDERS)]  # who did it stays known
    progress = Progress()
    progress.line(
        f"stack {name} in account {context.settings.account}: " + (stack.status if stack else "does not exist")
    )
    progress.line(
        f"data in s3://{bucket}: " + (f"{len(keys)} objects will be deleted" if chosen.delete_data else "kept")
    )
    if not chosen.yes and (stack or keys):
        protected = f"{PROTECTED_WORD} --yes" if context.stage == PROTECTED_STAGE else "--yes"
        confirm("Delete?", context.stage, f"ARGS='{protected}'")
    if stack or keys:
        record_use(context, "destroy", as_typed("destroy", arguments), progress)
        objects = context.deployment_objects
        with one_at_a_time(context, "destroy", objects, progress):
            live = stack.parameters.get("ReleaseId") if stack else None
            told = (f"stack {name}" if stack else "no stack", f"{len(keys)} objects")
            record_once(context, objects, Event("destruction", from_release=live, details=told))
            if stack:
                with progress.step(f"Delete stack {name}"):
                    role = context.foundation.cloudformation_role_arn
                    delete_and_follow(context.deployment_stacks, stack, role, progress)
                    # its pipeline is gone, and with it all that uses them
                    collect_models(context, context.deployment, stack, progress, keep=0)
            if keys:
                with progress.step(f"Delete {len(keys)} objects"):
                    objects.delete(bucket, keys)
    else:
        free_of_the_dead(context, "destroy", progress)
    if chosen.output == "json":
        print_json({"stage": context.stage, "stack": name, "deleted": stack is not None, "deleted_objects": len(keys)})
    else:
        print(f"{name}: " + ("deleted" if stack else "did not exist") + f"; {len(keys)} objects deleted")
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
