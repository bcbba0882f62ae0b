"""A model is told, before it is registered, that it does not take what its pipeline sends or answers something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.decisions.framework_images import Image
from scripts.decisions.model_archive_rules import Member, ModelArchive
from scripts.decisions.model_formats import ModelFile, model_file
from scripts.decisions.pickle_contents import PickleContents
from scripts.decisions.record_schema import RecordSchema
from scripts.decisions.serving_fit import Sent, fit_problems

MODELS = Path(__file__).with_name("models")
SKLEARN, XGBOOST = Image("sklearn", "sklearn", "1.9-0"), Image("xgboost", "xgboost", "3.0-5")
PYTORCH, OWN = Image("pytorch", "pytorch", "2.6.0"), Image("ours", None, None)
MODEL_FN = b"def model_fn(d): ...\n"
NUMBER = {"name": "length"}
CONTENTS = PickleContents(frozenset({"1.9.1"}), frozenset({"sklearn"}), ("sklearn", "X"), False, True)
REGRESSOR = ModelFile("model.joblib", "pickle", "sklearn", contents=CONTENTS)
CLASSIFIER = replace(REGRESSOR, contents=replace(CONTENTS, is_classifier=True, classes=3))
BOOSTER = ModelFile("xgboost-model.ubj", "xgboost-ubj", "xgboost", outputs=1, feature_count=1)


def sent(*features: dict[str, Any], predictions: tuple[str, ...] = ("number",), **more: Any) -> Sent:
    schema = {
        "record_id": "berth",
        "features": list(features) or [NUMBER],
        "predictions": [{"name": f"p{index}", "type": kind} for index, kind in enumerate(predictions)],
    }
    return Sent(RecordSchema.model_validate(schema), **more)


def archive(model: ModelFile, code: bytes | None = MODEL_FN) -> ModelArchive:
    files = {} if code is None else {"code/inference.py": code}
    return ModelArchive(tuple(Member(name, "file") for name in (model.name, *files)), files, (model,))


@pytest.mark.parametrize(
    "feature",
    [
        {"name": "quay", "type": "text"},
        {"name": "since", "type": "date"},
        {"name": "kind", "type": "category", "values": ["tug", "ferry"]},
        {"name": "kind", "type": "category"},
    ],
)
@pytest.mark.parametrize(
    ("image", "model", "code", "reader"),
    [
        (SKLEARN, REGRESSOR, MODEL_FN, "scikit-learn image's default input_fn"),
        (SKLEARN, REGRESSOR, MODEL_FN + b"def predict_fn(x, m): ...\n", "scikit-learn image's default input_fn"),
        (XGBOOST, BOOSTER, MODEL_FN, "XGBoost image's default input_fn"),
        (XGBOOST, BOOSTER, None, "XGBoost's own algorithm"),
        (PYTORCH, ModelFile("model.pt", "torchscript", "pytorch"), None, "PyTorch image without a script"),
    ],
)
def test_text_is_told_to_what_reads_numbers_alone(
    feature: dict[str, Any], image: Image, model: ModelFile, code: bytes | None, reader: str
) -> None:
    found = fit_problems(archive(replace(model, feature_count=None), code), image, [sent(NUMBER, feature)], None)
    assert reader in found[0]
    assert f"sends text ({feature['name']})" in found[0]
    assert len(found) == (2 if feature.get("values") else 1)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (["no", "yes"], "{ name: kind, type: boolean }"),
        (["tug", "on: call"], '{ name: kind, type: category, codes: { "tug": 0, "on: call": 1 } }'),
    ],
)
def test_a_category_is_shown_as_numbers_in_a_line_that_the_schema_takes(values: list[str], line: str) -> None:
    given = sent({"name": "kind", "type": "category", "values": values})
    _, told = fit_problems(archive(REGRESSOR), SKLEARN, [given], None)
    assert line in told
    again = sent(yaml.safe_load(line))
    assert fit_problems(archive(REGRESSOR), SKLEARN, [again], None) == []


@pytest.mark.parametrize(
    "code",
    [
        MODEL_FN + b"def input_fn(b, c): ...\ndef predict_fn(x, m): ...\n",
        MODEL_FN + b"def transform_fn(m, b, c, a): ...\n",
        b"from handlers import *\n",
        b"no python(",
    ],
)
def test_code_of_ones_own_may_read_and_answer_anything(code: bytes) -> None:
    wild = sent({"name": "quay", "type": "text"}, predictions=("class", "probability"), content_type="text/plain")
    assert fit_problems(archive(CLASSIFIER, code), SKLEARN, [wild], None) == []
    assert fit_problems(archive(CLASSIFIER), OWN, [wild], None) == []


def test_numbers_codes_and_booleans_are_what_the_defaults_read() -> None:
    numbers = sent(
        {"name": "kind", "type": "category", "codes": {"tug": 1.0}}, {"name": "open", "type": "boolean"}, NUMBER
    )
    for each in (REGRESSOR, CLASSIFIER):
        assert fit_problems(archive(each), SKLEARN, [numbers], None) == []


@pytest.mark.parametrize(
    ("image", "content_type", "several_lines", "word"),
    [
        (SKLEARN, "application/jsonlines", True, "reads text/csv, application/json"),
        (SKLEARN, "application/json", True, "several lines of JSON in one request"),
        (SKLEARN, "application/json", False, ""),
        (XGBOOST, "application/json", False, "reads text/csv, text/libsvm"),
        (XGBOOST, "text/libsvm", True, ""),
    ],
)
def test_content_types_that_a_default_does_not_read_are_told(
    image: Image, content_type: str, several_lines: bool, word: str
) -> None:
    given = sent(content_type=content_type, several_lines=several_lines)
    found = fit_problems(archive(REGRESSOR), image, [given, given], None)
    assert len(found) == bool(word)
    assert word in "".join(found)


def test_default_code_reads_csv_and_gives_csv_or_json() -> None:
    lines = sent(content_type="application/json", accept="application/jsonlines")
    first, second = fit_problems(archive(REGRESSOR), SKLEARN, [lines], "sklearn_inference.py")
    assert "the default code reads text/csv" in first
    assert "the default code gives text/csv, application/json" in second


def test_a_header_line_that_no_step_takes_away_is_told() -> None:
    (problem,) = fit_problems(archive(REGRESSOR), SKLEARN, [sent(header=True)], None)
    assert "would score it as a record" in problem


@pytest.mark.parametrize(
    ("name", "handler", "fits"),
    [
        ("lightgbm.txt", "lightgbm_inference.py", False),
        ("regressor.joblib", "sklearn_inference.py", False),
        ("named", "sklearn_inference.py", True),
    ],
)
def test_default_code_gives_text_to_models_that_know_their_columns_names(name: str, handler: str, fits: bool) -> None:
    named = replace(REGRESSOR, contents=replace(CONTENTS, knows_names=True, chooses_by_name=True))
    model = named if name == "named" else model_file(name, (MODELS / name).read_bytes())
    text = sent({"name": "quay", "type": "text"}, features_as_in_schema=False)
    assert bool(fit_problems(archive(model), SKLEARN, [text], handler)) is not fits


def test_a_model_that_chooses_columns_by_name_gets_none_from_a_default() -> None:
    named = replace(REGRESSOR, contents=replace(CONTENTS, knows_names=True, chooses_by_name=True))
    (problem,) = fit_problems(archive(named), SKLEARN, [sent()], None)
    assert "chooses columns by their names" in problem


@pytest.mark.parametrize(
    ("predictions", "probabilities", "problem"),
    [
        (("class",), False, ""),
        (("probability",) * 3, True, ""),
        (("probability",) * 3, False, "gives a class a record"),
        (("class", "number"), False, "gives 1 value a record"),
        (("probability",), True, "gives 3 values a record"),
        (("class", "probability"), False, "gives a class a record"),
    ],
)
@pytest.mark.parametrize("handler", ["sklearn_inference.py", None])
def test_a_classifier_gives_a_class_or_a_probability_for_each(
    predictions: tuple[str, ...], probabilities: bool, problem: str, handler: str | None
) -> None:
    if handler is None and probabilities:
        return  # the image's default knows classes alone
    given = sent(predictions=predictions)
    found = fit_problems(archive(CLASSIFIER), SKLEARN, [given], handler, probabilities=probabilities)
    assert len(found) == bool(problem)
    assert problem in "".join(found)


def test_one_of_two_classes_has_one_probability() -> None:
    two = replace(CLASSIFIER, contents=replace(CONTENTS, is_classifier=True, classes=2))
    unknown = replace(CLASSIFIER, contents=replace(CONTENTS, is_classifier=True, classes=None))
    for model in (two, unknown):
        given = sent(predictions=("probability",))
        assert fit_problems(archive(model), SKLEARN, [given], "sklearn_inference.py", probabilities=True) == []


def test_several_values_of_the_algorithm_are_a_list_in_brackets() -> None:
    several = replace(BOOSTER, outputs=3)
    three = sent(predictions=("probability",) * 3)
    (problem,) = fit_problems(archive(several, None), XGBOOST, [three], None)
    assert "a list in brackets" in problem
    assert fit_problems(archive(several), XGBOOST, [three], "xgboost_inference.py") == []
    (problem,) = fit_problems(archive(BOOSTER, None), XGBOOST, [three], None)
    assert "gives 1 value a record" in problem


def test_features_are_those_of_the_training_in_its_order() -> None:
    trained = replace(REGRESSOR, feature_count=2, feature_names=("Length", "beam"))
    both = ({"name": "beam"}, {"name": "length"})
    for handler in (None, "sklearn_inference.py"):
        (order,) = fit_problems(archive(trained), SKLEARN, [sent(*both)], handler)
        assert "another order" in order
        assert fit_problems(archive(trained), SKLEARN, [sent(*reversed(both))], handler) == []
        (count,) = fit_problems(archive(trained), SKLEARN, [sent(*both, {"name": "flag"})], handler)
        assert "takes 2 features, and schema.yml has 3" in count
        assert "trained without flag" in count
        filtered = sent(*both, features_as_in_schema=False)
        assert fit_problems(archive(trained), SKLEARN, [filtered], handler) == []


@pytest.mark.parametrize(
    ("name", "outputs", "count", "names"),
    [
        ("xgboost.json", 1, 3, ()),
        ("xgboost.ubj", 1, 3, ()),
        ("softprob.json", 3, 2, ("length", "beam")),
        ("softprob.ubj", 3, 2, ()),
        ("lightgbm.txt", 1, 3, ("Column_0", "Column_1", "Column_2")),
        ("regressor.joblib", None, 3, ()),
        ("named.joblib", None, 2, ("length", "kind")),
        ("named.pkl", None, 2, ("length", "kind")),
    ],
)
def test_what_libraries_save_tells_features_and_outputs(
    name: str, outputs: int | None, count: int, names: tuple[str, ...]
) -> None:
    found = model_file(name, (MODELS / name).read_bytes())
    assert (found.outputs, found.feature_count, found.feature_names) == (outputs, count, names)


@pytest.mark.parametrize("name", ["named.joblib", "named.pkl"])
def test_a_model_of_named_columns_is_known_by_them(name: str) -> None:
    contents = model_file(name, (MODELS / name).read_bytes()).contents
    assert contents is not None
    assert (contents.knows_names, contents.chooses_by_name, contents.classes) == (True, True, 3)
