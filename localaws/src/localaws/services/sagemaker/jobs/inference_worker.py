"""Serves one model to one transform job: loads the user's inference code once, then answers request after request.

Runs inside the job's container, as a script, with the standard library and the user's own libraries alone. Requests
and responses travel over one socket, each as two lengths, a JSON head and a body ::

    {"content_type": "text/csv", "accept": "text/csv", "quiet": false}, b"1,2,3"
    {"content_type": "text/csv"}, b"0.7"        or        {"error": "ValueError: ..."}, b""

The handlers are those of the SageMaker inference toolkit: model_fn, and input_fn, predict_fn, output_fn or
transform_fn, with the toolkit's defaults for what a script leaves out. A module of ``toolkits/`` adds what the model's
image does otherwise, and serves the model where there is no script. ::

    python inference_worker.py <descriptor of the socket> <script or ""> <module of toolkits/ or "">

https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html#deploy-a-scikit-learn-model
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

_LENGTHS = struct.Struct(">IQ")
_CSV, _JSON, _NPY = "text/csv", "application/json", "application/x-npy"
_JSON_LINES = ("application/jsonlines", "application/x-jsonlines")
# The toolkit hands these over as text, everything else as bytes.
_TEXT = (_CSV, _JSON)
_MODEL_DIRECTORY = "/opt/ml/model"
_NO_TOOLKIT = _NO_SCRIPT = SimpleNamespace()


def main() -> None:
    descriptor, program, toolkit = int(sys.argv[1]), *sys.argv[2:]
    connection = socket.socket(fileno=descriptor)
    # What user code writes to a stray file descriptor must not end up between two responses.
    os.set_inheritable(descriptor, False)
    reader = connection.makefile("rb")
    try:
        image = _load(Path(toolkit)) if toolkit else _NO_TOOLKIT
        handlers = Handlers(_load_script(Path(program)) if program else getattr(image, "Algorithm", _NO_SCRIPT), image)
    except BaseException as error:  # SystemExit of a script is a failure too
        _report(connection, error, quiet=False)
        return
    _send(connection, {"ready": True}, b"")
    while lengths := reader.read(_LENGTHS.size):
        head_length, body_length = _LENGTHS.unpack(lengths)
        head = json.loads(reader.read(head_length))
        body = reader.read(body_length)
        try:
            answer, content_type = handlers.respond(body, head["content_type"], head["accept"])
        except BaseException as error:
            _report(connection, error, head["quiet"])
        else:
            _send(connection, {"content_type": content_type}, answer)


class Handlers:
    """The functions of an inference script, and the defaults of what it does not define: its image's, or the
    toolkit's. ``script`` and ``image`` are modules, or anything with such attributes."""

    def __init__(self, script: Any, image: Any = _NO_TOOLKIT) -> None:
        def own(name: str) -> Callable[..., Any] | None:
            return getattr(script, name, None)

        def given(name: str) -> Callable[..., Any] | None:
            return own(name) or getattr(image, name, None)

        self._input = given("input_fn") or default_input
        self._predict = given("predict_fn") or default_predict
        self._output = given("output_fn") or default_output
        self._transform = own("transform_fn")
        if self._transform and (own("input_fn") or own("predict_fn") or own("output_fn")):
            raise ValueError("transform_fn replaces input_fn, predict_fn and output_fn: define it or them, not both")
        load = given("model_fn")
        if load is None:
            raise NotImplementedError(f"{script.__file__} defines no model_fn(model_dir), so nothing loads the model")
        without_headers: tuple[str, str] = getattr(script, "WITHOUT_HEADERS", (_JSON, _JSON))
        self._content_type, self._accept = without_headers
        self._context = SimpleNamespace(model_dir=_MODEL_DIRECTORY)
        self._model = self._call(load, _MODEL_DIRECTORY)

    def respond(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The response's body and its content type."""
        content_type = content_type or os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_CONTENT_TYPE", self._content_type)
        accept = accept or os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self._accept)
        data: Any = body.decode() if _media_type(content_type) in _TEXT else body
        if self._transform:
            answer = self._call(self._transform, self._model, data, content_type, accept)
        else:
            taken = self._call(self._input, data, content_type)
            answer = self._call(self._output, self._call(self._predict, taken, self._model), accept)
        if isinstance(answer, tuple):
            answer, accept = answer
        return _body(answer), accept

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> Any:
        """Newer scripts take a context as their last argument."""
        try:
            parameters = inspect.signature(handler)
        except ValueError:  # a builtin
            return handler(*arguments)
        try:
            parameters.bind(*arguments)
        except TypeError:
            return handler(*arguments, self._context)
        return handler(*arguments)


