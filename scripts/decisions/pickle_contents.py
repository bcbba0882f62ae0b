"""What a pickle or joblib file holds: its classes and the library version that wrote it, with nothing of it run.

Every class and function that the file names becomes an inert stand-in; nothing is imported, and what the file would
call is never called. joblib writes arrays between the pickle's own bytes, uncompressed or as a whole compressed: both
are followed. Whatever cannot be read raises ValueError.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import re
import sys
import zlib
from dataclasses import dataclass
from typing import Any, ClassVar

LARGEST_UNPACKED = 2 * 1024**3
_ARRAY_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_DTYPE = re.compile(r"([A-Za-z?])(\d+)")  # f8, i4, U7 (four bytes a character), O8, V64


@dataclass(frozen=True)
class PickleContents:
    """``versions`` are scikit-learn's, as its estimators note them; ``root`` is the outermost object's class.

    ``features`` are the columns that it takes, by name where it knows names; ``classes`` how many a classifier has.
    ``knows_names``: an estimator in it was trained on named columns; ``chooses_by_name``: one picks columns by name.
    """

    versions: frozenset[str]
    modules: frozenset[str]
    root: tuple[str, str] | None
    is_classifier: bool
    is_fitted: bool
    knows_names: bool = False
    chooses_by_name: bool = False
    feature_count: int | None = None
    feature_names: tuple[str, ...] = ()
    classes: int | None = None

    @property
    def packages(self) -> frozenset[str]:
        """Top-level packages that must be installed where the file is loaded; the standard library's are left out."""
        tops = {module.partition(".")[0] for module in self.modules}
        return frozenset(tops - set(sys.stdlib_module_names) - {"copy_reg", "__builtin__"})


def pickle_contents(content: bytes) -> PickleContents:
    """Raises ValueError for bytes that are no pickle, or one that ends too early."""
    reader = _Reader(io.BytesIO(_uncompressed(content)))
    try:
        found = reader.load()
    except Exception as error:  # any byte string may come: what the unpickler raises for nonsense is of every kind
        early = isinstance(error, EOFError) or "truncated" in str(error)
        raise ValueError("its pickle ends too early" if early else "it is no pickle, or a broken one") from error
    root = type(found).path if isinstance(found, _StandIn) else None
    own = {each for each in reader.made if each.state}
    count = _find(found, "n_features_in_", first=True)
    shape = _state(_find(found, "classes_")).get("shape")
    return PickleContents(
        versions=frozenset(str(each.state["_sklearn_version"]) for each in own if "_sklearn_version" in each.state),
        modules=frozenset(module for module, _ in reader.named),
        root=root,
        is_classifier=_find(found, "classes_") is not None,
        is_fitted=any(name.endswith("_") and not name.startswith("_") for each in own for name in each.state),
        knows_names=any("feature_names_in_" in each.state for each in own),
        chooses_by_name=any(_chooses_by_name(each.state) for each in own if type(each).path[1] == "ColumnTransformer"),
        feature_count=count if type(count) is int else None,
        feature_names=_texts(_find(found, "feature_names_in_", first=True)),
        classes=shape[0] if isinstance(shape, tuple) and len(shape) == 1 and type(shape[0]) is int else None,
    )


def _uncompressed(content: bytes) -> bytes:
    """joblib's compressions, by their first bytes."""
    try:
        if content[:2] == b"\x1f\x8b":
            return _bounded(zlib.decompressobj(31), content)
        if content[:3] == b"BZh":
            return _bounded(bz2.BZ2Decompressor(), content)
        if content[:6] == b"\xfd7zXZ\x00" or content[:3] == b"\x5d\x00\x00":
            return _bounded(lzma.LZMADecompressor(), content)
        if content[:1] == b"\x78":
            return _bounded(zlib.decompressobj(), content)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, MemoryError) as error:
        raise ValueError("its compression is damaged") from error
    return content


def _bounded(decompressor: Any, content: bytes) -> bytes:
    found: bytes = decompressor.decompress(content, LARGEST_UNPACKED)
    if not decompressor.eof:
        raise ValueError("its compressed content ends too early, or is larger than can be looked at")
    return found


def _find(found: Any, name: str, *, first: bool = False, depth: int = 4) -> Any:
    """An attribute of the estimator that answers: itself, the last step of a pipeline, a search's best one.

    ``first``: of the one that takes the features, a pipeline's first step. None where there is none.
    """
    state = _state(found)
    if name in state or depth == 0:
        return state.get(name)
    steps = state.get("steps")
    step = steps[0 if first else -1] if isinstance(steps, list) and steps else None
    inner = step[1] if isinstance(step, tuple) and len(step) == 2 else state.get("best_estimator_")
    return None if inner is None else _find(inner, name, first=first, depth=depth - 1)


