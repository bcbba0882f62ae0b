"""What attacks are made on, beside the shared server (``tests/conftest.py``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.shared_server import REGION


@pytest.fixture
def bucket(client: Callable[..., Any], unique: str) -> str:
    """A bucket with the object ``a.txt``, whose content is ``content``."""
    s3 = client("s3")
    s3.create_bucket(Bucket=unique, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=unique, Key="a.txt", Body=b"content")
    return unique
