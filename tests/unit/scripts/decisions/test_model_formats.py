"""Model files are told by their bytes, with nothing of them run; and no bytes at all end in a traceback."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.decisions.default_handlers import default_packaging
from scripts.decisions.model_formats import FRAMEWORKS, minor, model_file, skops_version
from scripts.decisions.pickle_contents import pickle_contents
from scripts.errors import DeploymentError

MODELS = Path(__file__).with_name("models")
CONTENTS = {path.name: path.read_bytes() for path in sorted(MODELS.iterdir())}


@pytest.mark.parametrize(
    ("name", "kind", "framework", "version", "model", "handler"),
    [
        ("regressor.joblib", "pickle", "sklearn", "1.9.1", "model.joblib", "sklearn_inference.py"),
        ("classifier.joblib.z", "pickle", "sklearn", "1.9.1", "model.joblib", "sklearn_inference.py"),
        ("classifier.pkl", "pickle", "sklearn", "1.9.1", "model.joblib", "sklearn_inference.py"),
        ("regressor.skops", "skops", "sklearn", "1.9.1", "model.skops", "skops_inference.py"),
        ("xgboost.json", "xgboost-json", "xgboost", "3.2.0", "xgboost-model.json", None),
        ("xgboost.ubj", "xgboost-ubj", "xgboost", "3.2.0", "xgboost-model.ubj", None),
        ("lightgbm.txt", "lightgbm-text", "lightgbm", None, "model.txt", "lightgbm_inference.py"),
    ],
)
def test_what_libraries_save_is_recognised_by_its_bytes(
    name: str, kind: str, framework: str, version: str | None, model: str, handler: str | None
) -> None:
    content = CONTENTS[name]
    found = model_file("model", content)
    assert (found.kind, found.framework) == (kind, framework)
    assert found.versions == ({version} if version else set())
    packaging = default_packaging(found, None, skops_version(content), probability=False)
    assert (packaging.model, packaging.handler) == (model, handler)


@pytest.mark.parametrize(
    ("name", "classifier"), [("regressor.joblib", False), ("classifier.joblib.z", True), ("classifier.pkl", True)]
)
def test_a_classifier_is_known_by_its_classes(name: str, classifier: bool) -> None:
    contents = pickle_contents(CONTENTS[name])
    assert contents.is_classifier is classifier
    assert contents.is_fitted
    assert "sklearn" in contents.packages


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('a model was run')",))


def test_nothing_of_a_pickle_is_run() -> None:
    for protocol in range(6):
        contents = pickle_contents(pickle.dumps([Bomb()], protocol))
        assert any(module in ("builtins", "__builtin__") for module in contents.modules)


def test_a_class_of_the_training_script_needs_code() -> None:
    content = pickle.dumps(Bomb()).replace(b"builtins", b"__main__")
    with pytest.raises(DeploymentError, match="without code of your own"):
        default_packaging(model_file("model.pkl", content), None, None, probability=False)


def test_versions_are_compared_by_their_first_two_numbers() -> None:
    assert minor("1.9-0") == minor("1.9.1") == (1, 9)
    with pytest.raises(ValueError, match="not a version"):
        minor("newest")


def changed() -> st.SearchStrategy[bytes]:
    """A model with some of its bytes replaced, or cut off."""
    return st.builds(
        lambda content, start, put, length: content[:start] + put + content[start + length :],
        st.sampled_from(list(CONTENTS.values())),
        st.integers(0, 3000),
        st.binary(max_size=12),
        st.integers(0, 40),
    )


@given(st.one_of(st.binary(max_size=400), changed()))
@example(b"")
@example(b"{L")
@example(b'{"learner": {}, "version": [1e999, 0, true]}')
@example(b'{"learner":' + b"[" * 100_000)
@example(b"PK\x03\x04")
@example(b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.")
@example(b"]" * 50_000 + b"a" * 50_000 + b".")
@example(b"\x80\x02cfractions\nFraction\n)R}K\x05K\x01sb.")  # an object whose attribute is no name
def test_no_bytes_end_in_a_traceback(content: bytes) -> None:
    found = model_file("model", content)
    assert found.framework in (*FRAMEWORKS, None)
    try:
        default_packaging(found, None, skops_version(content), probability=True)
    except DeploymentError as error:
        assert error.next_command


def test_a_length_that_a_pickle_only_claims_takes_no_memory() -> None:
    claims_a_terabyte = b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b"."
    with pytest.raises(ValueError, match="ends too early"):
        pickle_contents(claims_a_terabyte)
    assert pickle_contents(pickle.dumps(bytearray(b"abc"), protocol=5)).root is None


@given(st.binary(max_size=40))
def test_what_is_no_pickle_is_told_in_words_and_not_in_pythons(content: bytes) -> None:
    try:
        pickle_contents(content)
    except ValueError as error:
        assert "Error" not in str(error)


@given(st.data())
def test_a_pickle_that_was_cut_off_is_told_as_such_or_as_broken(data: st.DataObject) -> None:
    whole = pickle.dumps({"a": [1.5, "text"], "b": {"c": (1, 2)}})
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(ValueError, match=r"ends too early|no pickle, or a broken one"):
        pickle_contents(whole[:cut])
