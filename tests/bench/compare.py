"""``make bench``: pairs of ways to do the same thing, side by side in one run, and the ratio of their times.

Absolute times differ between machines and hours; ratios hold. Nothing is asserted: a slow machine fails no test.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.functional.server_process import ServerProcess

ACCOUNT, REGION = "012345670123", "ap-southeast-2"
COPIED_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class Pair:
    """Two ways to the same end; each is called once per round, in turn."""

    what: str
    first: str
    second: str
    run_first: Callable[[], object]
    run_second: Callable[[], object]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is gone; default: 5")
    rounds = max(parser.parse_args().rounds, 1)
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder), [ACCOUNT], REGION)
        pairs = [_copy(server), _help(), _freshness()]
        rows = [(pair, *_measure(pair, rounds)) for pair in pairs]
        server.stop()
    table = Table(title=f"Medians of {rounds} rounds, in turn", title_justify="left", box=None)
    for heading in ("what", "first", "s", "second", "s", "first / second"):
        table.add_column(heading, justify="right" if heading in ("s", "first / second") else "left")
    for pair, first, second, ratio in rows:
        table.add_row(pair.what, pair.first, f"{first:.3f}", pair.second, f"{second:.3f}", f"{ratio:.2f}")
    Console().print(table)
    return 0


def _measure(pair: Pair, rounds: int) -> tuple[float, float, float]:
    """Median seconds of either way, and the median of the rounds' ratios; one round before warms up."""
    pair.run_first(), pair.run_second()
    firsts, seconds = [], []
    for _ in track(range(rounds), description=pair.what, transient=True):
        firsts.append(_seconds(pair.run_first))
        seconds.append(_seconds(pair.run_second))
    ratios = [first / second for first, second in zip(firsts, seconds, strict=True)]
    return statistics.median(firsts), statistics.median(seconds), statistics.median(ratios)


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _copy(server: ServerProcess) -> Pair:
    s3 = server.client("s3", ACCOUNT)
    for bucket in ("bench-dev", "bench-preprod"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bench-dev", Key="model.tar.gz", Body=b"\0" * COPIED_BYTES)

    def server_side() -> None:
        source = {"Bucket": "bench-dev", "Key": "model.tar.gz"}
        s3.copy_object(Bucket="bench-preprod", Key="a", CopySource=source)

    def through_the_client() -> None:
        body = s3.get_object(Bucket="bench-dev", Key="model.tar.gz")["Body"].read()
        s3.put_object(Bucket="bench-preprod", Key="b", Body=body)

    what = f"carry an artifact of {COPIED_BYTES // 1024**2} MiB to a stage"
    return Pair(what, "server-side copy (promote)", "download, upload", server_side, through_the_client)


def _help() -> Pair:
    return Pair(
        "start a verb",
        "make deploy --help",
        "python -c 'import boto3'",
        _process("-m", "scripts.verbs.deploy", "--help"),
        _process("-c", "import boto3"),
    )


def _freshness() -> Pair:
    return Pair(
        "is the definition fresh",
        "by its digests (render --check)",
        "python -c 'import botocore.session'",
        _process("-m", "scripts.verbs.render", "--check"),
        _process("-c", "import botocore.session"),
    )


def _process(*arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
