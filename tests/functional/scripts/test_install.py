"""``make install`` as a build meets it: the environment's folder is a link of CodeBuild's cache, in any state.

Real environments with a requirement of a local wheel, by the standard library's venv and pip: CodeBuild's images have
no uv.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.functional.scripts.site import ROOT

WHEEL = "thing-1.0-py3-none-any.whl"
Kept = Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a hashed requirements file, whose one requirement lies beside it."""
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as wheel:
        wheel.writestr("thing.py", "")
        wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        wheel.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("thing-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256((tmp_path / WHEEL).read_bytes()).hexdigest()
    (tmp_path / "thing.txt").write_text(f"thing==1.0 --hash=sha256:{digest}\n")
    return tmp_path


@pytest.fixture
def environment(tree: Path) -> Iterator[dict[str, str]]:
    """A PATH without uv, as in CodeBuild's images, and a pip that asks no index."""
    (tree / "bin").mkdir()
    (tree / "bin/python3").symlink_to(sys.executable)
    # The wheel is found by name: a path in the requirements file would have to be that of this machine.
    yield {
        "PATH": f"{tree / 'bin'}:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tree),
    }


def install(tree: Path, environment: dict[str, str], folder: str = ".venv") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.verbs.install", "--environment", folder, "--requirements", "thing.txt"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def works(tree: Path, folder: str = ".venv") -> bool:
    command = [f"{folder}/bin/python", "-c", "import sys, thing; print(sys.prefix)"]
    return subprocess.run(command, cwd=tree, capture_output=True, check=False).returncode == 0


def linked(tree: Path, state: str) -> Kept:
    """``.venv`` is a link to a folder of a cache in this state; the folder."""
    kept = tree / "local-cache/custom/abc/.venv"
    kept.parent.mkdir(parents=True)
    (tree / ".venv").symlink_to(kept)
    if state != "dangling":
        kept.mkdir()
    if state == "half made":
        (kept / "lib").mkdir()
        (kept / "pyvenv.cfg").write_text("home = /nowhere\n")
    return kept


@pytest.mark.aws_rule(
    "A local custom cache is a symbolic link in place of each folder, in the first build too",
    page="https://docs.aws.amazon.com/codebuild/latest/userguide/caching-local.html",
)
@pytest.mark.parametrize("state", ["empty", "dangling", "half made"])
def test_an_environment_is_made_behind_a_link(tree: Path, environment: dict[str, str], state: str) -> None:
    kept = linked(tree, state)
    done = install(tree, environment)
    assert done.returncode == 0, done.stderr
    assert (tree / ".venv").is_symlink()
    assert (kept / "bin/python").exists()
    assert works(tree)
    again = install(tree, environment)
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.parametrize("python", ["gone", "another one", "a copy that does not run"])
def test_an_environment_whose_python_has_gone_is_made_again(
    tree: Path, environment: dict[str, str], python: str
) -> None:
    """A cache outlives the image that it was filled in; and an archive of one may not keep links."""
    linked(tree, "empty")
    assert install(tree, environment).returncode == 0
    for path in (tree / ".venv/bin").glob("python*"):
        path.unlink()
        if python == "gone":
            path.symlink_to("/nowhere/python3")
        elif python == "another one":
            path.write_text("#!/bin/sh\necho /nowhere/site-packages\n")
            path.chmod(0o755)
        else:
            path.write_bytes(b"\x7fELF")
            path.chmod(0o755)
    done = install(tree, environment)
    assert done.returncode == 0, done.stderr
    assert works(tree)


def test_two_builds_that_share_an_environment_do_not_fill_it_at_once(tree: Path, environment: dict[str, str]) -> None:
    kept = linked(tree, "empty")
    (tree / "other").symlink_to(kept)
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda folder: install(tree, environment, folder), (".venv", "other")))
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    assert sorted("Installed" in each.stderr for each in done) == [False, True]
    assert works(tree)


def test_waiting_for_another_install_is_told(tree: Path, environment: dict[str, str]) -> None:
    kept = linked(tree, "empty")
    command = [sys.executable, "-m", "scripts.verbs.install", "--environment", ".venv", "--requirements", "thing.txt"]
    descriptor = os.open(kept, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with subprocess.Popen(command, cwd=tree, env=environment, stderr=subprocess.PIPE, text=True) as waiting:
        assert waiting.stderr is not None
        assert "Another install" in waiting.stderr.readline()
        os.close(descriptor)
        assert waiting.wait(timeout=120) == 0


def test_what_jobs_see_read_only_is_compiled(tree: Path, environment: dict[str, str]) -> None:
    (tree / "embedded.txt").write_text(f"./{WHEEL}\n")
    command = [sys.executable, "-m", "scripts.verbs.install", "--environment", ".venv", "--requirements", "thing.txt"]
    command += ["--embedded-aws", "embedded.txt"]
    installed = {**environment, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=installed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tree.glob(".venv/lib/*/site-packages/__pycache__/thing.*.pyc"))
