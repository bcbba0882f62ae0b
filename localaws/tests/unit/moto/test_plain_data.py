"""A pickle of moto's state is data: whatever else it names is refused, and nothing of it is called."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import os
import pickle
import subprocess
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.s3.models import FakeAcl, FakeBucket

from localaws.moto import pickle as moto_pickle
from localaws.moto import plain_data
from localaws.moto.plain_data import NAMEABLE, PlainDataReader, make

RAN: list[str] = []


def ran(*_: Any) -> None:
    RAN.append("ran")


class Reduces:
    """Reduces to whatever it is given."""

    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return self.reduced


def refused(content: bytes) -> None:
    RAN.clear()
    with pytest.raises(ValueError, match="damaged"):
        moto_pickle.loads(content)
    assert not RAN


@pytest.mark.parametrize(
    "reduced",
    [
        (os.system, ("true",)),
        (subprocess.Popen, (["true"],)),
        (eval, ("1",)),
        (exec, ("1",)),
        (getattr, ({}, "get")),
        (functools.partial, (ran,)),
        (__import__, ("os",)),
        (ran, ()),
        (type, ("X", (), {})),
        (map, (ran, [1])),
        (pickle.loads, (b"N.",)),
        (open, ("/dev/null",)),
        (FakeAcl, ([],)),  # a class of moto's is no function to call either
        (plain_data.moto_class, ("moto.s3.models:FakeAcl",)),
        (make, ("moto_class", "moto.s3.models:FakeAcl")),
        (make, ("factory", "moto.server", "main", 0)),
        (make, ("factory", "os", "getcwd", 0)),
        (make, ("instance", "os:_Environ")),
        (make, ("instance", "localaws.core.store:Store")),
        (make, ("instance", "moto.s3.models:datetime.datetime")),
        (make, ("instance", "moto.backends:importlib.import_module")),
        (make, ("class_factory", "moto.s3.models:FakeBucket")),
        (make, ("member", "moto.s3.models:FakeBucket", "x")),
        (make, ("lock", "Barrier")),
    ],
)
def test_what_a_pickle_may_not_name_is_refused(reduced: tuple[Any, ...]) -> None:
    refused(pickle.dumps(Reduces(*reduced)))


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"(S'true'\nios\nsystem\n.",  # INST
        b"cbuiltins\ngetattr\n(cbuiltins\n__import__\nS'x'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",  # STACK_GLOBAL
        b"\x80\x04\x8c\x08builtins\x8c\x0bdict.fromkeys\x93)R.",  # a dotted name
        b"\x80\x04\x8c\x15localaws.moto.plain_data\x8c\x08NAMEABLE\x93.",
        b"\x80\x02cmoto.s3.models\nFakeBucket\n)\x81.",  # NEWOBJ of a class
        b"\x80\x04P0\n.",  # PERSID
        b"\x80\x04\x82\x01.",  # EXT1
    ],
)
def test_the_opcodes_by_which_pickles_reach_code_lead_nowhere(content: bytes) -> None:
    refused(content)


def test_what_makes_things_cannot_be_changed() -> None:
    before = dict(NAMEABLE)
    name = b"\x80\x04\x8c\x18localaws.moto.plain_data\x8c\x04make\x93"
    refused(name + b"}\x8c\x08__call__\x8c\x01xsb.")  # BUILD with attributes
    refused(name + b"N}\x8c\x08__call__\x8c\x01xs\x86b.")  # BUILD with slots
    assert before == NAMEABLE


def test_an_object_of_moto_is_made_without_its_class_being_called(monkeypatch: pytest.MonkeyPatch) -> None:
    acl = FakeAcl([])
    content = moto_pickle.dumps({"acl": acl})
    monkeypatch.setattr(FakeAcl, "__init__", ran)
    monkeypatch.setattr(FakeAcl, "__new__", ran)
    RAN.clear()
    found = moto_pickle.loads(content)["acl"]
    assert (type(found), found.grants, RAN) == (FakeAcl, [], [])


def test_what_is_no_data_is_refused_when_it_is_written() -> None:
    for value in (ran, os.system, Reduces, FakeBucket, object(), iter([]), functools.partial(ran), RAN.append):
        with pytest.raises((pickle.PicklingError, TypeError)):
            moto_pickle.dumps({"value": value})


def test_what_moto_holds_besides_its_own_objects_comes_back() -> None:
    ordered = collections.OrderedDict(b=1, a=2)
    value = {
        "time": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
        "ordered": ordered,
        "default": collections.defaultdict(list, {"a": [1]}),
        "set": {1, 2},
        "queue": collections.deque([1], 5),
        "same": [ordered, ordered],
    }
    found = moto_pickle.loads(moto_pickle.dumps(value))
    assert found == value
    assert found["same"][0] is found["ordered"]
    assert found["default"].default_factory is list
    assert isinstance(moto_pickle.loads(moto_pickle.dumps(threading.Lock())), type(threading.Lock()))


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(_DATA)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    assert moto_pickle.loads(moto_pickle.dumps(value)) == value


@given(st.binary(max_size=200))
def test_rubbish_is_damaged_and_nothing_else(content: bytes) -> None:
    try:
        PlainDataReader(io.BytesIO(content)).load()
    except Exception as error:
        with pytest.raises(ValueError, match="damaged"):
            moto_pickle.loads(content)
        assert error
