"""The map as a file: sharp, complete, and whole or not at all."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app import theme
from app.jobs import start
from app.widgets import map_layers
from app.widgets.map_thumbnails import SIDE
from prismh_engine import jobs
from prismh_engine.errors import PrismhError

from .explore_pages import find, open_page, wait
from .maps import COLOURS, map_of_three_groups
from .opening import open_project

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def shown(qtbot):
    return map_of_three_groups(qtbot)


def save(shown, path, meanings=()):
    jobs.run(shown.picture(meanings).save(path))


def rendered(path):
    """An SVG file as a picture of its own size."""
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    picture = QImage(renderer.viewBox().size(), QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(picture.rect()))
    painter.end()
    return picture


def test_a_png_is_twice_the_size_and_has_the_dots_where_they_are_seen(shown, tmp_path):
    save(shown, tmp_path / "map.png")
    picture = QImage(str(tmp_path / "map.png"))
    assert picture.width() == 2 * (shown.width() - 2)
    assert picture.pixelColor(0, 0) == QColor(theme.colours().card)
    for index, colour in ((3, COLOURS[0]), (25, COLOURS[1]), (45, COLOURS[2])):
        assert picture.pixelColor(((shown.pixel_of(index) - shown._graphics.pos()) * 2).toPoint()) == colour


def test_an_svg_has_a_circle_for_each_dot_and_names_as_outlines(shown, tmp_path):
    save(shown, tmp_path / "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    assert len(list(root.iter(f"{SVG}circle"))) + len(list(root.iter(f"{SVG}ellipse"))) == 60
    assert list(root.iter(f"{SVG}path"))
    assert root.find(f"{SVG}title").text == "Map of the photos"
    picture = rendered(tmp_path / "map.svg")
    for index, colour in ((3, COLOURS[0]), (25, COLOURS[1]), (45, COLOURS[2])):
        seen = picture.pixelColor((shown.pixel_of(index) - shown._graphics.pos()).toPoint())
        assert max(abs(a - b) for a, b in zip(seen.getRgb(), colour.getRgb(), strict=True)) <= 2


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_what_the_colours_mean_stands_below_the_map(shown, tmp_path, kind):
    meanings = [("July", QColor("#aa0000")), ("August", QColor("#00aa00")), *[("A long month " * 3, COLOURS[0])] * 3]
    save(shown, tmp_path / f"without.{kind}")
    save(shown, tmp_path / f"with.{kind}", meanings)
    before, after = (
        QImage(str(tmp_path / f"{name}.png")) if kind == "png" else rendered(tmp_path / f"{name}.svg")
        for name in ("without", "with")
    )
    assert after.width() == before.width()
    assert after.height() > before.height() + 40, "two lines, since one does not hold them"
    below = after.copy(0, before.height(), after.width(), after.height() - before.height())
    colours = {below.pixelColor(x, y).name() for x in range(below.width()) for y in range(0, below.height(), 2)}
    assert {"#aa0000", "#00aa00", COLOURS[0].name(), theme.colours().card} <= colours


def test_only_what_is_shown_is_in_the_file_and_the_ring_is_not(shown, tmp_path):
    save(shown, tmp_path / "before.png")
    shown._pointing.point_at(3)
    save(shown, tmp_path / "pointed_at.png")
    assert (tmp_path / "before.png").read_bytes() == (tmp_path / "pointed_at.png").read_bytes()
    shown.set_shown(np.arange(60) < 20)
    save(shown, tmp_path / "fewer.svg")
    root = ElementTree.parse(tmp_path / "fewer.svg").getroot()
    assert len(list(root.iter(f"{SVG}circle"))) + len(list(root.iter(f"{SVG}ellipse"))) == 20


def test_an_svg_of_very_many_dots_carries_them_as_one_picture(shown, tmp_path):
    positions = np.random.default_rng(0).normal(size=(30_000, 2)).astype(np.float32)
    shown.set_points(positions, np.zeros(30_000, np.int32))
    save(shown, tmp_path / "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    assert not list(root.iter(f"{SVG}circle"))
    assert list(root.iter(f"{SVG}image"))
    assert (tmp_path / "map.svg").stat().st_size < 2_000_000
    middle = rendered(tmp_path / "map.svg").copy(290, 200, 20, 20).scaled(1, 1, mode=Qt.TransformationMode(1))
    assert abs(middle.pixelColor(0, 0).blue() - COLOURS[0].blue()) < 30


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_photos_that_stand_on_the_map_are_in_the_file(shown, tmp_path, kind):
    photo = QPixmap(SIDE, SIDE)
    photo.fill(QColor("#123456"))
    shown.set_thumbnails(lambda index, times: photo)
    shown.zoom(3, QPointF(*shown.positions[45].tolist()))
    shown.grab()
    save(shown, tmp_path / f"map.{kind}")
    picture = QImage(str(tmp_path / "map.png")) if kind == "png" else rendered(tmp_path / "map.svg")
    place = next(iter(shown._thumbnails._boxes.values())).center()
    seen = picture.pixelColor((place * (2 if kind == "png" else 1)).toPoint())
    assert seen == QColor("#123456")


def test_another_kind_of_file_and_a_folder_in_the_way_are_refused_in_a_sentence(shown, tmp_path):
    with pytest.raises(PrismhError, match=r"map\.bmp is neither"):
        save(shown, tmp_path / "map.bmp")
    (tmp_path / "map.png").mkdir()
    with pytest.raises(PrismhError, match="Cannot write"):
        save(shown, tmp_path / "map.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.png"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_file_is_written_beside_the_window_and_shows_what_was_seen_when_it_was_asked_for(
    shown, qtbot, tmp_path, kind
):
    photo = QPixmap(SIDE, SIDE)
    photo.fill(QColor("#123456"))
    shown.set_thumbnails(lambda index, times: photo if index % 2 else None)
    shown.select(np.arange(7))
    meanings = [("July", QColor("#aa0000"))]
    save(shown, tmp_path / f"before.{kind}", meanings)
    stop = jobs.StopToken()
    running = start(shown.picture(meanings).save(tmp_path / f"beside.{kind}"), stop=stop, parent=shown)
    shown.set_points(np.zeros((3, 2), np.float32), np.zeros(3, np.int32))
    shown.set_groups(["Other"], [QColor("#ff00ff")])
    shown.set_thumbnails(None)
    with qtbot.waitSignal(running.finished):
        pass
    assert (tmp_path / f"beside.{kind}").read_bytes() == (tmp_path / f"before.{kind}").read_bytes()


def test_selected_dots_stand_out_in_an_svg_as_they_do_on_the_map(shown, tmp_path):
    shown.select(np.array([3]))
    save(shown, tmp_path / "map.svg")
    picture = rendered(tmp_path / "map.svg")
    for index, colour in ((3, COLOURS[0]), (25, map_layers.mixed(COLOURS[1], QColor(theme.colours().card), 0.35))):
        seen = picture.pixelColor((shown.pixel_of(index) - shown._graphics.pos()).toPoint())
        assert max(abs(a - b) for a, b in zip(seen.getRgb(), colour.getRgb(), strict=True)) <= 2


def page_of(session, mapped, qtbot):
    open_project(qtbot, session, mapped)
    return open_page(session, qtbot)


def test_a_saved_map_says_what_its_colours_in_sight_mean(session, mapped, qtbot, tmp_path, monkeypatch):
    page = page_of(session, mapped, qtbot)
    target = tmp_path / "seen.svg"
    monkeypatch.setattr("app.pages.explore_views.choose_new_file", lambda *_: target)

    def height():
        target.unlink(missing_ok=True)
        page.save_picture()
        qtbot.waitUntil(target.exists)
        return int(ElementTree.parse(target).getroot().get("viewBox").split()[3])

    of_groups = height()
    colour = find(page, "colour_by")
    colour.setCurrentIndex(colour.findData("date"))
    colour.activated.emit(colour.currentIndex())
    wait(page, qtbot)
    assert height() > of_groups
    for entry in range(len(find(page, "legend").entries())):
        find(page, "legend")._toggle(entry)
    assert height() == of_groups


def test_why_a_map_cannot_be_saved_is_said_in_a_sentence(session, mapped, qtbot, tmp_path, monkeypatch):
    page = page_of(session, mapped, qtbot)
    (tmp_path / "map.png").mkdir()
    monkeypatch.setattr("app.pages.explore_views.choose_new_file", lambda *_: tmp_path / "map.png")
    with qtbot.waitSignal(session.failed) as said:
        page.save_picture()
    assert "Cannot write" in said.args[0]
    assert not list((tmp_path / "map.png").iterdir())
    assert len(list(tmp_path.glob("*map.png*"))) == 1, "nothing half-written is left"


def test_of_the_map_by_place_that_is_seen_that_is_saved_with_the_names_of_the_groups(
    session, mapped, qtbot, tmp_path, monkeypatch
):
    page = page_of(session, mapped, qtbot)
    target = tmp_path / "seen.svg"
    monkeypatch.setattr("app.pages.explore_views.choose_new_file", lambda *_: target)
    page._view_chosen("by_place")
    wait(page, qtbot)
    page.save_picture()
    qtbot.waitUntil(target.exists)
    root = ElementTree.parse(target).getroot()
    texts = [text.text.strip() for text in root.iter(f"{SVG}text")]
    assert any("°" in text for text in texts), "the degrees along the edges"
    assert int(root.get("viewBox").split()[3]) > page._views.place._map.height()


def test_photos_in_a_png_of_twice_the_size_are_as_sharp_as_it_is(shown, tmp_path):
    asked = set()

    def photo(index, times):
        asked.add(times)
        image = QImage(64 * times, 64 * times, QImage.Format.Format_RGB32)
        for y in range(64 * times):
            for x in range(64 * times):
                image.setPixel(x, y, 0xFFFFFF if (x + y) % 2 else 0)
        return QPixmap.fromImage(image)

    shown.set_points(np.array([[0, 0]], np.float32), np.zeros(1, np.int32))
    shown.set_thumbnails(photo)
    shown.grab()
    save(shown, tmp_path / "map.png")
    picture = QImage(str(tmp_path / "map.png"))
    middle = 2 * (shown.pixel_of(0) - shown._graphics.pos()).toPoint()
    seen = {picture.pixelColor(middle + QPoint(x, y)).lightness() for x in range(4) for y in range(4)}
    assert seen == {0, 255}, "each of its pixels is one of the photo"


def test_where_a_picture_of_the_map_was_saved_is_said(session, mapped, qtbot, tmp_path, monkeypatch):
    page = page_of(session, mapped, qtbot)
    monkeypatch.setattr("app.pages.explore_views.choose_new_file", lambda *_: tmp_path / "map.png")
    with qtbot.waitSignal(page.views.told) as said:
        page.save_picture()
    assert str(tmp_path / "map.png") in said.args[0]
    assert (tmp_path / "map.png").is_file()
