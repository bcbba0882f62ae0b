"""ClientRequestToken of the operations that change a stack: a repeated request is answered and not carried out again.

A token that the stack has seen with *another* request is refused, however long ago that was: AWS does not say when it
forgets one. A token is of one stack; one of the same name that is made after a deletion begins anew.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from localaws.core.errors import ServiceError
from localaws.core.service import Request
from localaws.services.cloudformation.records import Stack


def is_repeated(stack: Stack, operation: str, request: Request, subject: str = "") -> bool:
    """Whether the stack has had this very request. ``subject`` stands for the request where it has several spellings.

    Raises TokenAlreadyExistsException where the token came with another one.
    """
    token = request.get("ClientRequestToken")
    seen = stack.get("ClientRequestTokens", {}).get(token) if token else None
    if seen is None:
        return False
    if seen != _of(operation, request, subject):
        raise ServiceError(
            "TokenAlreadyExistsException", f"Token [{token}] was already used by another request for this stack"
        )
    return True


def remember(stack: Stack, operation: str, request: Request, subject: str = "") -> None:
    """Note the token in the stack's document, which the caller writes."""
    token = request.get("ClientRequestToken")
    stack["ClientRequestToken"] = token
    if token:
        stack["ClientRequestTokens"] = {
            **stack.get("ClientRequestTokens", {}),
            token: _of(operation, request, subject),
        }


def _of(operation: str, request: dict[str, Any], subject: str) -> str:
    given = {name: value for name, value in request.items() if name not in ("ClientRequestToken", "StackName")}
    text = subject or json.dumps(given, sort_keys=True, default=str)
    return f"{operation} {hashlib.sha256(text.encode()).hexdigest()}"
