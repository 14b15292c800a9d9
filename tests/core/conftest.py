"""What several tests of this folder need."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageEnhance, ImageFilter

from prismh_engine import jobs
from prismh_engine.core.look_at_photos import look_at_project
from prismh_engine.photos.scenes import draw_scene
from prismh_engine.project import Project

from ..photos.pictures import encoded, picture, write
from .imports import with_exif


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


@pytest.fixture
def field_photos(project: Project, tmp_path: Path) -> Path:
    """The folder of a project's five photos, one of which says itself when, where and by what it was taken."""
    folder = tmp_path / "field photos"
    write(folder / "told.jpg", with_exif())
    write(folder / "IMG-20240501-WA0001.jpg", encoded(picture(2)))
    write(folder / "day 1" / "a.jpg", encoded(picture(3)))
    write(folder / "day 2" / "a.jpg", encoded(picture(4)))
    write(folder / "day 2" / "Tür.jpg", encoded(picture(5)))
    project.add_folder(folder)
    jobs.run(look_at_project(project))
    return folder
