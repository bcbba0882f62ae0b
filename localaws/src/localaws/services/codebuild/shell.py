"""One shell for all commands of a build: variables, functions and the current directory last from phase to phase.

A command that ends the shell (``exit 1``, ``set -e``) fails with that status, and the next command finds a new shell
with the variables and the directory that the old one had; what the old one had started has ended with it. It knows
nothing of phases, logs or AWS.
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.isolation.process import EnclosedProcess
    from localaws.services.codebuild.container import BuildContainer


def program(named: str, image: str) -> tuple[str, ...]:
    """The shell that a buildspec names, or else the image's sh, which is bash on Amazon Linux."""
    if named:
        return (named,)
    return ("bash", "--posix") if "amazonlinux" in image else ("sh",)


class InterruptedBuildError(Exception):
    """The command was not waited for: the build is being stopped, has timed out, or the server goes down."""


class ShellSession:
    """Runs commands one after another in ``container``.

    ``write`` takes each line of output, as bytes without its newline; ``interrupted`` is asked several times a second
    and ends a running command by answering True.
    """

    def __init__(
        self,
        shell: tuple[str, ...],
        container: BuildContainer,
        write: Callable[[bytes], None],
        interrupted: Callable[[], bool],
    ) -> None:
        self._shell = shell  # the program and its options
        self._container = container
        self._write = write
        self._interrupted = interrupted
        self._process: EnclosedProcess | None = None
        self._nonce = secrets.token_hex(16).encode()
        self._commands = 0
        self._shells = 0
        self._exported: dict[str, str] = {}
        self._empty_lines = 0
        for folder in (container.commands, container.saved):
            folder.mkdir(parents=True, exist_ok=True)

    def run(self, command: str) -> int:
        """The command's exit status. Raises InterruptedBuildError."""
        if self._process is None or not self._process.running:
            self._start()
        self._commands += 1
        file = self._container.commands / f"command-{self._commands}.sh"
        file.write_text(command + "\n", encoding="utf-8")
        self._send(f". {shlex.quote(str(file))} </dev/null")
        self._send(f"printf '\\n{self._nonce.decode()} %d\\n' \"$?\" >&9")
        return self._follow()

    def export(self, name: str, value: str) -> None:
        """Set a variable for the commands that follow."""
        self._exported[name] = value
        if self._process is not None and self._process.running:
            self._send(f"export {name}={shlex.quote(value)}")

    def value_of(self, name: str) -> str | None:
        """A variable's value in the session, None where it is unset."""
        file = self._container.saved / "value"
        file.unlink(missing_ok=True)
        status = self.run(f'[ "${{{name}+set}}" = set ] && printf %s "${name}" >{shlex.quote(str(file))}')
        return _text_of(file) if status == 0 else None

    def forget(self) -> None:
        """The next command begins as the first one did."""
        self.close()
        for name in ("state.sh", "directory"):
            (self._container.saved / name).unlink(missing_ok=True)

    def close(self) -> None:
        """End the session and everything that it has started."""
        process, self._process = self._process, None
        if process is None:
            return
        process.stop()
        process.popen.wait()
        for pipe in (process.popen.stdin, process.popen.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.close()

    def _start(self) -> None:
        self.close()
        self._shells += 1
        self._process = self._container.launch(self._shell, self._container.agent / f"shell-{self._shells}")
        self._send("exec 9>&1")
        if (self._container.saved / "state.sh").exists():
            self._send(f'. {self._saved("state.sh")}; cd "$(cat {self._saved("directory")})"')
        functions = "declare -f; " if self._shell[0] == "bash" else ""
        saving = f"{{ export -p; {functions}}} >{self._saved('state.sh')}; pwd >{self._saved('directory')}\n"
        save = self._container.commands / "save.sh"
        save.write_text(saving, encoding="utf-8")
        self._send(f"trap {shlex.quote('. ' + shlex.quote(str(save)))} EXIT")
        for name, value in self._exported.items():
            self._send(f"export {name}={shlex.quote(value)}")
        self._send("set -a")

    def _saved(self, name: str) -> str:
        return shlex.quote(str(self._container.saved / name))

    def _send(self, line: str) -> None:
        assert self._process is not None
        pipe = self._process.popen.stdin
        assert pipe is not None
        with contextlib.suppress(BrokenPipeError):  # the shell has ended: _follow sees its status
            pipe.write(line.encode() + b"\n")
            pipe.flush()

    def _follow(self) -> int:
        """Pass the output on until the status line comes or the shell ends."""
        assert self._process is not None
        process = self._process.popen
        assert process.stdout is not None
        output = process.stdout.fileno()
        rest = b""
        while True:
            if self._interrupted():
                raise InterruptedBuildError
            ended = process.poll()
            ready, _, _ = select.select([output], [], [], 0 if ended is not None else 0.1)
            if not ready and ended is not None:
                break
            if not ready:
                continue
            chunk = os.read(output, 65536)
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            status = self._pass_on(lines)
            if status is not None:
                return status
        if rest:
            self._write(rest)
        code = process.wait()
        if self._process.problem:
            self._write(f"localaws cannot make the build's container: {self._process.problem}".encode())
        return code if code >= 0 else 128 - code

    def _pass_on(self, lines: list[bytes]) -> int | None:
        for line in lines:
            if line.startswith(b"+") and (self._nonce in line or os.fsencode(self._container.commands) in line):
                continue  # the session's own commands, which ``set -x`` of the build shows
            if line.startswith(self._nonce):
                # The status begins with a newline of its own: it ended an unfinished line, or is one empty line.
                self._write_empty_lines(self._empty_lines - 1)
                return int(line[len(self._nonce) :])
            if not line:
                self._empty_lines += 1
                continue
            self._write_empty_lines(self._empty_lines)
            self._write(line)
        return None

    def _write_empty_lines(self, number: int) -> None:
        for _ in range(number):
            self._write(b"")
        self._empty_lines = 0


def _text_of(file: Path) -> str | None:
    """What the build wrote there; None where it is no file, or a link to one that the build may not see."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as opened:
        return opened.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
