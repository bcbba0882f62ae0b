"""Metric math, as far as alarms here have it: numbers, ids, + - * /, and FILL with a number. Pure.

What else CloudWatch has is refused when the alarm is made, by name.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(ValueError):
    """The expression is none, or needs what is not here; the message names it."""


def ids_of(expression: str) -> set[str]:
    """The ids that it refers to. Raises ExpressionError for what ``value_of`` could not work out."""
    tree = _tree(expression)
    _check(tree)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id != "FILL"}


def value_of(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The value at one time; None where one that it needs is missing, or nothing can be divided."""
    try:
        return _value(_tree(expression), values)
    except ZeroDivisionError:
        return None


def _tree(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"'{expression}' is no expression that localaws reads") from error


def _check(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=int() | float()) | ast.Name():
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int() | float())], keywords=[]):
            _check(filled)
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"localaws does not implement {name} of metric math in alarms")
        case _:
            raise ExpressionError(f"localaws does not implement '{ast.unparse(node)}' of metric math in alarms")


def _value(node: Any, values: Mapping[str, float | None]) -> float | None:
    """Of what ``_check`` lets through."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values.get(name)
        case ast.UnaryOp(operand=operand):
            inner = _value(operand, values)
            return None if inner is None else -inner
        case ast.Call(args=[filled, number]):
            inner = _value(filled, values)
            return _value(number, values) if inner is None else inner
    left, right = _value(node.left, values), _value(node.right, values)
    return None if left is None or right is None else _OPERATORS[type(node.op)](left, right)
