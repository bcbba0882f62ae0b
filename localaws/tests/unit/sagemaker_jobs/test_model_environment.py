"""Which Python serves a model, and what the log and the failure say where the image's packages cannot be had."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from localaws.services.sagemaker.jobs.installation import InstallationError
from localaws.services.sagemaker.jobs.model_environment import ModelEnvironment
from localaws.services.sagemaker.jobs.model_files import ModelFiles
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.python_environments import PythonEnvironments
from localaws.services.sagemaker.jobs.sandbox import ContainerDirectory
from localaws.services.sagemaker.jobs.serving_images import serving_image

RELEASE = ".".join(version("scikit-learn").split(".")[:2])


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


class FakeInstallation:
    """Remembers what would be installed; fails for whatever has a name in ``absent``."""

    def __init__(self, folder: Path, absent: Sequence[str] = ()) -> None:
        self.files = ContainerDirectory(folder / "container")
        self.log = Log()
        self.asked: list[list[str]] = []
        self._absent = absent

    def look(self) -> None:
        pass

    def make_venv(self, folder: Path, with_pip: bool) -> None:
        (folder / "bin").mkdir()
        (folder / "lib/python3/site-packages").mkdir(parents=True)

    def install(self, pip: Path, folder: Path, packages: Sequence[str]) -> None:
        self.asked.append(list(packages))
        if any(package.startswith(name) for package in packages for name in self._absent):
            raise InstallationError("ERROR: no such thing")

    def install_requirements(self, pip: Path, folder: Path, file: str, isolated: bool) -> None:
        self.asked.append([file])


def environment(
    installation: FakeInstallation, tag: str, program: str = "/opt/ml/model/code/x.py", requirements: str | None = None
) -> ModelEnvironment:
    path = "/opt/ml/model/code/requirements.txt"
    if requirements is not None:
        outside = installation.files.outside(path)
        outside.parent.mkdir(parents=True)
        outside.write_text(requirements)
    return ModelEnvironment(
        serving_image(f"ecr/{tag}"),
        ModelFiles(program, path if requirements is not None else None),
        False,
        PythonEnvironments(installation.files.root / "environments"),
        installation,  # type: ignore[arg-type]
    )


def test_where_localaws_has_what_the_image_brings_nothing_is_made(tmp_path: Path) -> None:
    for tag in (f"sagemaker-scikit-learn:{RELEASE}-0", "sagemaker-scikit-learn:latest", "any:1"):
        installation = FakeInstallation(tmp_path / tag)
        assert environment(installation, tag).python() == sys.executable
        assert environment(installation, tag, requirements="# nothing\n").python() == sys.executable
        assert installation.asked == []
        assert installation.log.lines == []


def test_another_release_is_installed_and_said(tmp_path: Path) -> None:
    installation = FakeInstallation(tmp_path)
    python = environment(installation, "sagemaker-scikit-learn:1.2-1").python()
    assert python.startswith(str(installation.files.root / "environments"))
    assert installation.asked[0][:2] == ["scikit-learn==1.2.*", "numpy<2"]
    assert "brings scikit-learn==1.2.*" in installation.log.lines[0]


def test_what_cannot_be_installed_is_replaced_by_what_is_there_and_said(tmp_path: Path) -> None:
    installation = FakeInstallation(tmp_path, absent=["scikit-learn"])
    assert environment(installation, "sagemaker-scikit-learn:1.2-1").python() == sys.executable
    own = f"scikit-learn==1.2.* could not be installed; {version('scikit-learn')} is used in its place."
    assert f"localaws: {own}" in installation.log.lines
    assert list((installation.files.root / "environments").glob("building-*")) == []


def test_what_is_nowhere_fails_with_the_command_that_mends_it(tmp_path: Path) -> None:
    installation = FakeInstallation(tmp_path, absent=["xgboost"])
    with pytest.raises(JobFailedError, match=r"python -m pip install 'xgboost-cpu==3.0.\*'.*ERROR: no such thing"):
        environment(installation, "sagemaker-xgboost:3.0-5", program="").python()


def test_requirements_that_name_the_library_replace_that_of_the_image(tmp_path: Path) -> None:
    installation = FakeInstallation(tmp_path)
    environment(installation, "sagemaker-xgboost:latest", requirements="xgboost==3.0.5\n").python()
    assert not any("xgboost-cpu" in package for asked in installation.asked for package in asked)
    assert installation.asked[-1] == ["/opt/ml/model/code/requirements.txt"]


def test_torch_is_never_fetched_unasked(tmp_path: Path) -> None:
    with pytest.raises(JobFailedError, match=r"python -m pip install 'torch==2.6.\*'"):
        environment(FakeInstallation(tmp_path / "a"), "pytorch-inference:2.6.0-cpu", program="").python()
    installation = FakeInstallation(tmp_path / "b")
    environment(installation, "pytorch-inference:2.6.0-cpu", requirements="torch==2.6.0\n").python()
    assert installation.asked == [["/opt/ml/model/code/requirements.txt"]]
