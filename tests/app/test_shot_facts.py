"""How one photo was taken, shown beside it."""

from __future__ import annotations

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from PySide6.QtWidgets import QWidget

from app.widgets.photo_grid import PhotoGrid
from app.widgets.shot_facts import lines_of
from prismh_engine.photos.exif import Facts

from ..photos.pictures import encoded, picture
from .windows import find


def with_shot(lens="Wide 4 mm"):
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif).update(
        {Base.ExposureTime: 1 / 60, Base.FNumber: 1.8, Base.ISOSpeedRatings: 100, Base.FocalLength: 4.25,
         Base.FocalLengthIn35mmFilm: 26, Base.LensModel: lens}
    )  # fmt: skip
    return encoded(picture(1), exif=exif)


def said(window):
    """The lines of facts that are shown, by their accessible names."""
    rows = find(window, "photo_details").findChildren(QWidget)
    return [row.accessibleName() for row in rows if row.isVisible() and ": " in row.accessibleName()]


def test_exposure_and_lens_of_the_selected_photo_are_shown_and_go_with_it(qtbot, window):
    grid = window.page().findChild(PhotoGrid)
    photos = grid.photos()
    photos[1].path.write_bytes(with_shot(lens="<b>Wide</b> 4 mm"))
    grid.select([photos[1].id])
    qtbot.waitUntil(lambda: "Exposure: 1/60 s, f/1.8, ISO 100" in said(window))
    assert "Focal length: 4.25 mm (26 on film)" in said(window)
    assert "Lens: <b>Wide</b> 4 mm" in said(window)
    grid.select([photos[2].id])
    assert not [line for line in said(window) if line.startswith(("Exposure", "Lens", "Focal"))]
    qtbot.wait(400)
    assert not [line for line in said(window) if line.startswith(("Exposure", "Lens", "Focal"))]


def test_a_file_that_is_gone_or_broken_says_nothing_and_fails_nothing(qtbot, window):
    failures = []
    window.session.failed.connect(failures.append)
    grid = window.page().findChild(PhotoGrid)
    photos = grid.photos()
    photos[1].path.unlink()
    photos[2].path.write_bytes(with_shot()[:40])
    photos[3].path.write_bytes(with_shot())
    for photo in photos[1:3]:
        grid.select([photo.id])
        qtbot.wait(400)
        assert not [line for line in said(window) if line.startswith("Exposure")]
    grid.select([photos[3].id])
    qtbot.waitUntil(lambda: "Lens: Wide 4 mm" in said(window))
    assert not failures


@pytest.mark.parametrize(
    ("exposure", "words"), [(1 / 4000, "1/4000 s"), (1 / 60, "1/60 s"), (0.25, "1/4 s"), (0.5, "0.5 s"), (30.0, "30 s")]
)
def test_exposure_times_are_said_as_cameras_show_them(exposure, words):
    assert lines_of(Facts(exposure=exposure)) == [("Exposure", words)]


def test_what_is_not_known_has_no_line():
    assert lines_of(Facts()) == []
    assert lines_of(Facts(aperture=2.0, iso=1600)) == [("Exposure", "f/2, ISO 1600")]
    assert lines_of(Facts(focal_length=50.0, focal_length_on_film=50.0)) == [("Focal length", "50 mm")]


def test_a_lens_does_not_repeat_the_camera():
    facts = Facts(camera="Apple iPhone 6", lens="Apple iPhone 6 back camera 4.15mm f/2.2")
    assert lines_of(facts) == [("Lens", "back camera 4.15mm f/2.2")]
