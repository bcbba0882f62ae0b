"""Names and ARNs of model package groups and model packages. Pure.

A version's ARN ends in ``model-package/<group>/<version>``, an unversioned package's in ``model-package/<name>``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from localaws.core.caller import Caller
from localaws.core.partitions import partition_of

_ARN = re.compile(
    r"arn:[^:]+:sagemaker:(?P<region>[^:]+):(?P<account>\d{12}):(?P<kind>model-package-group|model-package)/"
    r"(?P<name>[^/]+)(?:/(?P<version>\d+))?"
)


@dataclass(frozen=True)
class PackageName:
    """One model package; ``version`` None is an unversioned one, whose ``name`` is its own, else the group's."""

    account: str
    region: str
    name: str
    version: int | None = None

    @property
    def key(self) -> str:
        last = "-" if self.version is None else f"{self.version:06}"
        return f"{self.account}/{self.region}/{self.name}/{last}"

    @property
    def arn(self) -> str:
        version = "" if self.version is None else f"/{self.version}"
        return (
            f"arn:{partition_of(self.region)}:sagemaker:{self.region}:{self.account}:model-package/{self.name}{version}"
        )


@dataclass(frozen=True)
class GroupName:
    account: str
    region: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.account}/{self.region}/{self.name}"

    @property
    def arn(self) -> str:
        return f"arn:{partition_of(self.region)}:sagemaker:{self.region}:{self.account}:model-package-group/{self.name}"

    def version(self, number: int) -> PackageName:
        return PackageName(self.account, self.region, self.name, number)


def group_name(caller: Caller, text: str) -> GroupName:
    """The group that ``text``, a name or an ARN, means to this caller; ValueError for an ARN of something else."""
    if not text.startswith("arn:"):
        return GroupName(caller.account, caller.region, text)
    found = _ARN.fullmatch(text)
    if not found or found["kind"] != "model-package-group":
        raise ValueError(f"{text} is not the ARN of a model package group.")
    return GroupName(found["account"], found["region"], found["name"])


def package_name(caller: Caller, text: str) -> PackageName:
    """The package that ``text`` means: an ARN, or the name of an unversioned package."""
    if not text.startswith("arn:"):
        return PackageName(caller.account, caller.region, text)
    found = _ARN.fullmatch(text)
    if not found or found["kind"] != "model-package":
        raise ValueError(f"{text} is not the ARN of a model package.")
    version = found["version"]
    return PackageName(found["account"], found["region"], found["name"], int(version) if version else None)
