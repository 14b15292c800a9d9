"""Photos in place of dots: when there is room for them, and none on another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.widgets.map_thumbnails import SIDE

from .maps import COLOURS, colour_at, map_of_three_groups, surface

PHOTO = QColor("#123456")


@pytest.fixture
def shown(qtbot):
    return map_of_three_groups(qtbot)


@pytest.fixture
def asked(shown):
    """The points whose photos were asked for since the last look."""
    asked = []

    def photo(index, times):
        asked.append(index)
        pixmap = QPixmap(SIDE, SIDE)
        pixmap.fill(PHOTO)
        return pixmap

    shown.set_thumbnails(photo)
    shown.grab()
    return asked


def boxes(shown):
    shown.grab()
    return dict(shown._thumbnails._boxes)


def test_photos_stand_on_their_points_and_none_covers_another(shown, asked):
    found = boxes(shown)
    assert len(found) >= 3
    for one, other in itertools.combinations(found.values(), 2):
        assert not one.intersects(other)
    for index, box in found.items():
        assert (shown.pixel_of(index) - surface(shown).mapTo(shown, box.center())).manhattanLength() <= 2
        assert colour_at(shown, index) == PHOTO


def test_a_photo_says_how_many_lie_under_it_and_the_others_stay_dots(shown, asked):
    """Where the number stands there is another colour than that of the photo; where none stands there is not."""
    groups = np.array([0] * 30 + [1, 2, 2], np.int32)
    places = np.array([[0, 0]] * 30 + [[10, 9], [10, 0], [8.8, 0]], np.float32)
    shown.set_points(places, groups)
    shown.fit()
    found = boxes(shown)
    picture = shown.grab().toImage()
    apart = (shown.pixel_of(31) - shown.pixel_of(32)).x()
    assert SIDE / 2 < apart < SIDE + 4  # a dot beside the photo, not under it
    shown_alone = next(iter({31, 32} & set(found)))

    def has_number(index):
        corner = surface(shown).mapTo(shown, found[index].topRight().toPoint())
        return picture.pixelColor(corner + QPoint(-4, 4)) != PHOTO

    alike = [index for index in found if index < 30]
    assert len(alike) == 1
    assert has_number(alike[0])
    assert not has_number(30)
    assert not has_number(shown_alone)
    assert colour_at(shown, {31: 32, 32: 31}[shown_alone]) == COLOURS[2]


def test_only_photos_on_screen_are_asked_for(shown, asked):
    shown.zoom(4, QPointF(*shown.positions[25].tolist()))
    asked.clear()
    shown.grab()
    assert asked
    for index in asked:
        assert (
            shown.rect()
            .adjusted(-SIDE // 2, -SIDE // 2, SIDE // 2, SIDE // 2)
            .contains(shown.pixel_of(index).toPoint())
        )


def test_where_points_are_many_they_stay_dots_until_one_zooms_in(shown, asked):
    positions = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    shown.set_points(positions, np.zeros(3000, np.int32))
    asked.clear()
    assert boxes(shown) == {}
    assert asked == []
    shown.zoom(40)
    assert boxes(shown)


def test_a_photo_stays_where_it_is_while_the_view_moves(shown, asked):
    before = boxes(shown)
    shown.pan(0.05, 0)
    assert set(boxes(shown)) == set(before)


def test_a_photo_that_is_not_there_yet_stays_a_dot_and_comes_when_told(shown, asked):
    photos = {}
    shown.set_thumbnails(lambda index, times: photos.get(index))
    assert boxes(shown) == {}
    assert colour_at(shown, 0) != PHOTO
    for index in range(60):
        photos[index] = QPixmap(SIDE, SIDE)
        photos[index].fill(PHOTO)
    shown.thumbnails_changed()
    assert boxes(shown)
    shown.set_thumbnails(None)
    assert boxes(shown) == {}


def test_filtered_out_photos_are_not_shown(shown, asked):
    shown.set_shown(np.arange(60) >= 20)
    assert min(boxes(shown)) >= 20


def test_the_pointer_anywhere_on_a_photo_is_on_its_point(shown, asked, qtbot):
    index, box = next(iter(boxes(shown).items()))
    told = []
    shown.hovered.connect(told.append)
    qtbot.mouseMove(surface(shown), box.topLeft().toPoint() + QPoint(4, 4))
    qtbot.waitUntil(lambda: told[-1:] == [index])
    shown.selection_changed.connect(lambda indices: told.append(indices.tolist()))
    shown.set_tool("point")
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=box.topLeft().toPoint() + QPoint(4, 4))
    assert told[-1] == [index]


def test_the_wheel_at_the_corner_of_a_photo_keeps_the_photo_where_it_is(shown, asked):
    index, box = next((index, box) for index, box in boxes(shown).items() if shown.rect().contains(box.toRect()))
    before = shown.pixel_of(index)
    for _ in range(10):
        pixel = box.topLeft() + QPointF(4, 4)
        wheel = QWheelEvent(
            pixel, surface(shown).mapToGlobal(pixel), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(surface(shown), wheel)
        assert index in boxes(shown)
    assert (shown.pixel_of(index) - before).manhattanLength() < 2


def test_very_many_photos_in_a_few_places_stand_as_photos_with_their_numbers(shown, asked):
    rng = np.random.default_rng(0)
    towns = np.array([[0, 0], [100, 0], [0, 80]])
    shown.set_points((towns.repeat(500, axis=0) + rng.normal(size=(1500, 2)) * 0.5).astype(np.float32), np.zeros(1500))
    shown.fit()
    assert len(boxes(shown)) == 3
    assert [frame.number.isEmpty() for *_, frame in shown._thumbnails.photos(1)] == [False] * 3
