"""Every verb in a shell, and among files, that a user can have: words, the next command and a code; never a traceback.

The verbs run in this process: what one of them does not catch fails the test by itself. Permission bits are not among
the faults, since they do not stop root from reading.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.errors import DeploymentError
from scripts.terminal.command_line import run
from tests.functional.conftest import DEV
from tests.functional.scripts.site import ROOT, Site

CODES = {error.exit_code for error in DeploymentError.__subclasses__()}
PREPROD = ("--stage", "preprod")
VERBS: dict[str, tuple[str, ...]] = {
    "approve": ("--summary", "x"),
    "bootstrap": ("--yes",),
    "codepipeline": (),
    "deploy": PREPROD,
    "destroy": (*PREPROD, "--yes"),
    "doctor": (),
    "drift": PREPROD,
    "history": PREPROD,
    "logs": (),
    "plan": PREPROD,
    "predictions": PREPROD,
    "promote": PREPROD,
    "reject": ("--summary", "x"),
    "register": ("--artifact", str(ROOT / "tests/unit/scripts/decisions/models/xgboost.json")),
    "release": (),
    "resolve": (),
    "run": PREPROD,
    "rollback": PREPROD,
    "schedule": (*PREPROD, "--state", "off"),
    "status": (),
    "unlock": (*PREPROD, "--reason", "x"),
    "verify": PREPROD,
}
WITHOUT_AWS = {"build_variable", "install", "local", "new", "remove_example", "render"}
BAD_VARIABLES = {
    "unknown profile": {"AWS_PROFILE": "nobody"},
    "broken configuration": {"AWS_CONFIG_FILE": "broken.ini"},
    "broken credentials": {"AWS_SHARED_CREDENTIALS_FILE": "broken.ini"},
    "endpoint without scheme": {"AWS_ENDPOINT_URL": "foo"},
    "endpoint without host": {"AWS_ENDPOINT_URL": "http://"},
    "endpoint with half an address": {"AWS_ENDPOINT_URL": "http://[::1"},
    "endpoint with a large port": {"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"},
    "endpoint of another kind": {"AWS_ENDPOINT_URL": "ftp://127.0.0.1"},
    "a service's endpoint": {"AWS_ENDPOINT_URL_STS": "127.0.0.1:4566"},
    "unknown endpoint option": {"AWS_STS_REGIONAL_ENDPOINTS": "everywhere"},
    "unknown defaults mode": {"AWS_DEFAULTS_MODE": "brave"},
}
Verb = Callable[..., int]


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Run a verb in a site's folder and environment, in this process; its exit code."""

    def call(site: Site, name: str, *arguments: str, **environment: str) -> int:
        monkeypatch.chdir(site.folder)
        for variable, value in {**site.environment, **environment}.items():
            monkeypatch.setenv(variable, value)
        return run(importlib.import_module(f"scripts.verbs.{name}").main, arguments)

    return call


def test_every_verb_that_asks_aws_is_tried() -> None:
    modules = {path.stem for path in (ROOT / "scripts/verbs").glob("*.py") if "\ndef main(" in path.read_text()}
    assert modules == VERBS.keys() | WITHOUT_AWS


