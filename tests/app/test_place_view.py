"""The map by place: where photos lie on it, its grid and scale, hot spots, and what a person does with it."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPalette, QPixmap

from app import theme, words
from app.explore_filters import PlaceBox
from app.place_plane import PlacePlane, degree_text, grid_lines, scale_length, wrapped
from app.widgets.embedding_map import POINT
from app.widgets.place_view import PlaceView, spot_in_words
from prismh_engine import jobs
from prismh_engine.analysis.hot_spots import EARTH_RADIUS, HotSpot
from tests.app.windows import find

COLOURS = [QColor("#0072b2"), QColor("#d55e00")]


def metres_between(one, other):
    """Along the ground, by the formula of haversines."""
    (a, b), (c, d) = np.radians(one), np.radians(other)
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half))


@pytest.mark.parametrize("middle", [(13.08, 80.27), (-17.5, 179.99), (64.1, -21.9)])
def test_distances_near_the_photos_are_those_on_the_ground(middle):
    rng = np.random.default_rng(0)
    latitudes = middle[0] + rng.normal(size=50) * 0.02
    longitudes = np.mod(middle[1] + rng.normal(size=50) * 0.02 + 180, 360) - 180
    flat = PlacePlane.around(latitudes, longitudes).flat(latitudes, longitudes).astype(np.float64) * 100_000
    for a, b in rng.integers(0, 50, (30, 2)):
        expected = metres_between((latitudes[a], longitudes[a]), (latitudes[b], longitudes[b]))
        assert math.dist(flat[a], flat[b]) == pytest.approx(expected, rel=5e-3, abs=0.5)


def test_photos_on_both_sides_of_180_degrees_lie_beside_each_other():
    flat = PlacePlane.around(np.array([-17.0, -17.0]), np.array([179.9, -179.9])).flat(
        np.array([-17.0, -17.0]), np.array([179.9, -179.9])
    )
    assert flat[1, 0] > flat[0, 0], "179.9° W lies east of 179.9° E"
    assert np.ptp(flat[:, 0]) < 0.3, "20 km and a bit, in units of 100 km"


def test_a_place_comes_back_as_it_was():
    plane = PlacePlane.around(np.array([13.0, 13.2]), np.array([80.0, 80.4]))
    x, y = plane.flat(np.array([13.05]), np.array([80.1]))[0].tolist()
    assert plane.degrees(x, y) == pytest.approx((13.05, 80.1), abs=1e-6)


@pytest.mark.parametrize("latitude", [90.0, -90.0, 89.9])
def test_at_the_poles_there_is_a_map_too(latitude):
    flat = PlacePlane.around(np.full(3, latitude), np.array([0.0, 120.0, -120.0])).flat(
        np.full(3, latitude), np.array([0.0, 120.0, -120.0])
    )
    assert np.isfinite(flat).all()
    assert len(np.unique(flat[:, 0])) == 3


@pytest.mark.parametrize("span", [1e-4, 0.03, 0.5, 7, 80, 360])
def test_grid_lines_are_round_degrees_in_sight(span):
    lines, step = grid_lines(13.07, 13.07 + span, 5)
    assert 1 <= len(lines) <= 6
    assert all(13.07 <= line <= 13.07 + span for line in lines)
    assert np.allclose(np.mod(np.array(lines) / step + 0.5, 1), 0.5, atol=1e-4)


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (13.05, 0.05, "13.05° N"),
        (-17, 1, "17° S"),
        (0, 0.5, "0.0°"),
        (13.07512, 1e-5, "13.07512° N"),
        (180, 30, "180°"),
    ],
)
def test_degrees_are_said_with_the_decimals_they_need(value, step, text):
    assert degree_text(value, step, "N", "S") == text


@pytest.mark.parametrize(("longest", "length"), [(130, 100), (499, 200), (500, 500), (0.7, 0.5), (12_345, 10_000)])
def test_the_scale_bar_has_a_round_length(longest, length):
    assert scale_length(longest) == pytest.approx(length)


@pytest.mark.parametrize(
    ("metres", "said"),
    [(3, "10 m"), (131, "140 m"), (200, "200 m"), (201, "250 m"), (990, "1 km"), (1210, "1.3 km"), (350_100, "351 km")],
)
def test_a_distance_is_said_roughly_and_never_too_short(qapp, metres, said):
    assert words.distance(metres) == said


def test_meridians_are_counted_from_greenwich():
    assert [wrapped(value) for value in (190, -190, 540, 45)] == [-170, 170, -180, 45]


@pytest.fixture
def places():
    """Twelve photos near each other, twelve further east, and photo 5 and 20 without a place."""
    rng = np.random.default_rng(0)
    latitudes = 13.08 + rng.normal(size=24) * 0.0003
    longitudes = np.repeat([80.25, 80.27], 12) + rng.normal(size=24) * 0.0003
    latitudes[[5, 20]] = longitudes[[5, 20]] = math.nan
    return latitudes, longitudes


@pytest.fixture
def shown(qtbot, places):
    made = PlaceView()
    qtbot.addWidget(made)
    made.resize(600, 450)
    made.set_places(*places)
    made.set_colouring((np.arange(24) // 12).astype(np.int32), COLOURS)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def spot(places):
    rows = np.array([row for row in range(12) if row != 5])
    return HotSpot(rows, float(np.nanmean(places[0][:12])), float(np.nanmean(places[1][:12])), 131.0, 4.0)


def surface(shown):
    return find(shown, "place_map")._graphics.viewport()


def at(shown, index):
    return surface(shown).mapFrom(shown, shown.pixel_of(index).toPoint())


def test_photos_lie_as_on_a_map_in_their_colours(shown):
    assert shown.pixel_of(0).x() < shown.pixel_of(23).x(), "east is at the right"
    picture = shown.grab().toImage()
    assert picture.pixelColor(shown.pixel_of(0).toPoint()) == COLOURS[0]
    assert picture.pixelColor(shown.pixel_of(23).toPoint()) == COLOURS[1]


def test_it_says_how_many_photos_have_no_place(shown):
    assert find(shown, "place_note").accessibleName().startswith("2 without a place")
    assert find(shown, "place_map").isVisible()
    shown.set_places(np.full(3, math.nan), np.full(3, math.nan))
    assert find(shown, "place_note").accessibleName() == "3 without a place"


def test_it_says_where_no_place_stands_out(shown, spot):
    note = find(shown, "place_note")
    assert "No place stands out among 22 photos" in note.accessibleName()
    assert "ten places" in note.parentWidget().toolTip()
    shown.set_hot_spots([spot])
    assert "No place" not in note.accessibleName()


def test_the_pointer_and_a_click_tell_the_photo(shown, qtbot):
    hovered, selected = [], []
    shown.hovered.connect(hovered.append)
    shown.selection_changed.connect(lambda rows: selected.append(rows.tolist()))
    shown.set_tool(POINT)
    place = at(shown, 23)
    qtbot.mouseMove(surface(shown), place)
    assert hovered
    assert (shown.pixel_of(hovered[-1]) - shown.pixel_of(23)).manhattanLength() < 12
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=place)
    assert selected == [[hovered[-1]]]
    assert shown.selection.tolist() == selected[-1]


def test_a_selection_made_elsewhere_is_shown_as_far_as_it_has_places(shown):
    shown.select(np.array([4, 5, 6, 21]))
    assert shown.selection.tolist() == [4, 6, 21]


def test_the_same_places_again_leave_the_view_and_the_selection_as_they_are(shown, places):
    shown.zoom(3.0)
    shown.select(np.array([4]))
    before = shown.pixel_of(0)
    shown.set_places(*(part.copy() for part in places))
    assert shown.pixel_of(0) == before
    assert shown.selection.tolist() == [4]


def test_photos_left_out_cannot_be_selected(shown, qtbot):
    selected = []
    shown.selection_changed.connect(lambda rows: selected.append(rows.tolist()))
    shown.set_shown(np.arange(24) >= 12)
    qtbot.keyClick(find(shown, "place_map"), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert selected == [[row for row in range(12, 24) if row != 20]]


def test_a_hot_spot_is_ringed_and_named_and_a_click_on_its_name_takes_its_photos(shown, spot, qtbot):
    selected = []
    shown.selection_changed.connect(lambda rows: selected.append(rows.tolist()))
    shown.select(np.array([23]))
    before = shown.grab().toImage()
    shown.set_hot_spots([spot])
    assert shown.selection.tolist() == [23], "what is selected stays"
    assert shown.grab().toImage() != before
    assert "1 hot spot" in find(shown, "place_note").accessibleName()
    assert spot_in_words(spot) == "11 photos within 140 m"
    (name,) = find(shown, "place_map")._overlay._boxes.values()
    qtbot.mouseClick(surface(shown), Qt.MouseButton.LeftButton, pos=name.topLeft().toPoint() + QPoint(3, 3))
    assert selected == [spot.rows.tolist()]


def test_what_is_in_sight_can_be_asked_for(shown, places, qtbot):
    areas = []
    shown.area_chosen.connect(areas.append)
    qtbot.mouseClick(find(shown, "place_area_button"), Qt.MouseButton.LeftButton)
    assert isinstance(areas[0], PlaceBox)
    assert areas[0].holds(*places).sum() == 22
    shown.zoom(1000.0)
    qtbot.mouseClick(find(shown, "place_area_button"), Qt.MouseButton.LeftButton)
    assert areas[1].holds(*places).sum() == 0


def test_without_places_it_says_where_they_come_from(shown):
    shown.set_places(np.full(3, math.nan), np.full(3, math.nan))
    assert find(shown, "place_nothing").isVisible()
    assert "location is switched on" in find(shown, "place_nothing").text()
    assert not shown.selection.size


@pytest.mark.parametrize("zoom", [1e-6, 1e-3, 1e4, 1e7])
def test_the_grid_can_be_drawn_however_far_or_near_one_looks(shown, zoom):
    shown.zoom(zoom)
    assert not shown.grab().isNull()


def test_the_whole_world_and_one_place_can_be_shown(shown):
    rng = np.random.default_rng(0)
    for latitudes, longitudes in [
        (rng.uniform(-90, 90, 300), rng.uniform(-180, 180, 300)),
        (np.array([13.0]), np.array([80.0])),
        (np.full(5, 13.0), np.full(5, 80.0)),
    ]:
        shown.set_places(latitudes, longitudes)
        for row in range(len(latitudes)):
            assert find(shown, "place_map").geometry().contains(shown.pixel_of(row).toPoint())
        assert not shown.grab().isNull()


def test_degrees_can_be_read_where_photos_stand_on_them(shown):
    """A photo covers the whole left edge: what is written there is written on it."""
    pale = QColor("#ffee88")
    photo = QPixmap(64, 64)
    photo.fill(pale)
    shown.set_places(np.linspace(13.05, 13.11, 12), np.full(12, 80.0))
    shown.set_colouring(np.zeros(12, np.int32), [pale])
    find(shown, "place_map").pan(0.5 - 36 / find(shown, "place_map").width(), 0)

    def written():
        picture = shown.grab().toImage()
        left = ((x, y) for x in range(4, 60) for y in range(20, 380))
        return {place for place in left if picture.pixelColor(*place).lightness() < 140}

    before = written()
    shown.set_thumbnails(lambda index, times: photo)
    shown.grab()
    assert shown.grab().toImage().pixelColor(36, int(shown.pixel_of(5).y())) == pale
    assert len(before) > 50
    assert len(before & written()) > 0.9 * len(before)


def test_a_saved_picture_has_the_lines_the_rings_and_the_numbers_that_are_seen(shown, places, spot, tmp_path):
    shown.set_hot_spots([spot])
    view = find(shown, "place_map")
    view.setAutoFillBackground(True)
    view.setPalette(QPalette(QColor(theme.colours().card)))  # as it stands on its card
    seen = view.grab().toImage().scaledToWidth(2 * view.width())
    jobs.run(shown.picture().save(tmp_path / "place.png"))
    saved = QImage(str(tmp_path / "place.png"))

    def drawn(picture, left, top, right, bottom):
        """The share of pixels in a part of a picture that have not the colour of most of them."""
        part = Counter(picture.pixel(x, y) for x in range(left, right, 3) for y in range(top, bottom, 3))
        return 1 - part.most_common(1)[0][1] / part.total()

    width, height = saved.width(), saved.height()
    for part in ((4, 40, 120, height - 100), (200, height - 60, width - 4, height - 4), (4, 4, width - 4, height - 4)):
        assert drawn(saved, *part) == pytest.approx(drawn(seen, *part), rel=0.4)
        assert drawn(seen, *part) > 0
