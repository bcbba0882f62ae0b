"""Which tests show which rule of AWS: read from ``@pytest.mark.aws_rule("rule", page="https://...")``. Pure: text in.

The source is read as a syntax tree and never imported, so that the page can be made without the packages that the
tests need. For that, a marker's rule and page are literals; what cannot be read so is a finding, never left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from scripts.repository.findings import Finding

MARKER: Final = "aws_rule"
# Where AWS itself says how its services behave: its documentation (each partition's), and what it writes elsewhere.
_HOSTS: Final = (
    "docs.aws.amazon.com",
    "docs.amazonaws.cn",
    "docs.aws.eu",
    "aws.amazon.com",
    "repost.aws",
    "boto3.amazonaws.com",
)
_GITHUB_OWNERS: Final = ("aws", "aws-cloudformation", "aws-samples", "awslabs", "boto")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class MarkedTest:
    """A rule of AWS, its page, and one test that shows it. ``name`` is empty where a whole file does."""

    rule: str
    page: str
    path: str
    name: str


@dataclass(frozen=True)
class _Place:
    """What a marker stands on: tests by their names, or a whole file of them."""

    tests: tuple[str, ...] = ()
    is_file: bool = False


def marked_tests(path: str, text: str) -> tuple[list[MarkedTest], list[Finding]]:
    """Every marker of one test file, and what is wrong with those that say too little."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return [], [_finding(path, getattr(error, "lineno", 0) or 0, f"it is no Python: {error}")]
    tests: list[MarkedTest] = []
    findings: list[Finding] = []
    users = _users_of_names(tree)
    for node, place in _markers(tree, "", users):
        problem = _problem(node)
        if problem is None and not place.tests and not place.is_file:
            problem = "it stands on nothing that pytest runs as a test"
        if problem is not None:
            findings.append(_finding(path, node.lineno, problem))
            continue
        rule, page = _literals(node)
        names = place.tests or ("",)
        tests += [MarkedTest(" ".join(rule.split()).rstrip("."), page, path, name) for name in names]
    return sorted(set(tests)), findings


def page_problem(page: str) -> str | None:
    """Why an address is not a page on which AWS states its rules; None where it is."""
    parts = urlsplit(page)
    on_github = (
        parts.netloc == "github.com" and parts.path.split("/")[1:2] and parts.path.split("/")[1] in _GITHUB_OWNERS
    )
    if parts.scheme == "https" and parts.path.strip("/") and (parts.netloc in _HOSTS or on_github):
        return None
    return f'"{page}" is no page of AWS: https:// and one of {", ".join(_HOSTS)}, or github.com/<an owner of AWS\'s>'


def _problem(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return 'it has neither rule nor page: @pytest.mark.aws_rule("the rule in one sentence", page="https://...")'
    names = [keyword.arg for keyword in node.keywords]
    if len(node.args) != 1 or names != ["page"]:
        return "it takes the rule, and page= with the address: nothing else, nothing less"
    if not all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in _values(node)):
        return "its rule and its page must be literal text, since the page is made without importing the tests"
    rule, page = _literals(node)
    return page_problem(page) if rule.strip() else "its rule is empty"


def _values(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _literals(node: ast.AST) -> tuple[str, str]:
    assert isinstance(node, ast.Call)
    rule, page = (ast.literal_eval(each) for each in _values(node))
    return rule, page


def _markers(
    body: ast.Module | ast.ClassDef, scope: str, users: dict[str, list[str]]
) -> Iterator[tuple[ast.expr, _Place]]:
    """Each use of the marker in a file or class, with the tests that it is about. ``scope`` is ``Class::`` or empty."""
    for statement in body.body:
        if isinstance(statement, ast.ClassDef):
            inner = f"{scope}{statement.name}::"
            yield from _found(statement.decorator_list, _Place(tuple(_tests_of(statement, inner))))
            yield from _markers(statement, inner, users)
        elif isinstance(statement, _Function):
            yield from _found([statement], _Place(tuple(_test(statement, scope))))
        elif _assigned(statement) == "pytestmark":
            yield from _found([statement], _Place(tuple(_tests_of(body, scope)) if scope else (), not scope))
        else:
            yield from _found([statement], _Place(tuple(users.get(_assigned(statement), ()))))


def _found(nodes: Sequence[ast.AST], place: _Place) -> Iterator[tuple[ast.expr, _Place]]:
    called = {id(node.func): node for each in nodes for node in ast.walk(each) if isinstance(node, ast.Call)}
    for each in nodes:
        for node in ast.walk(each):
            if isinstance(node, ast.Attribute) and node.attr == MARKER:
                yield called.get(id(node), node), place


def _tests_of(body: ast.Module | ast.ClassDef, scope: str) -> Iterator[str]:
    for statement in body.body:
        yield from _test(statement, scope)


def _test(statement: ast.stmt, scope: str) -> Iterator[str]:
    if isinstance(statement, _Function) and statement.name.startswith("test"):
        yield f"{scope}{statement.name}"


def _assigned(statement: ast.stmt) -> str:
    """The one name that a statement assigns; empty for anything else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def _users_of_names(tree: ast.Module) -> dict[str, list[str]]:
    """Tests by the names that their decorators mention: a list of cases is often written above them."""
    users: dict[str, list[str]] = {}
    for statement in tree.body:
        if isinstance(statement, _Function) and statement.name.startswith("test"):
            for decorator in statement.decorator_list:
                for node in ast.walk(decorator):
                    if isinstance(node, ast.Name):
                        users.setdefault(node.id, []).append(statement.name)
    return users


def _finding(path: str, line: int, problem: str) -> Finding:
    return Finding(path, line, "AWS_RULE_MARKER", problem)
