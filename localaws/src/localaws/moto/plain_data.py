"""Reads moto's state as data: a pickle may name what stands in one closed table here, and nothing else in the world.

Unpickling calls what the pickle names, so whoever can write a pickle can run code, unless all that can be named is
harmless. Here that is: containers, dates and the like of the standard library, and *makers*. A maker makes one kind of
thing from plain values. An object of one of moto's classes is made without calling the class: it is allocated, and its
attributes are set. No class of moto's and no function of anybody's can be had from a pickle and called with arguments.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import functools
import importlib
import ipaddress
import pickle
import re
import threading
import types
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import requests.structures
from cryptography.hazmat.primitives.serialization import load_der_private_key

from localaws.moto.stored_objects import StoredKey, StoredMultipart

# (module, name) as a pickle spells it -> what it gets for it.
NAMEABLE: dict[tuple[str, str], Any] = {
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "bytearray"): bytearray,
    ("builtins", "complex"): complex,
    ("builtins", "range"): range,
    # as default factories
    ("builtins", "dict"): dict,
    ("builtins", "list"): list,
    ("builtins", "int"): int,
    ("builtins", "float"): float,
    ("builtins", "str"): str,
    ("builtins", "bool"): bool,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    ("collections", "deque"): collections.deque,
    ("datetime", "date"): datetime.date,
    ("datetime", "datetime"): datetime.datetime,
    ("datetime", "time"): datetime.time,
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
    ("decimal", "Decimal"): decimal.Decimal,
    ("ipaddress", "IPv4Address"): ipaddress.IPv4Address,
    ("ipaddress", "IPv4Network"): ipaddress.IPv4Network,
    ("ipaddress", "IPv6Address"): ipaddress.IPv6Address,
    ("ipaddress", "IPv6Network"): ipaddress.IPv6Network,
}


class _Make:
    """The one thing of localaws' that a pickle may name, and call: ``make("lock", "RLock")``. No pickle changes it."""

    __slots__ = ()

    def __call__(self, name: str, *arguments: Any) -> Any:
        if name not in _MAKERS:
            raise pickle.UnpicklingError(f"{name} is nothing that is made")
        return _MAKERS[name](*arguments)

    def __reduce__(self) -> str:
        return "make"


make = _Make()
NAMEABLE[__name__, "make"] = make
_MAKERS: dict[str, Callable[..., Any]] = {}


