"""Whether a model takes what its pipeline sends it, and answers what the schema says that it predicts. Pure.

A script of the model's own may do anything with a request. What is judged is everything that reads and answers in one
known way: an image's defaults, for the functions that a script leaves out; an image without a script; and the code
that ``make register`` adds. Those read numbers, mostly as CSV: of text they make missing values or a failed job.
https://github.com/aws/sagemaker-inference-toolkit, https://github.com/aws/sagemaker-xgboost-container
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.decisions.framework_images import Image
from scripts.decisions.model_archive_rules import ModelArchive, is_scripted
from scripts.decisions.model_formats import LIBRARY, Framework, ModelFile
from scripts.decisions.record_schema import Feature, RecordSchema, normalised
from scripts.decisions.serving_code import handler_names
from scripts.decisions.stage_settings import StageSettings
from scripts.errors import ModelPackageError

CSV, JSON, JSON_LINES, NPY = "text/csv", "application/json", "application/jsonlines", "application/x-npy"
_LIBSVM, _RECORDIO = ("text/libsvm", "text/x-libsvm"), "application/x-recordio-protobuf"
_TOOLKIT = (CSV, JSON, NPY)
_READ: dict[Framework, tuple[str, ...]] = {
    "sklearn": _TOOLKIT,
    "pytorch": _TOOLKIT,
    "xgboost": (CSV, *_LIBSVM, _RECORDIO),
}
_WRITTEN: dict[Framework, tuple[str, ...]] = {
    "sklearn": _TOOLKIT,
    "pytorch": _TOOLKIT,
    "xgboost": (CSV, JSON, JSON_LINES, _RECORDIO),
}
_TRUTHS = frozenset({"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"})
# Default code that gives a model trained on named columns a DataFrame, text and all.
_READ_TEXT = ("sklearn_inference.py", "skops_inference.py")


@dataclass(frozen=True)
class Sent:
    """What a stage's pipeline sends its model, and what it wants back. ``header``: the input's header line, too."""

    schema: RecordSchema | None
    content_type: str = CSV
    accept: str = CSV
    several_lines: bool = True
    header: bool = False
    features_as_in_schema: bool = True

    @classmethod
    def of(cls, settings: StageSettings, schema: RecordSchema | None, has_preprocessing: bool) -> Sent:
        transform = settings.transform
        return cls(
            schema,
            _media(transform.content_type) or CSV,
            _media(transform.accept) or CSV,
            (transform.batch_strategy or "MultiRecord") == "MultiRecord" and (transform.split_type or "Line") == "Line",
            settings.verification.input_header and not has_preprocessing,
            transform.input_filter in (None, "$[1:]"),
        )


@dataclass(frozen=True)
class _Server:
    """Who reads a request and who answers it, where that is known: ``name`` for people; None for a script's own."""

    reader: str | None
    answerer: str | None
    read: tuple[str, ...]
    written: tuple[str, ...]
    takes_text: bool
    remedy: str
    probabilities: bool = False
    for_probabilities: str = "define predict_fn in code/inference.py, or register the model file itself"


def fit_problems(
    archive: ModelArchive, image: Image, sent: Sequence[Sent], handler: str | None, *, probabilities: bool = False
) -> list[str]:
    """One line each. ``handler`` is the file of scripts/serving/ that was added; None for code of one's own, or none.

    ``probabilities``: the handler was told to give those in place of classes.
    """
    server = _server(archive, image, handler, probabilities)
    if server is None:
        return []
    found = [problem for each in sent for problem in _problems(server, archive, image, each)]
    return list(dict.fromkeys(found))


def require_fit(problems: list[str], pipeline: str, subject: str) -> None:
    """Raises ModelPackageError where there are any."""
    if problems:
        raise ModelPackageError(
            f"{subject} does not fit what pipeline {pipeline} sends and predicts; nothing was uploaded",
            found=problems,
            next_command="correct this and run the same command again; docs/registering-a-model.md says what is sent",
        )


def _server(archive: ModelArchive, image: Image, handler: str | None, probabilities: bool) -> _Server | None:
    if image.framework is None:
        return None
    if handler is not None:
        takes_text = handler in _READ_TEXT and any(_may_take_text(each) for each in archive.models)
        why = "codes: in schema.yml give each value a number; or give code of your own, CODE=inference.py"
        own, more = "the default code", "PROBABILITY=1, where all are probabilities; or CODE=inference.py"
        return _Server(own, own, (CSV,), (CSV, JSON), takes_text, why, probabilities, more)
    read, written, library = _READ[image.framework], _WRITTEN[image.framework], LIBRARY[image.framework]
    if not is_scripted(archive, image):
        own = "XGBoost's own algorithm" if image.framework == "xgboost" else f"the {library} image without a script"
        why = "codes: in schema.yml give each value a number; or give a script, CODE=inference.py"
        return _Server(own, own, read, written, False, why)
    names = handler_names(archive.code)
    if not names or {"*", "transform_fn"} & names:
        return None
    reader = None if "input_fn" in names else f"the {library} image's default input_fn"
    answerer = None if {"predict_fn", "output_fn"} & names else f"the {library} image's default predict_fn"
    why = "define input_fn(input_data, content_type) in code/inference.py; or codes: in schema.yml, a number each"
    return _Server(reader, answerer, read, written, False, why)


