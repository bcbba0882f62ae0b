"""The toolkit's defaults, and how a script's own functions are called."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from localaws.services.sagemaker.jobs.inference_worker import Handlers, default_input, default_output


def script(**functions: Any) -> ModuleType:
    module = ModuleType("inference")
    module.__file__ = "/opt/ml/model/code/inference.py"
    for name, function in functions.items():
        setattr(module, name, function)
    return module


class Doubling:
    def predict(self, rows: Any) -> Any:
        return np.asarray(rows).sum(axis=1) * 2


def test_a_single_csv_row_has_rows_and_columns() -> None:
    assert default_input("1,2,3", "text/csv").shape == (1, 3)
    assert default_input("1\n2\n3\n", "text/csv; charset=utf-8").shape == (3, 1)


def test_missing_values_are_read_as_not_a_number() -> None:
    assert np.isnan(default_input("1,\n2,3\n", "text/csv")[0, 1])
    assert default_input("1,\n", "text/csv").shape == (1, 2)


@pytest.mark.parametrize(
    ("kind", "body", "answer"),
    [
        ("text/csv", b"1,2\n3,4\n", b"6.0\n14.0\n"),
        ("application/json", b"[[1,2],[3,4]]", b"[6, 14]"),
        ("application/jsonlines", b"[1,2]\n[3,4]\n", b"6\n14\n"),
    ],
)
def test_the_defaults_serve_what_the_toolkit_serves(kind: str, body: bytes, answer: bytes) -> None:
    handlers = Handlers(script(model_fn=lambda directory: Doubling()))
    assert handlers.respond(body, kind, kind) == (answer, kind)


def test_own_functions_are_used_and_may_name_the_content_type() -> None:
    handlers = Handlers(
        script(
            model_fn=lambda directory: "model",
            input_fn=lambda data, content_type: (data, content_type),
            predict_fn=lambda data, model: [*data, model],
            output_fn=lambda prediction, accept: (" ".join(prediction), "text/plain"),
        )
    )
    assert handlers.respond(b"x", "text/csv", "text/csv") == (b"x text/csv model", "text/plain")


def test_transform_fn_does_it_all_and_a_context_is_given_where_one_is_taken() -> None:
    def transform_fn(model: Any, data: Any, content_type: str, accept: str, context: Any) -> str:
        return f"{model} {data} {context.model_dir}"

    handlers = Handlers(script(model_fn=lambda directory: "model", transform_fn=transform_fn))
    assert handlers.respond(b"x", "text/csv", "text/csv")[0] == b"model x /opt/ml/model"


def test_transform_fn_beside_predict_fn_is_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        Handlers(script(model_fn=str, transform_fn=print, predict_fn=print))


def test_a_script_without_model_fn_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="defines no model_fn"):
        Handlers(script())


def test_what_is_neither_text_nor_bytes_is_no_answer() -> None:
    handlers = Handlers(script(model_fn=str, transform_fn=lambda *arguments: 7))
    with pytest.raises(TypeError, match="returned a int"):
        handlers.respond(b"", "text/csv", "text/csv")


def test_the_defaults_refuse_other_types_by_name() -> None:
    with pytest.raises(ValueError, match="image/png"):
        default_input(b"", "image/png")
    with pytest.raises(ValueError, match="image/png"):
        default_output([1], "image/png")
