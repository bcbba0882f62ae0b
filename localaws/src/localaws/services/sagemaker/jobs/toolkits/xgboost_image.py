"""How the XGBoost image serves a model: the built-in algorithm, and the defaults of a script that leaves some out.

Runs in the model's process, beside its libraries, and imports nothing of localaws. It follows the image's container
(aws/sagemaker-xgboost-container) in what it answers, its peculiarities too: in a transform job the built-in algorithm
writes one prediction a line whatever the Accept, and the line of several probabilities is a list in brackets.

https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html
"""

from __future__ import annotations

import csv
import inspect
import json
import os
import pickle
import runpy
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from scipy import sparse, stats

_CSV = ("text/csv", "csv")
_LIBSVM = ("text/libsvm", "text/x-libsvm", "libsvm")
_ACCEPTED = ("application/json", "application/jsonlines", "application/x-recordio-protobuf", "text/csv")
_STACK = "\nStack trace"  # of C++, which XGBoost adds to its words
_VOTES = ("multi:softmax", "binary:hinge")
# By its path: a folder of localaws among the places of the user's imports would hide modules of theirs.
_selected = runpy.run_path(str(Path(__file__).with_name("xgboost_selection.py")))["selected"]


class Algorithm:
    """The image without a script: every file at the artifact's top is a model; several are averaged, or vote."""

    # What a request without Content-Type and Accept means; to a script's toolkit it means JSON.
    WITHOUT_HEADERS = ("text/libsvm", "text/csv")

    @staticmethod
    def model_fn(model_dir: str) -> Any:
        files = sorted(path for path in Path(model_dir).iterdir() if path.is_file() and path.name[0] != ".")
        if not files:
            raise FileNotFoundError(
                f"no model file at the top of the artifact, such as xgboost-model{_beside(model_dir)}"
            )
        if os.environ.get("SAGEMAKER_INFERENCE_ENSEMBLE", "true") != "true":
            files = files[:1]
        return [_loaded(path, model_dir) for path in files]

    @staticmethod
    def transform_fn(models: Any, data: Any, content_type: str, accept: str) -> tuple[str, str]:
        accept = accept.partition(";")[0].strip().lower()
        if accept == "*/*":
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
        if accept not in _ACCEPTED:
            raise ValueError(f"Accept type {accept} is not supported. Please use one of {', '.join(_ACCEPTED)}.")
        matrix, kind = _algorithm_input(data, content_type)
        predictions = _predictions(models, matrix, kind).tolist()
        wanted = os.environ.get("SAGEMAKER_INFERENCE_OUTPUT")
        if wanted is not None:
            return _selected(predictions, wanted, *_trained_for(models[0][0]), accept), accept
        return "\n".join(map(str, predictions)) + "\n", accept


def input_fn(data: Any, content_type: str) -> Any:
    """What a script's predict_fn gets where the script has no input_fn: a DMatrix."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/csv":
        # The image fails on an empty last line; whether SageMaker ever sends one is not documented.
        return xgb.DMatrix(_csv_array(_text(data).strip()))
    if kind in _LIBSVM:
        with tempfile.NamedTemporaryFile(suffix=".libsvm") as file:
            file.write(_text(data).encode())
            file.flush()
            return xgb.DMatrix(f"{file.name}?format=libsvm")
    raise ValueError(f"{_not_read(content_type)}: define input_fn(input_data, content_type)")


def predict_fn(data: Any, model: Any) -> Any:
    """As the image's: fit for a Booster. A scikit-learn style model wants a predict_fn, and an input_fn, of its own."""
    return model.predict(data, validate_features=False)


def _loaded(path: Path, model_dir: str) -> tuple[Any, bool]:
    """The model, and whether it was pickled."""
    try:
        with path.open("rb") as file:
            model, pickled = pickle.load(file), True  # noqa: S301 (the user's own model, in its own process)
    except Exception as not_pickled:
        try:
            model, pickled = xgb.Booster(), False
            model.load_model(str(path))
        except Exception as error:
            reason = str(error).partition(_STACK)[0]
            raise ValueError(
                f"{path.name} is no model that XGBoost {xgb.__version__} can read: as a pickle: {not_pickled}; "
                f"as a saved model: {reason}{_beside(model_dir)}"
            ) from error
    if not hasattr(model, "set_param"):
        raise TypeError(
            f"{path.name} holds a pickled {type(model).__name__}; the XGBoost image serves a Booster: save "
            "model.get_booster(), or use model.save_model"
        )
    model.set_param("nthread", 1)
    return model, pickled


