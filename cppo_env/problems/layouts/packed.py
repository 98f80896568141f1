"""LiveCodeBench's packing of hidden tests, undone without executing the pickle.

The packing is base64 of zlib of a pickle of one text. A pickle is a program: this reads its
instructions and admits only those that make one text, so a hostile record can call, import or
allocate nothing.
"""

from __future__ import annotations

import base64
import binascii
import pickletools
import zlib

from cppo_env.problems.records import FieldError

MAX_BYTES = 512 * 1024 * 1024
"""Largest unpacked size. Published records unpack to some hundreds of megabytes at most."""

_TEXT = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"})
_IDLE = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"})


def unpack(text: str, field: str, max_bytes: int = MAX_BYTES) -> str:
    """The text that was packed.

    Args:
        text: the published string.
        field: the field that it comes from, for the error.
        max_bytes: refuse to unpack more than this.

    Raises:
        FieldError: not such a packing, anything but one text, or more than `max_bytes`.
    """
    try:
        compressed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldError(field, f"neither JSON nor base64 ({error})") from None
    return _only_text(_inflate(compressed, field, max_bytes), field)


def _inflate(compressed: bytes, field: str, max_bytes: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(compressed, max_bytes)
    except zlib.error as error:
        raise FieldError(field, f"not zlib data ({error})") from None
    if stream.unconsumed_tail:
        raise FieldError(field, f"unpacks to more than {max_bytes} bytes")
    if not stream.eof:
        raise FieldError(field, "zlib data cut off")
    return data


def _only_text(data: bytes, field: str) -> str:
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in _TEXT:
                texts.append(str(argument))
            elif opcode.name not in _IDLE:
                raise FieldError(
                    field, f"a pickle with the instruction {opcode.name}, expected one text"
                )
    except FieldError:  # is a ValueError itself
        raise
    except ValueError as error:
        raise FieldError(field, f"not a pickle ({error})") from None
    if len(texts) != 1:
        raise FieldError(field, f"a pickle of {len(texts)} texts, expected one")
    return texts[0]