def _state(found: Any) -> dict[str, Any]:
    return found.state if isinstance(found, _StandIn) else {}


def _texts(array: Any) -> tuple[str, ...]:
    """The values of an array of objects that are texts alone."""
    state = _state(array)
    values = _state(state.get("array")).get("values") or state.get("values")
    return tuple(values) if isinstance(values, list) and all(isinstance(each, str) for each in values) else ()


def _chooses_by_name(state: dict[str, Any]) -> bool:
    parts = state.get("transformers")
    chosen = (
        [part[2] for part in parts if isinstance(part, tuple) and len(part) == 3] if isinstance(parts, list) else []
    )
    flat = [name for each in chosen for name in (each if isinstance(each, list) else [each])]
    return any(isinstance(name, str) for name in flat)


class _StandIn:
    """Stands for an instance, and its class for a class or function. Takes all that a pickle does to one."""

    path: tuple[str, str] = ("", "")
    reader: _Reader

    state: dict[str, Any]
    arguments: tuple[Any, ...]

    def __new__(cls, *arguments: Any, **_: Any) -> _StandIn:
        made = super().__new__(cls)
        made.state, made.arguments = {}, arguments
        cls.reader.made.append(made)
        return made

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
            state = state[0]
        if isinstance(state, tuple) and len(state) == 5:  # numpy's: version, shape, dtype, order, values
            state = {"shape": state[1], "values": state[4]}
        if isinstance(state, dict):
            self.state = {name: value for name, value in state.items() if isinstance(name, str)}
        if type(self).path == _ARRAY_WRAPPER:
            type(self).reader.skip_array(self.state)

    def append(self, _: Any) -> None: ...

    def extend(self, _: Any) -> None: ...

    def add(self, _: Any) -> None: ...

    def __setitem__(self, _: Any, __: Any) -> None: ...


def _load_bytearray(reader: Any) -> None:
    """As the unpickler's own, which first fills as much memory as a damaged file claims, and only then reads on."""
    length = int.from_bytes(reader.read(8), "little")
    if length > reader.bytes_in_all:
        raise EOFError
    reader.append(bytearray(reader.read(length)))


class _Reader(pickle._Unpickler):  # the one written in Python, as joblib's is: it reads no byte ahead of what it does
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self._bytes, self.bytes_in_all = file, len(file.getbuffer())
        self.named: set[tuple[str, str]] = set()
        self.made: list[_StandIn] = []
        self._classes: dict[tuple[str, str], type[_StandIn]] = {}

    dispatch: ClassVar = {**pickle._Unpickler.dispatch, pickle.BYTEARRAY8[0]: _load_bytearray}

    def find_class(self, module: str, name: str) -> Any:
        path = (module, name)
        self.named.add(path)
        if path not in self._classes:
            self._classes[path] = type("_Named", (_StandIn,), {"path": path, "reader": self})
        return self._classes[path]

    def persistent_load(self, pid: Any) -> Any:
        return None

    def skip_array(self, state: dict[str, Any]) -> None:
        """joblib writes an array's bytes behind its wrapper, after a padding; an array of objects as a pickle."""
        size, shape = _item_size(state.get("dtype")), state.get("shape")
        if not isinstance(shape, tuple):
            raise ValueError("an array without a shape")
        if size is None:
            inner = _Reader(self._bytes)
            state["array"] = inner.load()
            self.named |= inner.named
            self.made += inner.made
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = self._bytes.read(1)
            self._bytes.seek(padding[0], io.SEEK_CUR)
        for length in shape:
            size *= int(length)
        if not 0 <= size <= self.bytes_in_all - self._bytes.tell():
            raise ValueError("an array ends too early")
        self._bytes.seek(size, io.SEEK_CUR)


def _item_size(dtype: Any) -> int | None:
    """How many bytes an item of an array has; None for objects. Raises ValueError where it cannot be told."""
    code = dtype.arguments[0] if isinstance(dtype, _StandIn) and dtype.arguments else None
    match = _DTYPE.fullmatch(code) if isinstance(code, str) else None
    if not match:
        raise ValueError(f"an array of a type that cannot be passed over: {code!r:.40}")
    if match[1] == "O":
        return None
    return int(match[2]) * (4 if match[1] == "U" else 1)
