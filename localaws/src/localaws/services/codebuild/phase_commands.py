"""The commands of one phase in the build's shell, in CodeBuild's order and with its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.services.codebuild.buildspec import Phase
from localaws.services.codebuild.failures import PhaseError

if TYPE_CHECKING:
    from localaws.services.codebuild.build_log import BuildLog
    from localaws.services.codebuild.shell import ShellSession


def run_phase(phase: Phase | None, shell: ShellSession, log: BuildLog, separately: bool = False) -> None:
    """Run the commands until one fails, then those of ``finally`` in any case; ``separately``: each in a shell of its
    own. Raises PhaseError for the first that failed."""
    if phase is None:
        return
    failure = _run_commands(phase.commands, shell, log, separately)
    if phase.finally_commands:
        last = _run_commands(phase.finally_commands, shell, log, separately)
        failure = failure or last
    if failure:
        raise failure


def _run_commands(commands: tuple[str, ...], shell: ShellSession, log: BuildLog, separately: bool) -> PhaseError | None:
    for command in commands:
        log.say(f"Running command {command.rstrip()}")
        status = shell.run(command)
        if separately:
            shell.forget()
        if status:
            log.say(f"Command did not exit successfully {command.rstrip()} exit status {status}")
            return PhaseError(
                "COMMAND_EXECUTION_ERROR",
                f"Error while executing command: {command.rstrip()}. Reason: exit status {status}",
            )
    return None
