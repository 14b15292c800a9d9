"""One pass over a photo's bytes: everything this program wants to know of it, and its small copy."""

from __future__ import annotations

import dataclasses
import hashlib

from PIL import Image

from ..jobs import StopToken
from . import exif
from .decode import decode
from .measures import SHORT_SIDE, measure
from .record import Look


def content_hash(data: bytes) -> str:
    """sha256 in hex, by which equal photos are told and everything made from them is kept."""
    return hashlib.sha256(data).hexdigest()


def look_at(data: bytes, content_hash: str, stop: StopToken | None = None) -> tuple[Look, Image.Image | None]:
    """What the bytes of a photo show, and its upright RGB copy (short side <= 384), None where it cannot be used.

    content_hash: of these bytes. Depends on the bytes alone; `with_name` adds what the file's name tells.
    Raises `Stopped` where `stop` asks for it while a picture takes long.
    """
    decoded = decode(data, short_side=SHORT_SIDE, stop=stop)
    facts = decoded.facts
    look = Look(
        content_hash=content_hash,
        invalid_reason=decoded.invalid_reason,
        truncated=decoded.truncated,
        width=decoded.width,
        height=decoded.height,
        taken_at=facts.taken_at,
        taken_at_source="exif" if facts.taken_at else None,
        latitude=facts.latitude,
        longitude=facts.longitude,
        position_note=facts.position_note,
        camera=facts.camera,
    )
    if decoded.image is None:
        return look, None
    return dataclasses.replace(look, **dataclasses.asdict(measure(decoded.image))), decoded.image


def with_name(look: Look, file_name: str) -> Look:
    """The look with the date its file name holds, where EXIF has none."""
    if look.taken_at is None:
        date = exif.date_in_name(file_name)
        if date is not None:
            return dataclasses.replace(look, taken_at=date, taken_at_source="file_name")
    return look
