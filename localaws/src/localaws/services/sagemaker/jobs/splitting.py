"""Cuts an object into the records of a transform job, by SplitType. Pure: bytes in, records out.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_RECORDIO_MAGIC = 0xCED7230A
_RECORDIO_LENGTH_BITS = 29


class MalformedObjectError(ValueError):
    """The object is not what its SplitType says; the message names the byte where reading ended."""


@dataclass(frozen=True)
class Records:
    """The records of one object, in order.

    ``payloads`` are the records alone, what SingleRecord sends. ``framed`` are the same with what stood around them
    (the line's end, RecordIO's or TFRecord's header and padding), what MultiRecord sends one after another.
    """

    payloads: list[bytes]
    framed: list[bytes]

    def __len__(self) -> int:
        return len(self.payloads)


def split(content: bytes, split_type: str) -> Records:
    """Cut ``content``. MalformedObjectError where RecordIO or TFRecord framing is broken."""
    return _SPLITTERS[split_type](content)


def lines_of(content: bytes) -> list[bytes]:
    """The lines without their ends; a last line end begins no further line."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _whole(content: bytes) -> Records:
    return Records([content], [content])


def _lines(content: bytes) -> Records:
    lines = lines_of(content)
    framed = [line + b"\n" for line in lines]
    if lines and not content.endswith(b"\n"):
        framed[-1] = lines[-1]
    return Records(lines, framed)


def _recordio(content: bytes) -> Records:
    """MXNet's RecordIO: magic, length with a continuation flag in its upper bits, data padded to 4 bytes.

    A record that contains the magic is stored in parts (flags 1, 2, 3), without the magic between them.
    """
    payloads: list[bytes] = []
    framed: list[bytes] = []
    parts: list[bytes] = []
    begin = 0
    for start, end, flag, data in _recordio_parts(content):
        if (flag in (0, 1)) == bool(parts):
            raise MalformedObjectError(f"RecordIO: the record at byte {start} has a wrong continuation flag {flag}")
        if flag in (0, 1):
            begin = start
        parts.append(data)
        if flag in (0, 3):
            payloads.append(struct.pack("<I", _RECORDIO_MAGIC).join(parts))
            framed.append(content[begin:end])
            parts = []
    if parts:
        raise MalformedObjectError(f"RecordIO: the record at byte {begin} ends before its last part")
    return Records(payloads, framed)


def _recordio_parts(content: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(start, end, continuation flag, data) of each part."""
    position = 0
    while position < len(content):
        if len(content) - position < 8:
            raise MalformedObjectError(f"RecordIO: the header at byte {position} is cut off")
        magic, length = struct.unpack_from("<II", content, position)
        if magic != _RECORDIO_MAGIC:
            raise MalformedObjectError(f"RecordIO: there is no record at byte {position}")
        flag, length = length >> _RECORDIO_LENGTH_BITS, length & ((1 << _RECORDIO_LENGTH_BITS) - 1)
        end = position + 8 + (length + 3) // 4 * 4
        if end > len(content) or flag > 3:
            raise MalformedObjectError(f"RecordIO: the record at byte {position} is cut off or broken")
        yield position, end, flag, content[position + 8 : position + 8 + length]
        position = end


def _tfrecord(content: bytes) -> Records:
    """TensorFlow's TFRecord: length, its checksum, data, its checksum. Checksums are not verified.

    https://www.tensorflow.org/tutorials/load_data/tfrecord
    """
    payloads: list[bytes] = []
    framed: list[bytes] = []
    position = 0
    while position < len(content):
        if len(content) - position < 16:
            raise MalformedObjectError(f"TFRecord: the record at byte {position} is cut off")
        (length,) = struct.unpack_from("<Q", content, position)
        end = position + 16 + length
        if end > len(content):
            raise MalformedObjectError(f"TFRecord: the record at byte {position} is cut off")
        payloads.append(content[position + 12 : end - 4])
        framed.append(content[position:end])
        position = end
    return Records(payloads, framed)


_SPLITTERS: dict[str, Callable[[bytes], Records]] = {
    "None": _whole,
    "Line": _lines,
    "RecordIO": _recordio,
    "TFRecord": _tfrecord,
}
