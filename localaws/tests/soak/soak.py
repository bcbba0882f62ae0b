"""Mixed load on one server that is killed and restarted at random: afterwards every value is one that was written.

What a client was told is there, whatever half of localaws keeps it. A write whose answer was lost may have happened or
not, but nothing else; and what was read once stays. Run it by ``python -m tests.soak --minutes 30``.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from tests.functional.server_process import ServerProcess
from tests.soak.registers import ABSENT, KINDS, Register, prepare

log = logging.getLogger(__name__)

ACCOUNT, REGION = "314159265358", "eu-north-1"


@dataclass
class Findings:
    """What the soak has seen so far."""

    writes: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    kills: int = 0
    stops: int = 0
    wrong: list[str] = field(default_factory=list)

    def table(self) -> str:
        kinds = "\n".join(f"  {kind:20} {number:7}" for kind, number in sorted(self.writes.items()))
        wrong = "\n".join(f"  {line}" for line in self.wrong[:20]) or "  nothing"
        return (
            f"writes by kind of resource\n{kinds}\n"
            f"reads {self.reads}, kill -9 {self.kills}, stops {self.stops}\nlost or wrong\n{wrong}"
        )


class Worker:
    """One client: it writes and reads its own registers until it is told to stop, and knows what each may hold."""

    def __init__(self, soak: Soak, number: int) -> None:
        self._soak = soak
        self._random = random.Random(f"{soak.seed}-{number}")
        self._registers: list[Register] = [
            kind(soak.client, f"{kind.__name__.lower()}-{number}-{copy}") for kind in KINDS for copy in range(2)
        ]
        self._possible: dict[str, set[str]] = {register.name: {ABSENT} for register in self._registers}
        self._written = 0

    def run(self) -> None:
        while not self._soak.over.is_set():
            self._soak.pause()
            register = self._random.choice(self._registers)
            try:
                if self._random.random() < 0.3:
                    self.check(register)
                else:
                    self._write(register)
            except (BotoCoreError, ConnectionError):
                time.sleep(0.05)  # the server is down: it comes back
            except AssertionError as error:
                self._soak.findings.wrong.append(str(error))
            except Exception as error:  # an answer that AWS does not give, whatever it is
                log.exception(register.name)
                self._soak.findings.wrong.append(f"{register.name}: {type(error).__name__}: {error}")

    def check_all(self) -> None:
        for register in self._registers:
            try:
                self.check(register)
            except Exception as error:  # as above
                self._soak.findings.wrong.append(f"{register.name}: {error}")

    def check(self, register: Register) -> None:
        found = register.read()
        possible = self._possible[register.name]
        self._soak.findings.reads += 1
        if found not in possible:
            self._soak.findings.wrong.append(f"{register.name} holds {found}, not {' or '.join(sorted(possible))}")
        self._possible[register.name] = {found}

    def _write(self, register: Register) -> None:
        self._written += 1
        possible = self._possible[register.name]
        removes = ABSENT not in possible and self._random.random() < 0.2
        value = ABSENT if removes else f"{register.name}-{self._written:06}"
        possible.add(value)
        if removes:
            register.remove()
        else:
            register.set(value)
        self._possible[register.name] = {value}
        self._soak.findings.writes[type(register).__name__] += 1


class Soak:
    """``seed`` decides what is written and when the server is killed, not how the threads interleave."""

    def __init__(self, folder: Path, seed: int, workers: int) -> None:
        self.seed = seed
        self.findings = Findings()
        self.over = threading.Event()
        self._folder = folder
        self._random = random.Random(seed)
        self._go = threading.Event()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._server = ServerProcess(folder, [ACCOUNT], REGION)
        prepare(self.client, REGION)
        self._workers = [Worker(self, number) for number in range(workers)]

    def client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._server.client(service, ACCOUNT)
            return self._clients[service]

    def pause(self) -> None:
        """Where workers wait while everything is checked."""
        self._go.wait()

    def run(self, seconds: float, told: Callable[[str], None]) -> Findings:
        self._go.set()
        threads = [threading.Thread(target=worker.run, daemon=True) for worker in self._workers]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.findings.wrong:
            time.sleep(self._random.uniform(0.5, 6))
            self._restart()
            told(f"{self.findings.kills + self.findings.stops} restarts, {self.findings.writes.total()} writes")
        self.over.set()
        for thread in threads:
            thread.join(120)
        self._restart()
        for worker in self._workers:
            worker.check_all()
        self._server.stop()
        return self.findings

    def _restart(self) -> None:
        if self._random.random() < 0.8:
            self._server.kill()
            self.findings.kills += 1
        else:
            self._server.stop()
            self.findings.stops += 1
        port = int(self._server.endpoint_url.rpartition(":")[2])
        self._server = ServerProcess(self._folder, [ACCOUNT], REGION, "--port", str(port))
