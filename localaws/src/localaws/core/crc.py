"""Cyclic redundancy checks that the standard library lacks, in plain Python at the speed of a disk. Pure.

A long content is cut into lanes of equal length that advance together: what is done to one byte of a register is done
to that byte of all lanes at once by ``bytes.translate`` and one exclusive-or of two long integers. Afterwards
neighbouring lanes are joined, two by two, in the same way.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

# Lanes, and bytes of a lane: of a long content, and of what remains of it or of a short one.
_LONG, _SHORT = (8192, 256), (1024, 64)
_LONG_SIZE, _SHORT_SIZE = 8192 * 256, 1024 * 64


@dataclass(frozen=True)
class Crc:
    """A reflected CRC whose register begins and ends inverted, as all that S3 knows."""

    width: int
    polynomial: int


CRC32C = Crc(32, 0x82F63B78)
CRC64NVME = Crc(64, 0x9A6C9329AC4BC9B5)


class RunningCrc:
    """The CRC of what ``update`` was given, in turn."""

    def __init__(self, kind: Crc) -> None:
        self._kind = kind
        self._value = 0
        self._rest = b""

    def update(self, data: bytes, /) -> None:
        self._value, self._rest = _in_blocks(self._kind, self._value, self._rest + data, _LONG, _LONG_SIZE)

    def digest(self) -> bytes:
        value, rest = _in_blocks(self._kind, self._value, self._rest, _SHORT, _SHORT_SIZE)
        whole = _followed_by(self._kind, value, of_bytes(self._kind, rest), len(rest))
        return whole.to_bytes(self._kind.width // 8, "big")


def _in_blocks(kind: Crc, value: int, content: bytes, lanes: tuple[int, int], size: int) -> tuple[int, bytes]:
    """The CRC of what had ``value`` and of the whole blocks of ``content`` after it, and what remains of this."""
    end = len(content) // size * size
    for start in range(0, end, size):
        value = _followed_by(kind, value, _of_block(kind, content[start : start + size], *lanes), size)
    return value, content[end:]


def of_bytes(kind: Crc, content: bytes) -> int:
    """The CRC of a content of any length, byte by byte."""
    table = _table(kind)
    ones = (1 << kind.width) - 1
    register = ones
    for byte in content:
        register = table[(register ^ byte) & 0xFF] ^ register >> 8
    return register ^ ones


def combine_reflected(polynomial: int, width: int, first: int, second: int, second_size: int) -> int:
    """The CRC of two contents one after the other, of the CRC of either and the size of the second."""
    return second ^ _multiply(polynomial, width, first, _power(polynomial, width, second_size * 8))


def _followed_by(kind: Crc, first: int, second: int, second_size: int) -> int:
    return combine_reflected(kind.polynomial, kind.width, first, second, second_size)


def _of_block(kind: Crc, block: bytes, lanes: int, lane: int) -> int:
    """The CRC of ``lanes`` times ``lane`` bytes; the lanes are a power of two."""
    octets = kind.width // 8
    tables = _byte_tables(kind)
    registers = [b"\xff" * lanes] * octets  # the least significant byte of every lane's register first
    for position in range(lane):
        index = _xor(registers[0], block[position::lane], lanes)
        registers = [
            _xor(index.translate(tables[octet]), registers[octet + 1], lanes)
            if octet + 1 < octets
            else index.translate(tables[octet])
            for octet in range(octets)
        ]
    registers = [_xor(register, b"\xff" * lanes, lanes) for register in registers]
    size = lane
    while len(registers[0]) > 1:
        registers = _joined(kind, registers, size)
        size *= 2
    return int.from_bytes(b"".join(registers), "little")


def _joined(kind: Crc, registers: list[bytes], size: int) -> list[bytes]:
    """The CRCs of pairs of neighbours, each of ``size`` bytes."""
    octets = kind.width // 8
    tables = _shift_tables(kind, size)
    count = len(registers[0]) // 2
    joined = [register[1::2] for register in registers]
    for source in range(octets):
        first = registers[source][0::2]
        for target in range(octets):
            joined[target] = _xor(joined[target], first.translate(tables[source][target]), count)
    return joined


def _xor(first: bytes, second: bytes, size: int) -> bytes:
    return (int.from_bytes(first, "little") ^ int.from_bytes(second, "little")).to_bytes(size, "little")


@functools.cache
def _table(kind: Crc) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (kind.polynomial if value & 1 else 0)
        table.append(value)
    return tuple(table)


@functools.cache
def _byte_tables(kind: Crc) -> list[bytes]:
    """The table of ``of_bytes``, cut into one per byte of the register, the least significant first."""
    return [bytes(value >> 8 * octet & 0xFF for value in _table(kind)) for octet in range(kind.width // 8)]


@functools.cache
def _shift_tables(kind: Crc, size: int) -> list[list[bytes]]:
    """What each byte of a CRC adds to each byte of the CRC of a content that is ``size`` bytes longer."""
    shift = _power(kind.polynomial, kind.width, size * 8)
    tables = []
    for source in range(kind.width // 8):
        bits = [_multiply(kind.polynomial, kind.width, 1 << 8 * source + bit, shift) for bit in range(8)]
        values = [0] * 256
        for byte in range(1, 256):
            low = (byte & -byte).bit_length() - 1
            values[byte] = values[byte & byte - 1] ^ bits[low]
        tables.append([bytes(value >> 8 * target & 0xFF for value in values) for target in range(kind.width // 8)])
    return tables


def _multiply(polynomial: int, width: int, first: int, second: int) -> int:
    """The product of two reflected polynomials modulo the CRC's own; the highest bit is the power 0."""
    product = 0
    for bit in range(width - 1, -1, -1):
        if first >> bit & 1:
            product ^= second
        second = second >> 1 ^ (polynomial if second & 1 else 0)
    return product


@functools.lru_cache(1024)
def _power(polynomial: int, width: int, exponent: int) -> int:
    """x to the ``exponent``."""
    result, square = 1 << width - 1, 1 << width - 2
    while exponent:
        if exponent & 1:
            result = _multiply(polynomial, width, result, square)
        square = _multiply(polynomial, width, square, square)
        exponent >>= 1
    return result
