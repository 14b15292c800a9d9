"""What several tests of this folder need."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageEnhance, ImageFilter

from prismh_engine.photos.scenes import draw_scene

from ..photos.pictures import encoded, write


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """One photo of each verdict, and what is no photo."""
    folder = tmp_path / "field photos"
    good, other, dark, blurred = (draw_scene(kind, 1, (640, 480)) for kind in ("drum", "tyre", "pot", "puddle"))
    write(folder / "good.jpg", encoded(good, quality=95))
    write(folder / "day 2" / "IMG_20240501_101112.jpg", encoded(other, quality=95))
    write(folder / "copy of good.jpg", (folder / "good.jpg").read_bytes())
    write(folder / "smaller.jpg", encoded(good.resize((480, 360)), quality=80))
    write(folder / "dark.jpg", encoded(ImageEnhance.Brightness(dark).enhance(0.05)))
    write(folder / "blurred.jpg", encoded(blurred.filter(ImageFilter.GaussianBlur(8))))
    write(folder / "broken.jpg", b"no picture")
    write(folder / "notes.txt", b"notes")
    return folder