@pytest.mark.parametrize("name", VERBS)
def test_what_leads_to_no_account_is_told(
    site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (site.folder / "broken.ini").write_text("[default\nregion = ap-southeast-2\n")
    for fault, variables in BAD_VARIABLES.items():
        for variable in {name for each in BAD_VARIABLES.values() for name in each}:
            monkeypatch.delenv(variable, raising=False)
        code = verb(site, name, *VERBS[name], **variables)
        said = told(code, capsys)
        # 8: promote reads release.json first; 20: doctor goes on, and tells it in its table
        assert code in (3, 4, 16, {"promote": 8, "doctor": 20}.get(name)), f"{fault}: {said}"


FAULTS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "no text": lambda path: path.write_bytes(b"\xff\xfe\x00\x80"),
    "empty": lambda path: path.write_bytes(b""),
}
READERS: dict[str, list[tuple[str, ...]]] = {
    "stages/preprod.yml": [("status",), ("plan", *PREPROD), ("bootstrap", "--yes"), ("render", "--check")],
    "cloudformation/batch-inference.yml": [("release",), ("plan", *PREPROD), ("promote", *PREPROD)],
    "cloudformation/foundation.yml": [("bootstrap", "--yes", "--no-toolchain"), ("release",)],
    "cloudformation/toolchain.yml": [("release",)],
    "pipelines/{}/definition.json": [("release",), ("plan", *PREPROD), ("promote", *PREPROD), ("render", "--check")],
    "pipelines/{}/pipeline.py": [("release",), ("render", "--check"), ("render",)],
    "pipelines/{}/preprocess.py": [("release",), ("plan", *PREPROD), ("promote", *PREPROD)],
    "pipelines/get_pipeline_definition.py": [("render", "--force")],
    "requirements/render.txt": [("release",), ("render", "--check")],
    "release.json": [("promote", *PREPROD), ("plan", *PREPROD, "--file", "release.json"), ("release",)],
    "build/variables.json": [("build_variable", "--name", "RELEASE_ID"), ("release",)],
    "build": [("release",), ("build_variable", "--name", "RELEASE_ID")],
    "stages": [("status",), ("bootstrap", "--yes"), ("release",)],
    "pipelines": [("release",), ("render", "--check")],
    "cloudformation": [("release",), ("bootstrap", "--yes", "--no-toolchain")],
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_not_what_it_should_be_is_told(
    ready_site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert verb(ready_site, "release") == 0
    path = ready_site.folder / name.format(ready_site.pipeline)
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(ready_site.folder / "kept")
    # All faults of one file on one site: making a site and its release takes longer than the verbs do.
    for spoil in FAULTS.values():
        for command, *arguments in READERS[name]:
            spoil(path)
            code = verb(ready_site, command, *arguments)
            told(code, capsys)
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("rows", ["-5", "0", "many", "1.5"])
def test_rows_that_are_no_number_of_rows_are_refused(
    site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], rows: str
) -> None:
    assert verb(site, "predictions", *PREPROD, f"--rows={rows}") == 2
    assert "--rows" in told(2, capsys)


@pytest.mark.parametrize("target", ["a folder", "in/no/folder.html", "s3://", "s3://bucket"])
def test_evidence_that_cannot_be_written_there_is_told(
    ready_site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (ready_site.folder / "a folder").mkdir()
    code = verb(ready_site, "plan", *PREPROD, "--evidence", target)
    assert code in (2, 15)
    assert target in told(code, capsys)


@pytest.mark.parametrize("action", ["up", "down", "reset", "env"])
def test_a_file_in_place_of_the_embedded_awss_folder_is_told(
    site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    (site.folder / ".localaws").write_text("a file")
    code = verb(site, "local", action)
    told(code, capsys)
    assert action == "down" or code != 0


@pytest.mark.parametrize(
    "content", ["garbage", "[]", "{}", '{"process": 1}', "\x00", '{"process":"x","endpoint_url":"y"}']
)
def test_an_address_that_is_none_is_that_of_no_server(
    site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (site.folder / ".localaws").mkdir()
    (site.folder / ".localaws/address.json").write_text(content)
    assert verb(site, "local", "env") == 14
    assert "make local-up" in told(14, capsys)


def test_no_variable_of_the_shell_keeps_python_from_finding_the_verbs(tmp_path: Path) -> None:
    command = ["make", "-f", str(ROOT / "Makefile"), "-C", str(ROOT), "build-variable", f"VERB={sys.executable} -m"]
    environment = {"PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1", "PYTHONHOME": str(tmp_path)}
    done = subprocess.run(
        [*command, "ARGS=--help"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def told(code: int, capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on stderr, which names the next command unless all went well."""
    said = capsys.readouterr().err
    assert code == 0 or code in CODES, said
    assert code == 0 or "next:" in said or "doctor" in said or code == 20, said
    return said


@pytest.mark.parametrize("name", VERBS)
def test_with_cloud_aws_an_endpoint_of_somebody_elses_is_refused(
    site: Site, verb: Verb, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code = verb(site, name, *VERBS[name], CLOUD="aws")
    # 8: promote reads release.json first; 20: doctor goes on, and tells it in its table
    assert code == {"promote": 8, "doctor": 20}.get(name, 3)
    said = capsys.readouterr()
    assert "is not AWS" in said.out + said.err or name == "promote"


def test_with_cloud_aws_an_endpoint_that_is_meant_is_taken_and_account_and_endpoint_are_told(site: Site) -> None:
    done = site.run("resolve", CLOUD="aws", ALLOW_ENDPOINT="1")
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"This is AWS at {site.environment['AWS_ENDPOINT_URL']}, account {DEV}, ")