def _beside(model_dir: str) -> str:
    if not (Path(model_dir) / "code").is_dir():
        return ""
    return (
        "; the artifact's code/ is not looked at, because the model's Environment has no SAGEMAKER_PROGRAM: set it to "
        "inference.py, and SAGEMAKER_SUBMIT_DIRECTORY to /opt/ml/model/code, to serve that script"
    )


def _algorithm_input(data: Any, content_type: str) -> tuple[Any, str]:
    kind = content_type.partition(";")[0].strip().lower()
    text = _text(data).strip()
    if kind in _CSV:
        try:
            return xgb.DMatrix(_csv_array(text)), "csv"
        except Exception as error:
            raise ValueError(f"Loading csv data failed, please ensure data is in csv format: {error}") from error
    if kind in _LIBSVM:
        try:
            return xgb.DMatrix(_libsvm_matrix(text)), "libsvm"
        except Exception as error:
            raise ValueError(f"Loading libsvm data failed, please ensure data is in libsvm format: {error}") from error
    raise ValueError(_not_read(content_type))


def _not_read(content_type: str) -> str:
    if "recordio" in content_type:
        return f"localaws does not read {content_type}, which the image does: transform text/csv or text/libsvm here"
    return f"{content_type} is not an accepted ContentType: csv, libsvm, text/csv, text/libsvm, text/x-libsvm"


def _text(data: Any) -> str:
    return data if isinstance(data, str) else bytes(data).decode()


def _csv_array(text: str) -> Any:
    """Empty fields are missing values."""
    lines = text.split("\n")
    delimiter = csv.Sniffer().sniff(lines[0][:512]).delimiter
    if delimiter.isalnum():
        delimiter = ","
    return np.array([[field or "nan" for field in line.split(delimiter)] for line in lines]).astype(float)


def _libsvm_matrix(text: str) -> Any:
    """Whatever has no colon, a label, is passed over; what a line does not name is missing, not zero."""
    rows, columns, values = [], [], []
    for number, line in enumerate(text.split("\n")):
        for index, colon, value in (item.partition(":") for item in line.split(" ")):
            if colon:
                rows.append(number)
                columns.append(int(index))
                values.append(float(value))
    return sparse.csr_matrix((values, (rows, columns)))


def _predictions(models: Any, matrix: Any, kind: str) -> Any:
    first, pickled = models[0]
    if pickled:
        _refuse_other_width(matrix.num_col(), first.num_features(), kind)
    each = [_predicted(model, matrix) for model, _ in models]
    if len(each) == 1:
        return each[0]
    objective, _ = _trained_for(first)
    return stats.mode(each).mode.reshape(-1) if objective in _VOTES else np.mean(each, axis=0)


def _trained_for(model: Any) -> tuple[str, int]:
    """The objective, and the number of classes where it has some."""
    learner = json.loads(model.save_config())["learner"]
    return learner["objective"]["name"], int(learner["learner_model_param"].get("num_class", 0))


def _refuse_other_width(given: int, trained: int, kind: str) -> None:
    if kind == "libsvm" and given > trained + 1:
        raise ValueError(f"Feature size of libsvm inference data {given} is larger than that of the model {trained}.")
    if kind == "csv" and given not in (trained, trained + 1):
        raise ValueError(f"Feature size of csv inference data {given} is not consistent with the model's {trained}.")


def _predicted(model: Any, matrix: Any) -> Any:
    options: dict[str, Any] = {"validate_features": False}
    if "ntree_limit" in inspect.signature(model.predict).parameters:  # before XGBoost 2
        options["ntree_limit"] = getattr(model, "best_ntree_limit", 0)
    return model.predict(matrix, **options)