def _problems(server: _Server, archive: ModelArchive, image: Image, sent: Sent) -> Iterator[str]:
    if server.reader is not None:
        yield from _request_problems(server, server.reader, sent)
        if sent.schema is not None and sent.features_as_in_schema:
            yield from _model_problems(server, server.reader, archive, sent.schema)
    if server.answerer is not None:
        yield from _answer_problems(server, server.answerer, archive, image, sent)


def _request_problems(server: _Server, reader: str, sent: Sent) -> Iterator[str]:
    if sent.content_type not in server.read:
        yield f"the pipeline sends {sent.content_type} (transform.content_type); {reader} reads {_some(server.read)}"
    elif sent.content_type == JSON and sent.several_lines:
        yield (
            f"the pipeline sends several lines of JSON in one request, and {reader} reads one document: "
            "define input_fn, or set transform.split_type: None in settings.yml"
        )
    if sent.header:
        yield (
            f"the input begins with a header line (verification.input_header) that no step takes away, and {reader} "
            "would score it as a record: define input_fn, or let a processing step take it away"
        )
    text = [feature for feature in sent.schema.features if _is_text(feature)] if sent.schema else []
    if text and not server.takes_text:
        names = _some([feature.name for feature in text])
        yield f"the pipeline sends text ({names}), and {reader} reads numbers alone: {server.remedy}"
        yield from filter(None, map(_as_numbers, text[:5]))


def _model_problems(server: _Server, reader: str, archive: ModelArchive, schema: RecordSchema) -> Iterator[str]:
    names = [normalised(feature.name) for feature in schema.features]
    for model in archive.models:
        if model.contents and model.contents.chooses_by_name and not server.takes_text:
            yield (
                f"{model.name} chooses columns by their names, and {reader} gives it an array without names: "
                "define input_fn that gives a DataFrame; or register the model file itself, for the default code"
            )
        trained = [normalised(name) for name in model.feature_names]
        if model.feature_count not in (None, len(names)):
            more = sorted(set(names) - set(trained)) if trained else []
            yield (
                f"{model.name} takes {model.feature_count} features, and schema.yml has {len(names)}: make them those "
                "of the training, in its order" + (f"; it was trained without {_some(more)}" if more else "")
            )
        elif trained != names and sorted(trained) == sorted(names):
            yield (
                f"schema.yml has the features in another order than {model.name} was trained with: "
                f"{', '.join(model.feature_names)}"
            )


def _answer_problems(server: _Server, answerer: str, archive: ModelArchive, image: Image, sent: Sent) -> Iterator[str]:
    if sent.accept not in server.written:
        yield f"the pipeline wants {sent.accept} (transform.accept), and {answerer} gives {_some(server.written)}"
    if sent.schema is None:
        return
    wanted = sent.schema.predictions
    said = ", ".join(f"{each.name} ({each.type})" for each in wanted)
    for model in archive.models:
        given = model.outputs
        if model.contents is not None and model.contents.is_classifier:
            given = _of_classifier(model.contents.classes, server.probabilities)
            if not server.probabilities and any(each.type == "probability" for each in wanted):
                yield f"schema.yml predicts {said}, and {answerer} gives a class a record: {server.for_probabilities}"
                continue
        if given is None:
            continue
        if given > 1 and sent.accept == CSV and image.framework == "xgboost" and not is_scripted(archive, image):
            yield (
                f"{model.name} gives {given} values a record, which {answerer} writes as a list in brackets, no CSV: "
                "register the model file itself, for the default code, or give a script"
            )
        elif given != len(wanted):
            values = "1 value" if given == 1 else f"{given} values"
            yield f"schema.yml predicts {said}, and with {answerer} {model.name} gives {values} a record"


def _of_classifier(classes: int | None, probabilities: bool) -> int | None:
    """A class; or the probability of the second of two, or of each of more."""
    return (1 if classes == 2 else classes) if probabilities else 1


def _may_take_text(model: ModelFile) -> bool:
    """Whether the default code can give it text: it knows its columns' names, or nothing is known of it."""
    return model.contents.knows_names if model.contents is not None else model.kind in ("unread", "skops")


def _as_numbers(feature: Feature) -> str | None:
    """A category's line in the schema with a number for each value, as the training may have had them."""
    if not feature.values:
        return None
    if len(feature.values) == 2 and all(value.lower() in _TRUTHS for value in feature.values):
        return f"for example {{ name: {feature.name}, type: boolean }}, which gives the model 1 and 0"
    codes = ", ".join(f"{json.dumps(value, ensure_ascii=False)}: {code}" for code, value in enumerate(feature.values))
    return f"for example {{ name: {feature.name}, type: category, codes: {{ {codes} }} }}, with the training's numbers"


def _is_text(feature: Feature) -> bool:
    return feature.type in ("text", "date") or (feature.type == "category" and not feature.codes)


def _media(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
