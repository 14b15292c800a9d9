"""Points as pixels: what is drawn, what is found."""

from __future__ import annotations

import numpy as np
import pytest

from app.widgets.point_canvas import Canvas, View, diameter
from app.widgets.point_raster import PointRaster

RED, BLUE = 0xFFFF0000, 0xFF0000FF


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)


def drawn(raster, view, colours):
    canvas = Canvas(view.width, view.height)
    raster.draw(view, canvas, colours)
    return canvas.pixels


def view_of(points, width=400, height=300):
    """A view that shows all of some points, y upwards."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 0.9 * min(width / (high[0] - low[0]), height / (high[1] - low[1]))
    middle = (low + high) / 2
    return View(scale, width / 2 - middle[0] * scale, -scale, height / 2 + middle[1] * scale, width, height)


def test_a_point_is_a_round_dot_of_its_colour_where_it_lies():
    raster = PointRaster(np.array([[1.0, 2.0]], np.float32))
    picture = drawn(raster, View(10, 0, 10, 0, 60, 60), np.array([RED], np.uint32))
    rows, columns = np.nonzero(picture)
    assert picture[20, 10] == RED
    assert abs(rows.mean() - 20) < 1
    assert abs(columns.mean() - 10) < 1
    assert picture[20 - diameter(1), 10] == 0
    corner = picture[20 - diameter(1) // 2, 10 - diameter(1) // 2]
    assert corner == 0 or corner >> 24 < 255, "the corners of a dot are empty or see-through"


def test_of_two_points_on_one_pixel_the_later_one_shows():
    raster = PointRaster(np.zeros((2, 2), np.float32))
    colours = np.array([RED, BLUE], np.uint32)[raster.order]
    assert drawn(raster, View(1, 10, 1, 10, 20, 20), colours)[10, 10] == BLUE


def test_points_outside_the_view_leave_it_empty_and_do_no_harm(points):
    raster = PointRaster(points)
    picture = drawn(raster, View(10, 10_000, 10, 10_000, 50, 40), np.full(len(points), RED, np.uint32))
    assert picture.shape == (40, 50)
    assert not picture.any()


def test_zoomed_in_only_the_points_in_sight_are_drawn_and_none_is_missed(points):
    raster = PointRaster(points)
    scale = 2000.0
    view = View(scale, 200 - points[7, 0] * scale, -scale, 150 + points[7, 1] * scale, 400, 300)
    picture = drawn(raster, view, np.full(len(points), RED, np.uint32))
    columns = (points[:, 0] * view.scale_x + view.offset_x).astype(int)
    rows = (points[:, 1] * view.scale_y + view.offset_y).astype(int)
    inside = (columns >= 0) & (columns < 400) & (rows >= 0) & (rows < 300)
    assert 0 < inside.sum() < len(points) / 10
    assert (picture[rows[inside], columns[inside]] == RED).all()


def test_the_nearest_point_is_the_one_a_full_search_finds(points):
    raster = PointRaster(points)
    for x, y in np.random.default_rng(1).normal(size=(200, 2)):
        distances = np.hypot(points[:, 0] - x, points[:, 1] - y)
        expected = int(distances.argmin()) if distances.min() <= 0.05 else -1
        found = raster.nearest(x, y, 0.05)
        assert found == expected or distances[found] == pytest.approx(distances[expected])


def test_a_box_finds_exactly_what_lies_in_it(points):
    raster = PointRaster(points)
    inside = (points[:, 0] >= -0.3) & (points[:, 0] <= 0.8) & (points[:, 1] >= 0.1) & (points[:, 1] <= 0.4)
    assert raster.within(-0.3, 0.8, 0.1, 0.4).tolist() == np.flatnonzero(inside).tolist()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_points_are_no_special_case(count):
    points = np.full((count, 2), 3.0, np.float32)
    raster = PointRaster(points)
    assert raster.nearest(3, 3, 1) == (-1 if not count else 0)
    assert len(raster.within(2, 4, 2, 4)) == count
    assert drawn(raster, View(1, 0, 1, 0, 8, 8), np.full(count, RED, np.uint32)).any() == bool(count)


def test_dots_get_smaller_as_there_are_more_on_screen():
    sizes = [diameter(count) for count in (10, 5_000, 20_000, 100_000, 1_000_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


def test_a_stencil_finds_what_a_test_of_every_point_finds(points):
    raster, view = PointRaster(points), view_of(points)
    rows, columns = np.mgrid[: view.height, : view.width]
    stencil = (columns - 200) ** 2 + (rows - 150) ** 2 < 80**2
    at = np.floor(points * [view.scale_x, view.scale_y] + [view.offset_x, view.offset_y]).astype(int)
    expected = np.flatnonzero((at[:, 0] - 200) ** 2 + (at[:, 1] - 150) ** 2 < 80**2)
    assert 100 < len(expected) < len(points) - 100
    assert raster.under(view, stencil).tolist() == expected.tolist()


def test_of_a_part_of_the_points_only_those_are_drawn_and_found(points):
    mask = points[:, 0] > 0.2
    raster, view = PointRaster(points).only(mask), view_of(points)
    assert len(raster) == mask.sum()
    assert raster.within(-9, 9, -9, 9).tolist() == np.flatnonzero(mask).tolist()
    assert raster.nearest(*points[~mask][0].tolist(), 1e-4) == -1
    picture = drawn(raster, view, np.full(len(raster), RED, np.uint32))
    assert not picture[:, : int(view.offset_x + 0.2 * view.scale_x) - 4].any()
    again = raster.only(np.ones(len(points), bool))
    assert again.within(-9, 9, -9, 9).tolist() == np.flatnonzero(mask).tolist()


def test_very_far_zoomed_in_a_dot_lies_where_its_number_says(points):
    points = points + np.float32(100)
    raster, scale = PointRaster(points), 3e6
    x, y = (float(value) for value in points[7])
    view = View(scale, 200 - x * scale, -scale, 150 + y * scale, 400, 300)
    assert drawn(raster, view, np.full(len(points), RED, np.uint32))[150, 200] == RED
    stencil = np.zeros((300, 400), bool)
    stencil[149:152, 199:202] = True
    assert raster.under(view, stencil).tolist() == [7]


def test_where_nearly_all_lie_in_one_spot_a_look_up_there_touches_few_of_them():
    spot = np.random.default_rng(0).normal(size=(40_000, 2)).astype(np.float32) * 1e-3
    raster = PointRaster(np.concatenate([spot, [[1000, 1000], [-1000, 500]]]).astype(np.float32))
    touched = sum(part.stop - part.start for part in raster._slices(0, 1e-5, 0, 1e-5))
    assert 0 < touched < 400
    assert raster.nearest(*spot[7].tolist(), 1e-5) == 7


def test_a_dot_at_the_edge_is_cut_off_there_and_does_not_come_in_at_the_other_side():
    raster = PointRaster(np.array([[0, 10], [39, 20], [-30, 5], [60, 25]], np.float32))
    picture = drawn(raster, View(1, 0, 1, 0, 40, 30), np.full(4, RED, np.uint32))
    assert picture[10, 0] == RED
    assert picture[20, 39] == RED
    assert not picture[:, 8:32].any()
    assert not picture[5].any()
    assert not picture[25].any()
