"""Small ICC profiles, made byte by byte (ICC.1:2001-04), since Pillow makes none but sRGB's."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Triple = tuple[float, float, float]

# The colours of red, green and blue as XYZ under D50.
DISPLAY_P3: Sequence[Triple] = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_RGB: Sequence[Triple] = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_WHITE = (0.96420, 1.0, 0.82491)


def rgb_profile(primaries: Sequence[Triple]) -> bytes:
    """A profile of three primaries and the gamma 2.2."""
    tags = {f"{name}XYZ": _xyz(colour) for name, colour in zip("rgb", primaries, strict=True)}
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(2.2 * 256)) + bytes(2)
    tags |= {f"{name}TRC": curve for name in "rgb"}
    return _profile(b"mntrRGB XYZ ", tags)


def ink_profile(colours: Sequence[tuple[int, int, int]]) -> bytes:
    """A CMYK profile of the 16 mixtures of full inks, black the fastest: each as L, a, b in 0 to 255."""
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *[65536 if i % 4 == 0 else 0 for i in range(9)])
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * ramp + b"".join(map(bytes, colours)) + 3 * ramp
    return _profile(b"prtrCMYKLab ", {"A2B0": table})


def _xyz(colour: Triple) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *[round(value * 65536) for value in colour])


def _profile(kind: bytes, tags: dict[str, bytes]) -> bytes:
    tags = {
        "desc": b"desc" + struct.pack(">II", 0, 5) + b"test\0" + bytes(78),
        "cprt": b"text" + bytes(4) + b"none\0",
        "wtpt": _xyz(_WHITE),
    } | tags
    index, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        index += name.encode() + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytes(8) + struct.pack(">I", 0x02400000) + kind + struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp"
    head += bytes(28) + struct.pack(">3i", *[round(value * 65536) for value in _WHITE])
    whole = head.ljust(128, b"\0") + index + body
    return struct.pack(">I", len(whole)) + whole[4:]