def default_input(data: Any, content_type: str) -> Any:
    """A numpy array; of CSV always with rows and columns, a single row too."""
    import numpy as np  # noqa: PLC0415 (50 ms of each worker, needed by the defaults alone)

    kind = _media_type(content_type)
    if kind == _CSV:
        return _csv_array(data)
    if kind == _JSON:
        return np.array(json.loads(data))
    if kind in _JSON_LINES:
        return np.array([json.loads(line) for line in data.splitlines() if line.strip()])
    if kind == _NPY:
        return np.load(io.BytesIO(data), allow_pickle=False)
    raise ValueError(f"the default input_fn does not read {content_type}: define input_fn(input_data, content_type)")


def _csv_array(data: str) -> Any:
    import numpy as np  # noqa: PLC0415 (50 ms of each worker, needed by the defaults alone)

    try:
        return np.loadtxt(io.StringIO(data), delimiter=",", ndmin=2)
    except ValueError:
        # Several times slower, but reads missing values, as the toolkit does.
        columns = data.lstrip().partition("\n")[0].count(",") + 1
        return np.genfromtxt(io.StringIO(data), delimiter=",").reshape(-1, columns)


def default_predict(data: Any, model: Any) -> Any:
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> Any:
    """The prediction in the form that Accept names."""
    import numpy as np  # noqa: PLC0415 (50 ms of each worker, needed by the defaults alone)

    if hasattr(prediction, "detach"):  # a tensor of PyTorch
        prediction = prediction.detach().cpu()
    kind, values = _media_type(accept), np.asarray(prediction)
    if kind == _CSV:
        target = io.StringIO()
        np.savetxt(target, values, delimiter=",", fmt="%s")
        return target.getvalue()
    if kind in (_JSON, "*/*"):
        return json.dumps(values.tolist())
    if kind in _JSON_LINES:
        return "".join(f"{json.dumps(row)}\n" for row in values.tolist())
    if kind == _NPY:
        binary = io.BytesIO()
        np.save(binary, values)
        return binary.getvalue()
    raise ValueError(f"the default output_fn does not write {accept}: define output_fn(prediction, accept)")


def _load_script(program: Path) -> ModuleType:
    sys.path.insert(0, str(program.parent))
    return _load(program)


def _load(program: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(program.stem, program)
    if specification is None or specification.loader is None:
        raise ImportError(f"{program} is not a Python file")
    module = importlib.util.module_from_spec(specification)
    # Models pickled with classes of the script find them under its name.
    sys.modules[program.stem] = module
    specification.loader.exec_module(module)
    return module


def _body(answer: Any) -> bytes:
    if hasattr(answer, "get_data"):  # a Flask response, as older scripts make them
        answer = answer.get_data()
    if isinstance(answer, str):
        return answer.encode()
    if isinstance(answer, bytes | bytearray):
        return bytes(answer)
    raise TypeError(f"the inference code returned a {type(answer).__name__}: output_fn must return str or bytes")


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _report(connection: socket.socket, error: BaseException, quiet: bool) -> None:
    if not quiet:
        traceback.print_exception(error)
        sys.stderr.flush()
    _send(connection, {"error": "".join(traceback.format_exception_only(error)).strip()}, b"")


def _send(connection: socket.socket, head: dict[str, Any], body: bytes) -> None:
    encoded = json.dumps(head).encode()
    connection.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded)
    connection.sendall(body)


if __name__ == "__main__":
    main()
