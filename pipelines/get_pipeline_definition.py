"""Print or save the JSON definition of a pipeline module: ``python -m pipelines.get_pipeline_definition -n MODULE``.

The module's ``get_pipeline(**kwargs)`` may return a dict, the JSON text, or anything with ``.definition()``: a
pipeline of the SageMaker SDK, version 2 or 3. A dict renders without the SDK installed. The JSON is canonical: sorted
keys, two spaces, no nulls, a final newline. Rendering reaches no network.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

USAGE_ERROR, PIPELINE_ERROR = 2, 10

# What rendering must not ask the outside world for: credentials and a region are never used, but the SDK's imports
# want them; without them it calls the instance metadata service. Telemetry would call STS and S3.
OFFLINE = {
    "AWS_ACCESS_KEY_ID": "rendering-calls-nobody",
    "AWS_SECRET_ACCESS_KEY": "rendering-calls-nobody",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
SDK_SETTINGS = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


class PipelineModuleError(Exception):
    """The module cannot be imported, has no ``get_pipeline``, or its result is not a pipeline."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, 2 for wrong arguments, 10 for a module that gives no definition."""
    options = _parser().parse_args(arguments)
    if options.module_name is None:
        _parser().print_help(sys.stderr)
        return USAGE_ERROR
    try:
        with offline():
            definition = render(options.module_name, parse_kwargs(options.kwargs), options.record)
    except (PipelineModuleError, ValueError) as error:
        print(f"No definition: {error}", file=sys.stderr)
        return PIPELINE_ERROR
    if options.file_name:
        Path(options.file_name).write_text(definition, encoding="utf-8")
    else:
        print(definition, end="")
    return 0


def render(module_name: str, kwargs: dict[str, Any], record: bool = False) -> str:
    """The canonical definition of ``module_name``.

    With ``record``, Metadata gains the SDK's version and, as StockImages, what the module's ``get_stock_images()``
    says: ``{"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}``. No region: a stage's is bound when deployed.
    """
    module, pipeline = load_pipeline(module_name, kwargs)
    definition = definition_of(pipeline, module_name)
    if record:
        definition["Metadata"] = (definition.get("Metadata") or {}) | _rendered_from(module_name, module)
    return canonical(definition)


def load_pipeline(module_name: str, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The module, and what its ``get_pipeline(**kwargs)`` returned. What the SDK prints goes to stderr."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            raise PipelineModuleError(_import_problem(module_name, error)) from error
        get_pipeline = getattr(module, "get_pipeline", None)
        if not callable(get_pipeline):
            raise PipelineModuleError(f"{module_name} has no function get_pipeline")
        return module, get_pipeline(**kwargs)


def definition_of(pipeline: Any, module_name: str = "get_pipeline") -> dict[str, Any]:
    """The definition as a dict, of a dict, of JSON text, or of anything with ``.definition()``."""
    given = pipeline
    render_it: Callable[[], Any] | None = getattr(pipeline, "definition", None)
    if callable(render_it):
        with contextlib.redirect_stdout(sys.stderr):
            given = render_it()
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except json.JSONDecodeError as error:
            raise PipelineModuleError(f"{module_name} returned text that is not JSON: {error}") from error
    if not isinstance(given, dict) or not isinstance(given.get("Steps"), list):
        raise PipelineModuleError(
            f"{module_name} returned {type(given).__name__}, which is not a pipeline definition:"
            " expected a dict with Version and Steps, or an object with .definition()"
        )
    return without_nulls(given)


def canonical(definition: Any) -> str:
    """JSON with sorted keys, two spaces and a final newline, so that equal definitions are equal bytes."""
    return json.dumps(definition, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def without_nulls(value: Any) -> Any:
    """Without the members that are null: the SDK writes some, and SageMaker's schema knows none."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def parse_kwargs(text: str | None) -> dict[str, Any]:
    """Keyword arguments of ``get_pipeline``: a JSON object or a Python literal dict."""
    if not text:
        return {}
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        try:
            parsed = ast.literal_eval(text)
        except (ValueError, SyntaxError) as error:
            raise PipelineModuleError(f"-kwargs is neither JSON nor a Python dict: {text!r}") from error
    if not isinstance(parsed, dict) or not all(isinstance(key, str) for key in parsed):
        raise PipelineModuleError(f"-kwargs must be a dict with text keys, found {type(parsed).__name__}: {text!r}")
    return parsed


@contextlib.contextmanager
def offline() -> Iterator[None]:
    """An environment in which neither boto3 nor the SDK has a reason to call anybody; restored afterwards."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "config.yaml"
        settings.write_text(json.dumps(SDK_SETTINGS), encoding="utf-8")  # JSON is YAML
        nowhere = str(Path(folder) / "absent")
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(
            OFFLINE,
            AWS_CONFIG_FILE=nowhere,
            AWS_SHARED_CREDENTIALS_FILE=nowhere,
            SAGEMAKER_ADMIN_CONFIG_OVERRIDE=str(settings),
            SAGEMAKER_USER_CONFIG_OVERRIDE=str(settings),
        )
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _rendered_from(module_name: str, module: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with contextlib.suppress(metadata.PackageNotFoundError):
        found["SdkVersion"] = metadata.version("sagemaker")
    if hasattr(module, "get_image_uris"):
        raise PipelineModuleError(
            f"{module_name} has get_image_uris(region), which nothing asks any more: write get_stock_images(), "
            'returning {"Processing": {"Framework": "sklearn", "Version": "1.9-0"}}; an image of your own is '
            "processing.image_uri in the settings"
        )
    get_stock_images = getattr(module, "get_stock_images", None)
    if callable(get_stock_images):
        found["StockImages"] = get_stock_images()
    return found


def _import_problem(module_name: str, error: ImportError) -> str:
    missing = (error.name or "").partition(".")[0]
    if missing == "sagemaker":
        return f"{module_name} needs the SageMaker SDK, which is not installed here; next: make render"
    return f"{module_name} cannot be imported: {error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.get_pipeline_definition",
        description="Print or save the JSON definition of a pipeline module.",
    )
    parser.add_argument("-n", "--module-name", help="e.g. pipelines.churn.pipeline")
    parser.add_argument("-f", "--file-name", help="write there instead of to stdout")
    parser.add_argument("-kwargs", "--kwargs", help='arguments of get_pipeline, e.g. \'{"region": "eu-west-1"}\'')
    parser.add_argument("--record", action="store_true", help="record SDK version and stock images in Metadata")
    return parser


if __name__ == "__main__":
    sys.exit(main())
