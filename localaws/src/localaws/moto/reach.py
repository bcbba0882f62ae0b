"""What of moto a request may change: the services whose modules the called service's own modules name.

moto's services write to each other directly: a topic puts messages into queues, a copy is encrypted by KMS. Which ones
is read from moto's source, once for each service, and generously: naming another service's module is enough.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path

from moto.core.base_backend import BaseBackend

# Their objects refer to each other's: subnets, instances, load balancers. Apart they would come back as copies.
_OF_ONE_MIND = (
    *("applicationautoscaling", "autoscaling", "batch", "batch_simple", "ds", "ebs", "ec2", "ecs", "efs", "eks"),
    *("elasticache", "elb", "elbv2", "emr", "memorydb", "osis", "rds", "redshift", "route53resolver", "workspaces"),
)
_NAMED = re.compile(r"from moto\.(\w+)|from \.\.(\w+)|\b(\w+)_backends\b|get_backend\(\s*\"([\w-]+)\"")
_PACKAGES = {"lambda": "awslambda", "lambda_simple": "awslambda_simple"}


def package_of(backend: BaseBackend) -> str:
    """``s3`` for a backend that ``moto.s3`` defines."""
    return type(backend).__module__.split(".")[1]


def group_of(package: str) -> str:
    """The packages of one group are kept in one pickle, so that their objects stay the same objects."""
    return "ec2" if package in _OF_ONE_MIND else package


@functools.cache
def reached_from(package: str) -> frozenset[str]:
    """``package`` and every package of moto that its source names."""
    found = importlib.util.find_spec(f"moto.{package}")
    if found is None or not found.submodule_search_locations:
        return frozenset({package})
    named = {package}
    for folder in found.submodule_search_locations:
        for path in Path(folder).rglob("*.py"):
            for match in _NAMED.finditer(path.read_text(encoding="utf-8")):
                name = next(each for each in match.groups() if each)
                named.add(_PACKAGES.get(name, name.replace("-", "")))
    return frozenset(named)
