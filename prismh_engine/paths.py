"""Photo paths as text: relative to their folder, with `/`, and reversible for every legal file name."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

FORMULA_START = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

# Bytes below 0x80 are always UTF-8, so that only these need, and undo, the escape: "a%20b.jpg" stays as it is.
_ESCAPE = re.compile(r"%(25|[89A-F][0-9A-F])")


def to_text(relative: PurePath) -> str:
    """The text under which a photo stands in every output.

    A name that is not UTF-8 has its bad bytes written as `%XX` and every `%` as `%25`; so has a name that could be
    taken for such a one. A path that a spreadsheet would run begins with `./`.
    """
    text = relative.as_posix()
    bad_bytes = any("\udc80" <= c <= "\udcff" for c in text)
    if bad_bytes or _ESCAPE.search(text):
        text = text.replace("%", "%25")
        text = "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)
    return f"./{text}" if text.startswith(FORMULA_START) else text


def from_text(text: str) -> Path:
    """The relative path that `to_text` wrote as `text`."""
    return Path(_ESCAPE.sub(lambda m: "%" if m[1] == "25" else chr(0xDC00 + int(m[1], 16)), text))