def maker(function: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """Let pickles call ``function``, which must make a value of plain ones and do nothing else.

    What stands under its name then is for writers: given the arguments, how an object reduces to it.
    """
    name = function.__name__
    _MAKERS[name] = function
    return lambda *arguments: (make, (name, *arguments))


class PlainDataReader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return NAMEABLE[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is no data") from None


def class_name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


# Classes of others whose objects moto holds: nothing but attributes, and no code that runs when they are made or go.
_FOREIGN = {
    "requests.structures:CaseInsensitiveDict": requests.structures.CaseInsensitiveDict,
    # localaws' own in moto's place: an object is made of the names of its files
    "localaws.moto.stored_objects:StoredKey": StoredKey,
    "localaws.moto.stored_objects:StoredMultipart": StoredMultipart,
    # what they were before contents were files; stored_objects.py still takes such attributes
    "moto.s3.models:FakeKey": StoredKey,
    "moto.s3.models:FakeMultipart": StoredMultipart,
}


@functools.cache
def moto_class(name: str) -> type:
    """The class of moto's that ``class_name`` named. UnpicklingError for any other."""
    if name in _FOREIGN:
        return _FOREIGN[name]
    found = _in_moto(*name.partition(":")[::2])
    if not isinstance(found, type):
        raise pickle.UnpicklingError(f"{name} is no class")
    return found


def _is_motos(module: str) -> bool:
    # localaws' own subclasses of moto's classes are as good as moto's.
    return module.partition(".")[0] == "moto" or module == "localaws.moto.stored_objects"


def _in_moto(module: str, path: str) -> Any:
    """What stands at ``path`` in a module of moto's and was defined in it."""
    if not _is_motos(module):
        raise pickle.UnpicklingError(f"{module} is no module of moto's")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = vars(found)[part]
    except (ImportError, KeyError, TypeError) as error:
        raise pickle.UnpicklingError(f"moto has no {module}:{path}") from error
    if getattr(found, "__module__", None) != module:
        raise pickle.UnpicklingError(f"{module} does not define {path}")
    return found


@functools.cache
def _allocate(kind: type) -> Callable[..., Any]:
    """The builtin ``__new__`` below a class; a ``__new__`` written in Python is passed over."""
    for ancestor in kind.__mro__:
        new = vars(ancestor).get("__new__")
        if isinstance(new, types.BuiltinFunctionType):
            return new
    raise pickle.UnpicklingError(f"{kind.__qualname__} cannot be allocated")


@maker
def instance(name: str, *values: Any) -> Any:
    """An object of a class of moto's, without attributes yet; ``values`` of a str, tuple or the like."""
    kind = moto_class(name)
    return _allocate(kind)(kind, *values)


@maker
def default_dict(name: str, default_factory: Any) -> Any:
    """Of a subclass of defaultdict, whose constructor would want arguments of its own."""
    kind = moto_class(name)
    made: Any = collections.defaultdict.__new__(kind)
    if not isinstance(made, collections.defaultdict):
        raise pickle.UnpicklingError(f"{name} is no defaultdict")
    made.default_factory = default_factory
    return made


@maker
def member(name: str, key: str) -> Any:
    """A member of an enumeration of moto's."""
    kind = moto_class(name)
    if not issubclass(kind, enum.Enum) or key not in kind.__members__:
        raise pickle.UnpicklingError(f"{name} has no member {key}")
    return kind.__members__[key]


# Functions without arguments that are no function's own, and classes: factories of defaultdicts by name.
_FACTORIES = frozenset(
    {
        ("moto.lakeformation.models", "default_settings"),
        ("moto.xray.models", "SegmentCollection._new_trace_item"),
    }
)
_FACTORY_CLASSES = (
    "moto.apigatewaymanagementapi.models:Connection",
    "moto.meteringmarketplace.models:CustomerDeque",
    "moto.meteringmarketplace.models:ResultDeque",
)


@maker
def factory(module: str, path: str, number: int) -> Any:
    """A function without arguments that is written inside a function of moto's: the factory of a defaultdict.

    ``path`` is its qualified name, ``number`` which one of that name it is in the function around it.
    """
    if (module, path) in _FACTORIES:
        return _function(module, path)
    code = _codes(_function(module, path.rpartition(".<locals>.")[0]).__code__, path)[number]
    made = types.FunctionType(code, vars(importlib.import_module(module)))
    made.__qualname__ = path
    return made


def reduced_factory(function: types.FunctionType) -> tuple[Any, ...]:
    """PicklingError where ``factory`` could not make it again."""
    module, path = function.__module__, function.__qualname__
    if (module, path) in _FACTORIES:
        return factory(module, path, 0)
    try:
        outer = _function(module, path.rpartition(".<locals>.")[0])
        return factory(module, path, _codes(outer.__code__, path).index(function.__code__))
    except (pickle.UnpicklingError, ValueError) as error:
        raise pickle.PicklingError(f"the function {module}.{path} is no data") from error


def _function(module: str, path: str) -> types.FunctionType:
    found = _in_moto(module, path)
    found = getattr(found, "__func__", found)
    if not isinstance(found, types.FunctionType):
        raise pickle.UnpicklingError(f"{module}.{path} is no function")
    return found


def _codes(outer: types.CodeType, path: str) -> list[types.CodeType]:
    name = path.rpartition(".")[2]
    inner = [each for each in outer.co_consts if isinstance(each, types.CodeType) and each.co_name == name]
    return [each for each in inner if not (each.co_argcount or each.co_kwonlyargcount or each.co_freevars)]


class ClassFactory:
    """Stands for a class of moto's that is the factory of a defaultdict: makes one of it, without arguments."""

    __slots__ = ("_kind",)

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def __call__(self) -> Any:
        return self._kind()

    def __reduce__(self) -> tuple[Any, ...]:
        return class_factory(class_name(self._kind))


@maker
def class_factory(name: str) -> Any:
    if name not in _FACTORY_CLASSES:
        raise pickle.UnpicklingError(f"{name} is no factory")
    return ClassFactory(moto_class(name))


def is_allocated(kind: type) -> bool:
    """Whether objects of a class are kept as ``instance``."""
    return _is_motos(kind.__module__) or class_name(kind) in _FOREIGN


def reduced_class(kind: type) -> tuple[Any, ...]:
    if class_name(kind) not in _FACTORY_CLASSES:
        raise pickle.PicklingError(f"the class {kind.__module__}.{kind.__qualname__} is no data")
    return class_factory(class_name(kind))


@maker
def filter_method(owner: Any, name: str) -> Any:
    """EC2's security groups and rules hold their own filters as methods."""
    if type(owner).__module__ != "moto.ec2.models.security_groups" or not name.startswith("filter_"):
        raise pickle.UnpicklingError(f"{name} is no filter")
    return getattr(owner, name)


def reduced_method(method: types.MethodType) -> tuple[Any, ...]:
    owner, name = method.__self__, method.__name__
    if type(owner).__module__ != "moto.ec2.models.security_groups" or not name.startswith("filter_"):
        raise pickle.PicklingError(f"the method {method.__qualname__} is no data")
    return filter_method(owner, name)


@maker
def pattern(text: str, flags: int) -> Any:
    return re.compile(text, flags)


@maker
def unique_id(number: int) -> Any:
    return uuid.UUID(int=number)


@maker
def private_key(content: bytes) -> Any:
    return load_der_private_key(content, None)


@maker
def lock(kind: str) -> Any:
    """A new lock: nobody can hold one across a restart."""
    made: dict[str, Callable[[], Any]] = {
        "Lock": threading.Lock,
        "RLock": threading.RLock,
        "Condition": threading.Condition,
        "Event": threading.Event,
    }
    return made[kind]()


@maker
def weak_values() -> Any:
    return weakref.WeakValueDictionary()
