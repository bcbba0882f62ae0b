"""SQS's long polls, asked for in turns: moto would sleep inside the request, and no state could be kept meanwhile.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from moto.sqs.models import sqs_backends

from localaws.core.caller import Caller
from localaws.core.wire import HttpResponse, OperationRequest

_LONGEST = 20
_TURN = 0.05  # seconds between two looks into the queue


def answered_in_turns(
    environ: dict[str, Any], caller: Caller | None, request: OperationRequest | None, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    """``answer``'s answer; that of a long poll once there is a message, or its time is over."""
    seconds = _seconds(caller, request)
    if request is None or not 0 < seconds <= _LONGEST:  # moto refuses what is longer
        return answer()
    deadline = time.monotonic() + seconds
    _poll_shortly(environ, request)
    while True:
        response = answer()
        if response.status != 200 or _has_messages(response) or time.monotonic() >= deadline:
            return response
        time.sleep(_TURN)


def _seconds(caller: Caller | None, request: OperationRequest | None) -> int:
    if request is None or (request.service, request.operation.name) != ("sqs", "ReceiveMessage"):
        return 0
    if "WaitTimeSeconds" in request.parameters:
        return int(request.parameters["WaitTimeSeconds"])
    *_, account, name = ("", "", *str(request.parameters.get("QueueUrl", "")).rstrip("/").split("/"))
    region = caller.region if caller is not None else ""
    queue = sqs_backends[account][region].queues.get(name) if account in sqs_backends and region else None
    return int(getattr(queue, "receive_message_wait_time_seconds", 0) or 0)


def _poll_shortly(environ: dict[str, Any], request: OperationRequest) -> None:
    content = environ["wsgi.input"].read()
    if request.protocol == "query":
        fields = [(name, value) for name, value in parse_qsl(content.decode(), True) if name != "WaitTimeSeconds"]
        body = urlencode([*fields, ("WaitTimeSeconds", "0")]).encode()
    else:
        body = json.dumps(json.loads(content) | {"WaitTimeSeconds": 0}).encode()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))


def _has_messages(response: HttpResponse) -> bool:
    return b'"Messages"' in response.body or b"<Message>" in response.body
