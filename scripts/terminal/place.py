"""One line that says where a command works, before it does anything: on which AWS, in which account, as whom."""

from __future__ import annotations

import os
import sys
from functools import cache


@cache
def tell_place(account: str, arn: str, region: str, endpoint_url: str) -> None:
    """Said once a command, and where CLOUD is aws: of the embedded AWS, whatever started the command has told it."""
    if os.environ.get("CLOUD") == "aws":
        print(f"This is AWS at {endpoint_url}, account {account}, {region}, as {arn}.", file=sys.stderr, flush=True)
