"""A template as CloudFormation would see it once its conditions are decided. Pure: JSON values in and out.

Rules about resources cannot look into ``Fn::If``. Deciding all conditions one way, and then all the other way, shows
every property value and every policy that a template can have.
"""

from __future__ import annotations

from typing import Any

_NO_VALUE = {"Ref": "AWS::NoValue"}


def branches(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The template with every condition true, then with every condition false; ``AWS::NoValue`` is taken out.

    Resources keep their ``Condition``: a resource that some parameters leave out is still looked at.
    """
    return [_decide(template, taken) for taken in (1, 2)]


def _decide(value: Any, taken: int) -> Any:
    if isinstance(value, dict):
        if list(value) == ["Fn::If"]:
            return _decide(value["Fn::If"][taken], taken)
        decided = {name: _decide(each, taken) for name, each in value.items()}
        return {name: each for name, each in decided.items() if each != _NO_VALUE}
    if isinstance(value, list):
        return [each for each in (_decide(each, taken) for each in value) if each != _NO_VALUE]
    return value
