"""Photos of a visit: what a file is, by its content, and what it is without what the camera wrote into it.

The rule of the file: nobody's word is taken for what a file is, neither its name nor what the browser says. Kept is the
picture and which way is up; place, time, maker and thumbnails, which cameras put beside it, are left out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 8 * 1024 * 1024  # bytes
MOST_PIXELS = 60_000_000
PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"cHRM", b"sBIT", b"bKGD",
                       b"pHYs"})  # fmt: skip
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
_SIZES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})  # frame headers
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_ORIENTATION = 0x0112


class NotAPhoto(ValueError):
    """The content is no JPEG, PNG or WebP picture, or a broken one."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture without what the camera wrote into it."""

    content: bytes
    content_type: str
    suffix: str
    width: int
    height: int


def clean(content: bytes) -> Photo:
    """The picture. Raises NotAPhoto."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            photo = _jpeg(content)
        elif content.startswith(PNG):
            photo = _png(content)
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            photo = _webp(content)
        else:
            raise NotAPhoto("neither JPEG nor PNG nor WebP")
    except (struct.error, IndexError) as error:
        raise NotAPhoto("cut off") from error
    if not 0 < photo.width * photo.height <= MOST_PIXELS:
        raise NotAPhoto("no picture of a possible size")
    return photo


# JPEG -----------------------------------------------------------------------------------------------------------------
def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, payload) until the picture's own data begins; that comes last, as (0xDA, everything from there)."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise NotAPhoto("a broken JPEG")
        while content[at] == 0xFF:
            at += 1
        marker = content[at]
        at += 1
        if marker == 0xDA:
            yield marker, content[at:]
            return
        if marker in _ALONE:
            continue
        (length,) = struct.unpack_from(">H", content, at)
        if length < 2 or at + length > len(content):
            raise NotAPhoto("a broken JPEG")
        yield marker, content[at + 2 : at + length]
        at += length


def orientation_of(exif: bytes) -> int:
    """Which way is up (1 to 8), as the camera's block tells; 1 when it does not."""
    if not exif.startswith(b"Exif\0\0"):
        return 1
    tiff = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for n in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, first + 2 + n * 12)
            if tag == _ORIENTATION and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _upright(orientation: int) -> bytes:
    """A camera's block that says which way is up and nothing else."""
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    payload = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def _scan(data: bytes) -> bytes:
    """The picture's data, from behind its first scan's marker to its end.

    What is put behind that (some phones put films there) is left out.
    """
    (length,) = struct.unpack_from(">H", data, 0)
    at = length
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise NotAPhoto("a JPEG that is cut off")
        marker = data[at + 1]
        if marker == 0xD9:
            return data[: at + 2]
        if marker == 0xFF:  # filling
            at += 1
        elif marker == 0 or marker in _ALONE:  # a byte of the data; a restart
            at += 2
        else:  # a table, or a further scan
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + length


def _jpeg(content: bytes) -> Photo:
    kept, size, orientation = [b"\xff\xd8"], (0, 0), 1
    for marker, payload in _segments(content):
        if marker == 0xDA:
            if not size[0]:
                raise NotAPhoto("a JPEG without a size")
            if orientation != 1:
                kept.insert(1, _upright(orientation))
            kept.append(b"\xff\xda" + _scan(payload))
            lies = orientation >= 5  # on its side: seen, it is as wide as it was high
            return Photo(b"".join(kept), "image/jpeg", ".jpg", *(size[::-1] if lies else size))
        if marker == 0xE1:
            orientation = max(orientation, orientation_of(payload))
        if marker in _SIZES:
            height, width = struct.unpack_from(">HH", payload, 1)
            size = (width, height)
        # 0xE0 (JFIF) and 0xEE (Adobe: which colours) belong to the picture; the other blocks are the camera's
        if marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(b"\xff" + bytes((marker,)) + struct.pack(">H", len(payload) + 2) + payload)
    raise NotAPhoto("a JPEG without a picture")


# PNG ------------------------------------------------------------------------------------------------------------------
def _png(content: bytes) -> Photo:
    at, kept, size = len(PNG), [PNG], (0, 0)
    while True:
        (length,) = struct.unpack_from(">I", content, at)
        name, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", content, at + 8 + length)
        if zlib.crc32(name + body) != check:
            raise NotAPhoto("a broken PNG")
        if name == b"IHDR":
            size = struct.unpack_from(">II", body, 0)
        if name in _PNG_KEPT:
            kept.append(content[at : at + 12 + length])
        at += 12 + length
        if name == b"IEND":
            return Photo(b"".join(kept), "image/png", ".png", *size)


# WebP -----------------------------------------------------------------------------------------------------------------
def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return (int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", body, 6)
    return (width & 0x3FFF, height & 0x3FFF)


def _webp(content: bytes) -> Photo:
    at, kept, size = 12, [], (0, 0)
    while at + 8 <= len(content):
        name = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        body = content[at + 8 : at + 8 + length]
        if len(body) < length:
            raise NotAPhoto("a WebP that is cut off")
        if name in _WEBP_KEPT:
            if not size[0]:
                size = _webp_size(name, body)
            if name == b"VP8X":  # says which blocks follow: none of the camera's (Exif, XMP, colours) do
                body = bytes((body[0] & ~0x2C,)) + body[1:]
            kept.append(name + struct.pack("<I", length) + body + b"\0" * (length % 2))
        at += 8 + length + length % 2
    if not kept:
        raise NotAPhoto("a WebP without a picture")
    inside = b"WEBP" + b"".join(kept)
    return Photo(b"RIFF" + struct.pack("<I", len(inside)) + inside, "image/webp", ".webp", *size)
