"""Whether a model's serving code can be what the image's toolkit loads: parsed, never imported.

https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html#deploy-a-scikit-learn-model
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping

PROGRAM = "inference.py"
_REPLACED = ("input_fn", "predict_fn", "output_fn")


def code_problems(code: Mapping[str, bytes], *, needs_model_fn: bool) -> list[str]:
    """What keeps code from being loaded, one line each; ``code`` are the Python files of code/, by path below it."""
    problems = [f"code/{name}: {error}" for name, content in sorted(code.items()) if (error := _syntax(content))]
    if PROGRAM not in code:
        found = ", ".join(sorted(code)) or "no Python file"
        return [*problems, f"code/{PROGRAM} is missing; in code/ there is {found}"]
    if _syntax(code[PROGRAM]):
        return problems
    names = set(_defined(_parsed(code[PROGRAM]).body))
    if "*" in names:
        return problems
    if needs_model_fn and "model_fn" not in names:
        handlers = sorted(names & {*_REPLACED, "transform_fn"})
        problems.append(f"code/{PROGRAM} defines no model_fn(model_dir); it defines {', '.join(handlers) or 'none'}")
    replaced = sorted(names & set(_REPLACED))
    if "transform_fn" in names and replaced:
        problems.append(f"code/{PROGRAM} defines transform_fn and {', '.join(replaced)}, which it replaces: keep one")
    return problems


def handler_names(code: Mapping[str, bytes]) -> frozenset[str]:
    """What inference.py defines at its top; ``*`` where it imports names that cannot be told. Empty for no Python."""
    if PROGRAM not in code or _syntax(code[PROGRAM]):
        return frozenset()
    return frozenset(_defined(_parsed(code[PROGRAM]).body))


def header_doubts(code: Mapping[str, bytes]) -> list[str]:
    """Where pandas would take a request's first record for a header: no header=, no names=. A doubt, since code may
    have put a header there before."""
    found = []
    for name, content in sorted(code.items()):
        if _syntax(content):
            continue
        for call in (node for node in ast.walk(_parsed(content)) if isinstance(node, ast.Call)):
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if called == "read_csv" and not {each.arg for each in call.keywords} & {"header", "names", None}:
                found.append(
                    f"code/{name} line {call.lineno}: read_csv takes the first record for a header, and the pipeline "
                    "sends none: header=None, unless your code has put one there"
                )
    return found


def _syntax(content: bytes) -> str | None:
    try:
        _parsed(content)
    except SyntaxError as error:
        return f"line {error.lineno or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"it is no Python: {error}"
    return None


def _parsed(content: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's remarks on somebody's escapes are not ours to print
        return ast.parse(content)


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module binds at its top, within if, try and with too; ``*`` for what another module brings."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        else:
            for inner in ("body", "orelse", "finalbody"):
                yield from _defined(getattr(node, inner, []))
            for handler in getattr(node, "handlers", []):
                yield from _defined(handler.body)
