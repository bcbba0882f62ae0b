"""Chooses the Python that serves a model: localaws' own where it has what the image brings, otherwise one made for it.

An environment is made where localaws lacks a package of the image or has another release of it, and where the model
brings a requirements.txt. The job's log says what is made and where what is used differs from the image. Whatever
cannot be had fails the job, with the package and the command that mends it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.services.sagemaker.jobs.installation import Installation, InstallationError
from localaws.services.sagemaker.jobs.model_files import ModelFiles
from localaws.services.sagemaker.jobs.outcome import JobFailedError
from localaws.services.sagemaker.jobs.own_packages import is_served_here, own_version
from localaws.services.sagemaker.jobs.python_environments import PythonEnvironments, layer_on_own_packages
from localaws.services.sagemaker.jobs.requirements_files import asks_for_nothing, names_package, requirements_digest
from localaws.services.sagemaker.jobs.serving_images import Package, ServingImage


class _ImagePackagesError(Exception):
    """What the image brings cannot be installed; the message is pip's."""


@dataclass(frozen=True)
class ModelEnvironment:
    """One container's model: its image, its files, and whether its container has a network."""

    image: ServingImage
    files: ModelFiles
    isolated: bool
    environments: PythonEnvironments
    installation: Installation

    def python(self) -> str:
        """The path of the interpreter. Raises JobFailedError, and what the installation's ``look`` raises."""
        wanted = self._wanted()
        lacking = [package for package in wanted if not is_served_here(package)]
        if not lacking:
            return self._provide(())
        self._say(f"{self.image.name} brings {_listed(lacking)}, which localaws' own packages do not provide.")
        try:
            return self._provide([package.requirement for package in wanted])
        except _ImagePackagesError as error:
            self._refuse_absent(lacking, error)
            for package in lacking:
                self._say(f"{package.requirement} could not be installed; {own_version(package)} is used in its place.")
            return self._provide(())

    def _wanted(self) -> list[Package]:
        """What localaws provides of the image's packages, in an environment where it lacks some."""
        framework = self.image.framework
        if framework is None:
            return []
        companions = self.image.companions(with_script=bool(self.files.program))
        if framework.name == "torch":
            self._refuse_absent_torch(framework)
            return [*companions]
        # Two distributions of one library in one environment would overwrite each other's files.
        replaced = framework.also and names_package(self._requirements_text(), framework.also)
        return [*companions] if replaced else [framework, *companions]

    def _provide(self, packages: Sequence[str]) -> str:
        requirements = self.files.requirements
        if requirements is not None and asks_for_nothing(self._requirements_text()):
            requirements = None
        if not packages and requirements is None:
            return sys.executable
        digest = requirements_digest(self._outside(requirements)) if requirements else ""
        # What was installed with a network must not serve a model that has none.
        recipe = [self.image.kind, list(packages), digest, self.isolated and bool(digest)]
        return str(
            self.environments.provide(
                recipe, lambda folder: self._build(folder, packages, requirements), self.installation.look
            )
        )

    def _build(self, folder: Path, packages: Sequence[str], requirements: str | None) -> None:
        # Making a venv with pip takes seconds: one has it, and installs into all others.
        pip = self.environments.provide(["pip"], lambda each: self._make_venv(each, True), self.installation.look)
        self._make_venv(folder, False)
        layer_on_own_packages(folder)
        if packages:
            self._say(f"installing {' '.join(packages)}, once for all jobs ...")
            try:
                self.installation.install(pip, folder, packages)
            except InstallationError as error:
                raise _ImagePackagesError(str(error)) from error
        if requirements is not None:
            self._say(f"installing {requirements}, once for all jobs with the same requirements ...")
            self._install_requirements(pip, folder, requirements)

    def _make_venv(self, folder: Path, with_pip: bool) -> None:
        try:
            self.installation.make_venv(folder, with_pip)
        except InstallationError as error:
            raise JobFailedError(
                f"ClientError: localaws cannot make the environment that the model needs: {sys.executable} -m venv "
                f"failed: {error}. On Debian and Ubuntu: apt-get install python3-venv."
            ) from error

    def _install_requirements(self, pip: Path, folder: Path, requirements: str) -> None:
        try:
            self.installation.install_requirements(pip, folder, requirements, self.isolated)
        except InstallationError as error:
            if self.isolated:
                raise JobFailedError(
                    f"AlgorithmError: {requirements} cannot be installed, because the model's EnableNetworkIsolation "
                    "keeps its container from every package index, here as on AWS. Create the model with "
                    "EnableNetworkIsolation false (network_isolation: false where settings make the model), or choose "
                    f"an image that has the packages. pip said: {error}"
                ) from error
            raise JobFailedError(
                f"AlgorithmError: pip cannot install {requirements}: {error}\n"
                f"Try it outside of the job: python -m pip install -r {Path(requirements).name}"
            ) from error

    def _refuse_absent(self, lacking: Sequence[Package], error: _ImagePackagesError) -> None:
        absent = [package for package in lacking if own_version(package) is None]
        if absent:
            raise JobFailedError(
                f"ClientError: The image {self.image.name} brings {_listed(absent)}, which localaws lacks and could "
                f"not install. With a package index within reach, run the job again; or install it where localaws "
                f"runs: python -m pip install {_quoted(absent)}. pip said: {error}"
            ) from error

    def _refuse_absent_torch(self, torch: Package) -> None:
        """With its GPU libraries torch has several GB: nobody wants a job to fetch that unasked."""
        found = own_version(torch)
        if names_package(self._requirements_text(), torch.name):
            return
        if found is None:
            raise JobFailedError(
                f"ClientError: The image {self.image.name} brings torch, which localaws lacks and, for its size, does "
                f"not install by itself. Install it where localaws runs: python -m pip install {_quoted([torch])}"
            )
        if not torch.accepts(found):
            self._say(f"{self.image.name} brings {torch.requirement}; {found} of localaws' packages is used.")

    def _requirements_text(self) -> str:
        file = self.files.requirements
        return self._outside(file).read_text(errors="replace") if file else ""

    def _outside(self, path: str) -> Path:
        return self.installation.files.outside(path)

    def _say(self, text: str) -> None:
        self.installation.log.line(f"localaws: {text}")


def _listed(packages: Sequence[Package]) -> str:
    return ", ".join(package.requirement for package in packages)


def _quoted(packages: Sequence[Package]) -> str:
    return " ".join(f"'{package.requirement}'" for package in packages)
