"""One shell for all commands of a build: variables, functions and the current directory last from phase to phase.

A command that ends the shell (``exit 1``, ``set -e``) fails with that status, and the next command finds a new shell
with the variables and the directory that the old one had. It knows nothing of phases, logs or AWS.
https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from localaws.core.private_files import CHILD_UMASK

_KILL_AFTER = 2.0  # seconds between SIGTERM and SIGKILL


class InterruptedBuildError(Exception):
    """The command was not waited for: the build is being stopped, has timed out, or the server goes down."""


class ShellSession:
    """Runs commands one after another.

    ``scratch`` holds command files and the saved state; ``write`` takes each line of output, as bytes without its
    newline; ``interrupted`` is asked several times a second and ends a running command by answering True.
    """

    def __init__(
        self,
        shell: str,
        directory: Path,
        environment: dict[str, str],
        scratch: Path,
        write: Callable[[bytes], None],
        interrupted: Callable[[], bool],
    ) -> None:
        self._shell = shell
        self._directory = directory
        self._environment = environment
        self._scratch = scratch
        self._write = write
        self._interrupted = interrupted
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        self._guardian: _Guardian | None = None
        self._nonce = secrets.token_hex(16).encode()
        self._commands = 0
        self._exported: dict[str, str] = {}
        self._empty_lines = 0
        scratch.mkdir(parents=True, exist_ok=True)

    def run(self, command: str) -> int:
        """The command's exit status. Raises InterruptedBuildError."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        self._commands += 1
        file = self._scratch / f"command-{self._commands}.sh"
        file.write_text(command + "\n", encoding="utf-8")
        self._send(f". {shlex.quote(str(file))} </dev/null")
        self._send(f"printf '\\n{self._nonce.decode()} %d\\n' \"$?\" >&9")
        return self._follow()

    def export(self, name: str, value: str) -> None:
        """Set a variable for the commands that follow."""
        self._exported[name] = value
        if self._process is not None and self._process.poll() is None:
            self._send(f"export {name}={shlex.quote(value)}")

    def value_of(self, name: str) -> str | None:
        """A variable's value in the session, None where it is unset."""
        file = self._scratch / "value"
        file.unlink(missing_ok=True)
        status = self.run(f'[ "${{{name}+set}}" = set ] && printf %s "${name}" >{shlex.quote(str(file))}')
        return file.read_text(encoding="utf-8", errors="replace") if status == 0 and file.exists() else None

    def close(self) -> None:
        """End the session and everything it started that is still in its process groups."""
        for group in self._groups:
            _signal_group(group, signal.SIGTERM)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_KILL_AFTER)
        for group in self._groups:
            _signal_group(group, signal.SIGKILL)
        self._unguard()
        if self._process is not None:
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._groups.clear()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [self._shell],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=CHILD_UMASK,
        )
        self._groups.append(self._process.pid)
        self._unguard()
        self._guardian = _Guardian(self._groups)
        self._send("exec 9>&1")
        if (self._scratch / "state.sh").exists():
            self._send(f'. {self._quoted("state.sh")}; cd "$(cat {self._quoted("directory")})"')
        functions = "declare -f; " if self._shell == "bash" else ""
        saving = f"{{ export -p; {functions}}} >{self._quoted('state.sh')}; pwd >{self._quoted('directory')}\n"
        (self._scratch / "save.sh").write_text(saving, encoding="utf-8")
        self._send(f"trap {shlex.quote('. ' + self._quoted('save.sh'))} EXIT")
        for name, value in self._exported.items():
            self._send(f"export {name}={shlex.quote(value)}")
        self._send("set -a")

    def _unguard(self) -> None:
        if self._guardian is not None:
            self._guardian.close()
            self._guardian = None

    def _quoted(self, name: str) -> str:
        return shlex.quote(str(self._scratch / name))

    def _send(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the shell has ended: _follow sees its status
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _follow(self) -> int:
        """Pass the output on until the status line comes or the shell ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        rest = b""
        while True:
            if self._interrupted():
                raise InterruptedBuildError
            ended = self._process.poll()
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
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def _pass_on(self, lines: list[bytes]) -> int | None:
        for line in lines:
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


class _Guardian:
    """Kills process groups when this server ends, however it ends: a process that waits for the end of a pipe."""

    def __init__(self, groups: list[int]) -> None:
        waiting, self._kept_open = os.pipe()
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", "read -r _; kill -s KILL -- " + " ".join(f"-{group}" for group in groups)],
            stdin=waiting,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(waiting)

    def close(self) -> None:
        """Guard no longer."""
        self._process.kill()
        self._process.wait()
        os.close(self._kept_open)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
