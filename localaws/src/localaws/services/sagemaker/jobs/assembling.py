"""Puts a model's responses to the requests of one object together into its output, by AssembleWith. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformOutput.html
"""

from __future__ import annotations

from collections.abc import Iterable


def assemble(responses: Iterable[bytes], assemble_with: str) -> bytes:
    """Line ends every response with a line end where it has none of its own; None adds nothing."""
    if assemble_with == "None":
        return b"".join(responses)
    return b"".join(body if body.endswith(b"\n") else body + b"\n" for body in responses)


def rejoin(records: list[bytes], response: bytes, assemble_with: str) -> bytes:
    """Output records as the body that replaces ``response``, from which they were made."""
    end = b"\n" if records and (assemble_with == "Line" or response.endswith(b"\n")) else b""
    return b"\n".join(records) + end
