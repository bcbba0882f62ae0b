"""``local-up``, ``local-down``, ``local-reset``, ``local-env``: start, prepare, stop, forget and name the embedded AWS.

``run`` is what every other verb goes through by default: it makes sure that localaws answers and that its accounts are
prepared, then becomes the verb with the environment that points at it. No real AWS account is ever touched.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from scripts.decisions.partitions import partition_of
from scripts.errors import LocalCloudError, UsageError
from scripts.local_cloud.environment import foreign_variables, shell_names, shell_variables
from scripts.terminal.command_line import argument_parser, print_json, run
from scripts.terminal.heartbeat import Heartbeat

_NOT_PLAYED = ("aws-iso-e", "aws-iso-f")
BOOTSTRAP = "scripts.verbs.bootstrap"
AWAITED = "the embedded AWS to be started and prepared"


def main(arguments: Sequence[str]) -> int:
    chosen = _parser().parse_args(arguments)
    command = _command(chosen) if chosen.action == "run" else []
    if {"-h", "--help"} & set(command):
        os.execvp(command[0], command)  # noqa: S606 (it needs no AWS)
    # After the arguments: this takes 190 ms to import, and --help answers in 30 ms.
    from scripts.local_cloud.keys import secret_of
    from scripts.local_cloud.preparation import ensure_ready, environment_of
    from scripts.local_cloud.server import STATE, down, reset, running_address
    from scripts.workspace.stage_files import any_stage, dev_account, load_stage

    if chosen.action == "fill":
        _fill()
    elif chosen.action == "down":
        down()
    elif chosen.action == "reset":
        reset()
    elif chosen.action == "up":
        require_playable(any_stage().region)
        with Heartbeat(AWAITED, on_terminal=False):  # what prepares it has heartbeats of its own
            endpoint_url = ensure_ready()
        print(endpoint_url)
    elif chosen.action == "env" and chosen.unset:
        print("unset", *shell_names())
    elif chosen.action == "env":
        address = running_address()
        if address is None:
            raise LocalCloudError("the embedded AWS is not running", next_command="make local-up")
        settings = load_stage(chosen.stage, any_pipeline=True) if chosen.stage else any_stage()
        account = settings.account if chosen.stage else settings.dev_account
        secret = secret_of(STATE, account)
        _print_environment(shell_variables(address["endpoint_url"], account, secret, settings.region), chosen.output)
    else:
        stage, pipeline = _subject_of(command)
        if stage is not None:  # what is missing, unknown or invalid is refused before anything is started for it
            load_stage(stage, pipeline=pipeline)
        if BOOTSTRAP in command:
            from scripts.verbs.bootstrap import require_valid  # here: 250 ms, for this verb alone

            require_valid(command[command.index(BOOTSTRAP) + 1 :], first=not STATE.exists())
        require_playable(any_stage().region)
        with Heartbeat(AWAITED, on_terminal=False):
            endpoint_url = ensure_ready()
        _announce(endpoint_url, dev_account())
        os.execvpe(command[0], command, environment_of(endpoint_url))  # noqa: S606 (the verb takes over)
    return 0


def require_playable(region: str) -> None:
    """Raises LocalCloudError for a region of a partition that the embedded AWS has not."""
    partition = partition_of(region)
    if partition in _NOT_PLAYED:
        raise LocalCloudError(
            f"the embedded AWS cannot play {region}: it does not have the partition {partition}",
            found=[f"region: {region} in stages/"],
            next_command="the same command with CLOUD=aws   # or, to try it here: AWS_REGION=us-east-1 make ...",
        )


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("scripts.verbs.local", "Start, stop, reset and address the embedded AWS of this clone.")
    parser.help_command = "make local-up ARGS=--help"
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("up", help="make local-up: start it if it is not running, and prepare its accounts")
    actions.add_parser("down", help="make local-down: stop it and keep its state")
    actions.add_parser("reset", help="make local-reset: stop it and delete its state")
    actions.add_parser("fill", help="what up does once: give each pipeline's first run its tests/sample.csv to score")
    environment = actions.add_parser("env", help="make local-env: print export lines that point any AWS client at it")
    environment.add_argument(
        "--unset", action="store_true", help="print the line that makes a shell forget what this exported (UNSET=1)"
    )
    environment.add_argument("--stage", help="credentials of this stage's account instead of dev's")
    runner = actions.add_parser("run", help="start and prepare it, then run a command against it")
    runner.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND ARGUMENT ...")
    return parser


def _fill() -> None:
    # Here: this takes 240 ms to import, and no other action needs it.
    from scripts.flows.upload_input import fill_stages

    for stage, pipeline, where in fill_stages():
        print(f"{stage}: the sample of pipelines/{pipeline} is its first input, in {where}", file=sys.stderr)


def _command(chosen: argparse.Namespace) -> list[str]:
    command: list[str] = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
    if not command:
        raise UsageError("no command given", next_command="python -m scripts.verbs.local run -- COMMAND")
    return command


def _subject_of(command: Sequence[str]) -> tuple[str | None, str | None]:
    """The stage and the pipeline that a verb's command line names, where it names them."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stage")
    parser.add_argument("--pipeline")
    known = parser.parse_known_args(command)[0]
    return known.stage, known.pipeline


def _print_environment(variables: Mapping[str, str], output: str) -> None:
    if output == "json":
        print_json(variables)
        return
    # The profile and token always, and whatever else stands in the shell that would lead calls elsewhere.
    print("unset", *sorted({"AWS_PROFILE", "AWS_SESSION_TOKEN", *foreign_variables()} - variables.keys()))
    for name, value in variables.items():
        print(f"export {name}={value}")


def _announce(endpoint_url: str, account: str) -> None:
    print(
        f"This is the embedded AWS (localaws) at {endpoint_url}, account {account}. For AWS itself: CLOUD=aws, see "
        "docs/going-to-aws.md.",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(run(main))
