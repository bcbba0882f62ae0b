"""What moto's backends are born with in great number: AWS's managed policies, stock images and their snapshots.

They hardly ever change, and pickling them with the rest would make each request of IAM or EC2 wait for thousands of
objects. They have a chunk of their own, which is made again where an operation's name says that it may concern them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.iam.models import AWSManagedPolicy

from localaws.moto import kept_apart
from localaws.moto import pickle as moto_pickle

# A backend's kind, account and region.
Place = tuple[str, str, str]
Attributes = dict[str, dict[str, Any]]

EVERY_OPERATION = "*"


@dataclass(frozen=True)
class _Kind:
    attributes: tuple[str, ...]
    operations: re.Pattern[str]
    classes: type = object


_KINDS = {
    "moto.iam.models:IAMBackend": _Kind(("managed_policies",), re.compile("Polic"), AWSManagedPolicy),
    "moto.ec2.models:EC2Backend": _Kind(("amis", "snapshots"), re.compile("Image|Snapshot")),
}


class Originals:
    def __init__(self) -> None:
        self._by_place: dict[Place, Attributes] = {}
        self._names: dict[int, tuple[str, ...]] = {}  # by identity, of what ``_by_place`` holds

    def read(self, place: Place, attributes: Attributes, found: dict[tuple[Any, ...], Any]) -> None:
        self._hold(place, attributes)
        for name, held in attributes.items():
            for key, obj in held.items():
                found["original", *place, name, key] = obj

    def put_back(self, place: Place, attributes: dict[str, Any]) -> None:
        """Give a backend's attributes the originals again, which ``without`` took away."""
        for name, held in self._by_place.get(place, {}).items():
            attributes[name] = held | attributes[name]
            if name == "managed_policies":
                attributes["aws_managed_policies"] = list(held.values())

    def without(self, place: Place, attributes: dict[str, Any]) -> dict[str, Any]:
        for name, held in self._by_place.get(place, {}).items():
            # They were there first, and only the operations of their kind take one away; then they are held anew.
            attributes[name] = dict(itertools.islice(attributes[name].items(), len(held), None))
            if name == "managed_policies":
                attributes["aws_managed_policies"] = []
        return attributes

    def may_be_others(self, place: Place, operations: set[str]) -> bool:
        """Whether the chunk of a backend must be made (again) after these operations."""
        kind = _KINDS.get(place[0])
        if kind is None:
            return False
        return place not in self._by_place or any(
            each == EVERY_OPERATION or kind.operations.search(each) for each in operations
        )

    def pickled(self, place: Place, backend: Any, reference: Callable[[Any], Any]) -> bytes:
        """At the first time, all that the backend then holds counts as original."""
        kind = _KINDS[place[0]]
        if place not in self._by_place:
            born = {name: getattr(backend, name).items() for name in kind.attributes}
            self._hold(
                place, {name: {k: o for k, o in held if isinstance(o, kind.classes)} for name, held in born.items()}
            )
        held: Attributes = {}
        for name in kind.attributes:
            held[name] = {key: obj for key, obj in getattr(backend, name).items() if id(obj) in self._names}
        self._forget(place)
        self._hold(place, held)
        return moto_pickle.dumps(held, reference)

    def reference(self, obj: Any) -> Any:
        name = self._names.get(id(obj))
        return None if name is None else kept_apart.apart(*name)

    def _forget(self, place: Place) -> None:
        for held in self._by_place.pop(place, {}).values():
            for obj in held.values():
                self._names.pop(id(obj), None)

    def _hold(self, place: Place, attributes: Attributes) -> None:
        self._by_place[place] = attributes
        for name, held in attributes.items():
            for key, obj in held.items():
                self._names[id(obj)] = ("original", *place, name, key)
