"""Writes what moto holds as plain data: pickles that name nothing but what ``plain_data.py`` lets a reader make.

It knows which of moto's objects do not pickle by themselves; it decides neither when nor where the bytes are kept.
What the caller keeps apart is named in the pickle instead of held.
"""

from __future__ import annotations

import collections
import copyreg
import enum
import functools
import io
import json
import pickle
import re
import threading
import types
import uuid
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy
from moto.logs.models import LogStream

from localaws.core.partitions import partition_named
from localaws.moto import kept_apart, plain_data
from localaws.moto.plain_data import NAMEABLE, PlainDataReader, class_name, maker

# How an object reduces that is kept apart (``kept_apart.py``); None for all others.
Reference = Callable[[Any], Any]
Reduced = tuple[Any, ...]

_PROTOCOL = 5
_LOCKS = {
    type(threading.Lock()): "Lock",
    type(threading.RLock()): "RLock",
    threading.Condition: "Condition",
    threading.Event: "Event",
}
_PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)


def dumps(value: Any, reference: Reference = lambda _: None) -> bytes:
    """PicklingError, or whatever an object's own ``__reduce__`` raises, where something in it is no data."""
    target = io.BytesIO()
    _Writer(target, reference).dump(value)
    return target.getvalue()


def loads(content: bytes) -> Any:
    """What ``dumps`` was given. ValueError where the bytes are damaged or are no plain data."""
    try:
        return PlainDataReader(io.BytesIO(content)).load()
    except Exception as error:  # a damaged pickle raises nearly anything
        raise ValueError(f"moto's state is damaged ({type(error).__name__}: {error})") from error


class _Writer(pickle.Pickler):
    def __init__(self, file: Any, reference: Reference) -> None:
        super().__init__(file, _PROTOCOL)
        self._reference = reference

    def reducer_override(self, obj: Any) -> Any:
        way = _WAYS.get(type(obj)) or _way_of(type(obj))
        if way.may_be_apart:
            reference = self._reference(obj)
            if reference is not None:
                return reference
        return way.reduced(obj)


@dataclass(frozen=True)
class _Way:
    """How objects of a class reduce."""

    reduced: Callable[[Any], Any]
    may_be_apart: bool = False


def _way_of(kind: type) -> _Way:
    """Looked for once for each class: pickling a service asks it thousands of times."""
    found = _WAYS[kind] = _Way(_reduction_of(kind), kept_apart.may_be_apart(kind))
    return found


def _reduction_of(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, type) or kind is types.BuiltinFunctionType:
        return _named
    name = class_name(kind)
    if issubclass(kind, enum.Enum):
        return lambda obj: plain_data.member(name, obj.name)
    if issubclass(kind, _PRIVATE_KEYS):
        return _private_key
    if issubclass(kind, collections.defaultdict) and kind is not collections.defaultdict:
        return lambda obj: (*plain_data.default_dict(name, obj.default_factory), obj.__dict__, None, iter(obj.items()))
    if plain_data.is_allocated(kind) and _is_plain(kind):
        made = plain_data.instance(name)
        return lambda obj: (*made, obj.__dict__)
    return lambda obj: _reduced(obj, kind)


def _is_plain(kind: type) -> bool:
    """Whether its objects are their attributes and nothing else."""
    own = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")
    same = all(getattr(kind, name, None) is getattr(object, name, None) for name in own)
    return same and kind.__basicsize__ <= _PLAIN_SIZE and not kind.__itemsize__ and "__slots__" not in vars(kind)


class _Plain:
    pass


_PLAIN_SIZE = _Plain.__basicsize__


def _private_key(key: Any) -> Reduced:
    content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return plain_data.private_key(content)


def _reduced(obj: Any, kind: type) -> Any:
    """As the object reduces itself; where that would call its class, by the maker that does not."""
    reduced = obj.__reduce_ex__(_PROTOCOL)
    if isinstance(reduced, str):
        return reduced
    if reduced[0] is copyreg.__newobj__:  # type: ignore[attr-defined]
        values = reduced[1][1:]
    elif reduced[0] is kind and kind not in NAMEABLE.values() and issubclass(kind, collections.deque):
        values = ()
    else:
        return reduced
    if not plain_data.is_allocated(kind):
        raise pickle.PicklingError(f"a {kind.__module__}.{kind.__qualname__} is no data")
    return *plain_data.instance(class_name(kind), *values), *reduced[2:]


def instance_of(obj: Any, attributes: dict[str, Any]) -> Any:
    """How an object of the class of ``obj``, with other attributes, reduces."""
    return *plain_data.instance(class_name(type(obj))), attributes


def _named(obj: Any) -> Any:
    if NAMEABLE.get((obj.__module__, obj.__qualname__)) is obj:
        return NotImplemented
    if isinstance(obj, type):
        return plain_data.reduced_class(obj)
    raise pickle.PicklingError(f"{obj!r} is no data")


def _managed_policy(policy: Any) -> Reduced:
    # 1,500 documents an account, which moto has in a table of its own.
    return managed_policy(policy.name, policy.account_id, policy.partition, policy.id, policy.attachment_count)


@maker
def managed_policy(name: str, account: str, partition: str, policy_id: str, attachments: int) -> Any:
    policy = AWSManagedPolicy.from_data(name, account, partition_named(partition).home, _managed_policies()[name])
    policy.id, policy.attachment_count = policy_id, attachments
    return policy


@functools.cache
def _managed_policies() -> dict[str, Any]:
    return json.loads(aws_managed_policies_data)


def _stream_without_events(stream: Any) -> Reduced:
    # They have chunks of their own: log_chunks.py.
    return instance_of(stream, {**stream.__dict__, "events": []})


_OWN: dict[type, Callable[[Any], Any]] = {
    LogStream: _stream_without_events,
    AWSManagedPolicy: _managed_policy,
    types.FunctionType: plain_data.reduced_factory,
    types.MethodType: plain_data.reduced_method,
    re.Pattern: lambda found: plain_data.pattern(found.pattern, found.flags),
    uuid.UUID: lambda found: plain_data.unique_id(found.int),
    weakref.WeakValueDictionary: lambda found: (*plain_data.weak_values(), None, None, iter(list(found.items()))),
    **dict.fromkeys(_LOCKS, lambda found: plain_data.lock(_LOCKS[type(found)])),
}
_WAYS = {kind: _Way(reduced, kept_apart.may_be_apart(kind)) for kind, reduced in _OWN.items()}
