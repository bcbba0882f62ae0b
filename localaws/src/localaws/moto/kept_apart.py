"""Objects of moto's that pickles name instead of holding them: backends, and what has a chunk of its own.

A chunk that refers to one is read when that one is there already, be it without attributes yet.
"""

from __future__ import annotations

import functools
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import AWSManagedPolicy
from moto.s3.models import FakeBucket, FakeKey

from localaws.moto.plain_data import class_name, maker, moto_class

# Only objects of these classes are ever kept apart.
_KINDS = (BaseBackend, BackendDict, FakeBucket, FakeKey, AWSManagedPolicy)
_KINDS_OF_EC2 = ("moto.ec2.models.amis:Ami", "moto.ec2.models.elastic_block_store:Snapshot")  # 300 ms to import

_being_read: dict[tuple[Any, ...], Any] = {}


def may_be_apart(kind: type) -> bool:
    return issubclass(kind, _KINDS) or class_name(kind) in _KINDS_OF_EC2


@maker
def backend(kind: str, account: str, region: str) -> BaseBackend:
    """The backend of that place; where it is not there yet, one without attributes."""
    return empty_backend(kind, account, region)


def empty_backend(kind: str, account: str, region: str) -> Any:
    places = backends(kind)[account]
    if region not in places.keys():  # noqa: SIM118 (moto's ``in`` means the regions that there could be)
        dict.__setitem__(places, region, object.__new__(places.backend))
    return dict.__getitem__(places, region)


@maker
def all_backends(kind: str) -> Any:
    return backends(kind)


@maker
def apart(*name: Any) -> Any:
    if name not in _being_read:
        raise pickle.UnpicklingError(f"{name} is not there")
    return _being_read[name]


@contextmanager
def reading() -> Iterator[dict[tuple[Any, ...], Any]]:
    """Where ``apart`` finds what it names, by its name, while chunks are read."""
    try:
        yield _being_read
    finally:
        _being_read.clear()


def kind_of(found: Any) -> str:
    """The name of a service's backends: that of their class, since a service may have several kinds of them."""
    return class_name(found.backend)


@functools.cache
def backends(kind: str) -> Any:
    """A service's backends by what ``kind_of`` called them. UnpicklingError where moto has none of that name."""
    wanted = moto_class(kind)
    for found in list(vars(sys.modules[wanted.__module__]).values()):
        if isinstance(found, BackendDict) and found.backend is wanted:
            return found
    raise pickle.UnpicklingError(f"moto has no backends of {kind}")
