"""What every verb's face shares: its arguments, where its result goes, and how an error ends the process.

Results go to stdout (a human form, or JSON with ``--output json``); progress, notes and errors go to stderr, so that
``--output json`` can be piped.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.errors import INTERRUPTED, DeploymentError, StorageError, UsageError
from scripts.terminal.harmless import harmless_output
from scripts.terminal.heartbeat import Heartbeat
from scripts.terminal.next_commands import named_pipeline, repeated


class _Parser(argparse.ArgumentParser):
    """argparse, with its errors told in the same form as all others."""

    help_command: str | None = None

    def error(self, message: str) -> Any:
        raise UsageError(message, next_command=self.help_command or f"{self.prog} --help")


def verb_parser(target: str, description: str, *, stage: bool = True) -> argparse.ArgumentParser:
    """The parser of the verb that ``make <target>`` runs, which is the module of ``scripts.verbs`` of that name."""
    parser = argument_parser(f"scripts.verbs.{target.replace('-', '_')}", description, stage=stage)
    parser.help_command = f"make {target} ARGS=--help"
    parser.epilog = f"`make {target}` runs this command and passes ARGS to it. {parser.epilog}"
    return parser


def argument_parser(module: str, description: str, *, stage: bool = False) -> _Parser:
    """A parser with ``--output`` and, where the command is about a stage, ``--stage`` and ``--pipeline``.

    ``module`` is the module that is run. The value of ``--stage`` is checked when the settings are loaded, since which
    stages exist is a matter of files.
    """
    parser = _Parser(
        prog=f"python -m {module}",
        description=description,
        epilog="Exit codes: docs/exit-codes.md.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    if stage:
        parser.add_argument("--stage", help="a stage: the name of its file in stages/ without .yml, e.g. preprod")
        add_pipeline_option(parser)
    parser.add_argument("--output", choices=["text", "json"], default="text", help="format of the result on stdout")
    return parser


def add_pipeline_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pipeline", metavar="FOLDER", help="a folder in pipelines/, instead of the one in the stage's file"
    )


def run(main: Callable[[Sequence[str]], int | None], arguments: Sequence[str] | None = None) -> int:
    """Run a verb and turn what it raises into a message on stderr and an exit code."""
    with harmless_output():
        return _run(main, sys.argv[1:] if arguments is None else arguments)


def _run(main: Callable[[Sequence[str]], int | None], given: Sequence[str]) -> int:
    verb = Path(sys.argv[0]).stem.replace("_", "-")
    try:
        # What a verb waits for outside its steps is an answer: of AWS, as a rule.
        with Heartbeat(f"{verb} to go on", on_terminal=False):
            return main(given) or 0
    except DeploymentError as error:
        return _report(error, named_pipeline(given))
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command again: it continues where it stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone, as `| head` does. Python would flush once more at its end, and tell of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return 0
    except OSError as error:
        told = _of_file(error)
        if told is None:
            raise
        return _report(told, None)


def positive(text: str) -> int:
    """The type of an argument that counts something."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number above 0')
    return int(text)


def print_json(result: Any) -> None:
    """The machine's form of a result, on stdout."""
    print(json.dumps(result, indent=2, sort_keys=True, default=str))


def _of_file(error: OSError) -> StorageError | None:
    """What a file's fault means to a user; None for an error that is of no file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"no space left: {error}", next_command="df -h .")
    if not isinstance(error.filename, (str, os.PathLike)):
        return None
    path = Path(error.filename)
    look = f"ls -ld {path.parent} {path}"
    not_ours = (f"{path}: {error.strerror}", f"{look}   # yours to read and write?")
    in_the_way = (f"{path}: a file stands where a folder is needed", f"{look}   # move that file away")
    missing = (f"there is no {path}", f"git checkout -- {path}   # brings back a file that was committed")
    if not path.parent.is_dir():
        missing = (f"there is no folder {path.parent}", f"mkdir -p {path.parent}")
    words = {
        errno.EACCES: not_ours,
        errno.EROFS: not_ours,
        errno.EPERM: not_ours,
        errno.EISDIR: (f"{path} is a folder; a file is needed", f"{look}   # name or make a file"),
        errno.ENOTDIR: in_the_way,
        errno.EEXIST: in_the_way,
        errno.ENOENT: missing,
    }.get(error.errno or 0)
    return StorageError(words[0], next_command=words[1]) if words else None


def _report(error: DeploymentError, pipeline: str | None) -> int:
    lines = [f"{error.title}: {error.problem}"]
    # One line of ours each: what AWS or a job said may have several.
    # Advice of ours among it names the pipeline too; a line that a log said, set off by a bar, stays as it was said.
    said = [part for line in error.found for part in line.splitlines() or [""]]
    lines += [f"  found: {part if part.startswith((' ', '|')) else repeated(part, pipeline)}" for part in said]
    if error.next_command:
        lines.append(f"  next:  {repeated(error.next_command, pipeline)}")
    print("\n".join(lines), file=sys.stderr)
    return error.exit_code
