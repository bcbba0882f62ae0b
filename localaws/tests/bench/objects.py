"""``python -m tests.bench.objects``: S3 of localaws beside a plain moto server, in one run, and the ratios.

Requests a second with the same clients, and the memory that a large object costs; then a restart of localaws with
many gigabytes in files without blocks. Absolute times differ between machines and hours; ratios hold. Nothing is
asserted.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.config import Config

from localaws.assembly import assemble
from localaws.core.body import Body, BodyFile, Piece
from localaws.core.caller import Caller
from tests.functional.server_process import ServerProcess, session

ACCOUNT, REGION, BUCKET = "111111111111", "eu-west-1", "bench-objects"
MIB = 1024**2
CLIENTS = 8


class PlainMoto:
    """``moto_server`` on a free port."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "moto.log").open("w")
        code = (
            "from werkzeug.serving import make_server\n"
            "from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler\n"
            "from moto.moto_server.werkzeug_app import create_backend_app as app\n"
            "server = make_server('127.0.0.1', 0, DomainDispatcherApplication(app), threaded=True,\n"
            "                     request_handler=MotoRequestHandler)\n"
            "print(server.port, flush=True)\n"
            "server.serve_forever()\n"
        )
        command = [sys.executable, "-c", code]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        self.endpoint_url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self.pid = self._process.pid

    def client(self, service: str, account: str) -> Any:
        return _client(self.endpoint_url, service, account)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


def _client(endpoint_url: str, service: str, account: str) -> Any:
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "local"}
    config = Config(max_pool_connections=CLIENTS, retries={"mode": "standard", "total_max_attempts": 1})
    return session(REGION, **keys).client(service, endpoint_url=endpoint_url, config=config)


class Zeros(io.RawIOBase):
    """A file of zeros that is nowhere."""

    def __init__(self, size: int) -> None:
        self._size, self._position = size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + {0: 0, 1: self._position, 2: self._size}[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self._size - self._position)
        buffer[:count] = bytes(count)
        self._position += count
        return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.objects", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured, in turn; default: 5")
    parser.add_argument("--requests", type=int, default=200, help="requests of one round; default: 200")
    parser.add_argument("--gigabytes", type=int, default=10, help="objects of 1 GiB for the restart; default: 10")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = ServerProcess(Path(folder), [ACCOUNT], REGION), PlainMoto(Path(folder))
        try:
            for server in (ours, plain):
                location: Any = {"LocationConstraint": REGION}
                server.client("s3", ACCOUNT).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
            for what, request in _KINDS.items():
                _compare(what, ours, plain, request, arguments.rounds, arguments.requests)
            _memory(ours, plain)
        finally:
            plain.stop()
        _restart(ours, Path(folder), arguments.gigabytes)
    return 0


def _put(size: int) -> Callable[[Any, int], object]:
    return lambda s3, number: s3.put_object(Bucket=BUCKET, Key=f"{size}/{number % 50}", Body=bytes(size))


def _get(size: int) -> Callable[[Any, int], object]:
    def get(s3: Any, number: int) -> object:
        return s3.get_object(Bucket=BUCKET, Key=f"{size}/{number % 50}")["Body"].read()

    return get


_KINDS = {
    "PutObject of 4 KiB": _put(4096),
    "GetObject of 4 KiB": _get(4096),
    "PutObject of 4 MiB": _put(4 * MIB),
    "GetObject of 4 MiB": _get(4 * MIB),
}


def _compare(what: str, ours: Any, plain: Any, request: Callable[[Any, int], object], rounds: int, count: int) -> None:
    found: dict[Any, list[float]] = {ours: [], plain: []}
    clients = {server: _client(server.endpoint_url, "s3", ACCOUNT) for server in found}
    for number in range(rounds + 1):  # the first warms up
        for server in (ours, plain) if number % 2 else (plain, ours):
            with ThreadPoolExecutor(CLIENTS) as pool:
                started = time.perf_counter()
                list(pool.map(lambda each, s3=clients[server]: request(s3, each), range(count)))
                found[server].append(count / (time.perf_counter() - started))
    ratios = [our / its for our, its in zip(found[ours][1:], found[plain][1:], strict=True)]
    print(
        f"{what}, {CLIENTS} clients: localaws {statistics.median(found[ours][1:]):.0f}/s, "
        f"plain moto {statistics.median(found[plain][1:]):.0f}/s, ratio {statistics.median(ratios):.2f}",
        flush=True,
    )


def _memory(ours: Any, plain: Any) -> None:
    grown = {}
    for name, server in (("localaws", ours), ("plain moto", plain)):
        s3, before = _client(server.endpoint_url, "s3", ACCOUNT), _peak_memory(server.pid)
        started = time.perf_counter()
        s3.put_object(Bucket=BUCKET, Key="large", Body=Zeros(1024 * MIB))
        put = time.perf_counter() - started
        for _ in s3.get_object(Bucket=BUCKET, Key="large")["Body"].iter_chunks(MIB):
            pass
        grown[name] = _peak_memory(server.pid) - before
        print(
            f"an object of 1 GiB, {name}: put {put:.1f} s, get {time.perf_counter() - started - put:.1f} s, "
            f"peak memory grew by {grown[name] / MIB:.0f} MiB",
            flush=True,
        )
    print(f"memory, localaws / plain moto: {grown['localaws'] / max(grown['plain moto'], 1):.3f}", flush=True)


def _peak_memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _restart(server: ServerProcess, folder: Path, gigabytes: int) -> None:
    server.stop()
    _sparse_objects(folder / "state", gigabytes)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        again = ServerProcess(folder, [ACCOUNT], REGION)
        again.client("s3", ACCOUNT).head_object(Bucket=BUCKET, Key="restart/0")
        seconds.append(time.perf_counter() - started)
        again.stop()
    with tempfile.TemporaryDirectory() as empty:
        started = time.perf_counter()
        ServerProcess(Path(empty), [ACCOUNT], REGION).stop()
        bare = time.perf_counter() - started
    print(f"restart with {gigabytes} GiB: {statistics.median(seconds):.2f} s until an object is answered", flush=True)
    print(f"start and stop with nothing: {bare:.2f} s", flush=True)


def _sparse_objects(state: Path, gigabytes: int) -> None:
    """Objects of 1 GiB each in a state, whose files take no room on the disk."""
    cloud = assemble(state, state / "work", [ACCOUNT]).cloud
    s3 = cloud.client("s3", Caller.root(ACCOUNT, REGION))
    for number in range(gigabytes):
        name = f"{number:032x}"
        (state / "bodies" / name[:2]).mkdir(exist_ok=True)
        with (state / "bodies" / name[:2] / name).open("wb") as file:
            file.truncate(1024 * MIB)
        body = Body(cloud.moto.bodies, [Piece(name, 0, 1024 * MIB)], {"MD5": "zVc8+qys4H55ScDEYomE/w=="})
        s3.put_object(Bucket=BUCKET, Key=f"restart/{number}", Body=BodyFile(body))
    cloud.stop()


if __name__ == "__main__":
    sys.exit(main())
