"""The dots of a map and the tint under them as they are at one moment, to be painted in any thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from .. import theme
from . import density
from .point_canvas import ROOM, Canvas, View
from .point_raster import PointRaster

_TINTED_POINTS = 30_000
"""More are not counted for the tint: a share of them, evenly over the map, makes the same picture."""
_TINT, _TINT_ON_DARK = 0.16, 0.24
_COARSE = 4
_CORNER = theme.CARD_RADIUS - 2
"""The map lies within the line around its card."""


@dataclass(frozen=True)
class Tint:
    """A soft picture of how dense each colour lies, and where it belongs in map units."""

    picture: QImage
    rect: QRectF

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint it into pixels of a view."""
        to_pixels = QTransform(view.scale_x, 0, 0, view.scale_y, view.offset_x, view.offset_y)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(to_pixels.mapRect(self.rect), self.picture)


@dataclass(frozen=True)
class DotDrawing:
    """Dots, those that stand out, and the ground under both. Nothing in it changes."""

    raster: PointRaster
    colours: NDArray[np.uint32]
    """Opaque ARGB of each row of the raster."""
    beneath: NDArray[np.bool_]
    """The rows of the dots that lie under all others."""
    chosen: NDArray[np.int64]
    """The rows of the dots that stand out: painted last and a little larger."""
    chosen_colours: NDArray[np.uint32]
    ground: QColor | None
    """The colour of the card under a tinted map; None: what is under the map is seen."""
    tint: Tint | None

    def fill(self, picture: QImage, view: View, ratio: float) -> None:
        """Paint into a picture that is larger than the view by `ROOM` at each side; ratio: its pixels a pixel."""
        pixels = np.frombuffer(picture.bits(), np.uint32).reshape(picture.height(), picture.width())
        if self.ground is None:
            pixels.fill(0)
        else:
            self._fill_ground(pixels, self.ground, view, ratio)
        canvas = Canvas(view.width, view.height, pixels)
        self.raster.draw(view, canvas, self.colours, ratio, self.beneath)
        if len(self.chosen):
            size = self.raster.dot_size(view, ratio) + round(ratio)
            self.raster.draw_some(self.chosen, view, canvas, self.chosen_colours, size)

    def in_sight(self, view: View) -> NDArray[np.int64]:
        """The rows of the dots that a view shows, also in part."""
        left, right, low, high = view.rect(margin=self.raster.dot_size(view))
        x, y = self.raster.x, self.raster.y
        return np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))

    def circles(self, view: View, rows: NDArray[np.int64]) -> Iterator[tuple[QPointF, float, QColor]]:
        """The dots of some rows, those that stand out last: middle and radius in pixels of the view, and colour."""
        colours, larger = self.colours.copy(), np.zeros(len(self.raster), np.float32)
        colours[self.chosen], larger[self.chosen] = self.chosen_colours, 0.5
        rows = rows[np.argsort(larger[rows] - self.beneath[rows], kind="stable")]
        x = self.raster.x[rows].astype(float) * view.scale_x + view.offset_x
        y = self.raster.y[rows].astype(float) * view.scale_y + view.offset_y
        radii = self.raster.dot_size(view) / 2 + larger[rows]
        for at_x, at_y, radius, colour in zip(
            *(values.tolist() for values in (x, y, radii, colours[rows])), strict=True
        ):
            yield QPointF(at_x, at_y), radius, QColor.fromRgb(colour)

    def _fill_ground(self, pixels: NDArray[np.uint32], ground: QColor, view: View, ratio: float) -> None:
        """Fill a padded picture with the tinted card; the tint is so soft that a pixel in 16 says all of it.

        With the card, though that is painted already: what is opaque is copied to the screen twice as fast.
        """
        height, width = pixels.shape
        coarse = QImage(-(-width // _COARSE), -(-height // _COARSE), QImage.Format.Format_ARGB32_Premultiplied)
        coarse.fill(ground)
        if self.tint is not None:
            painter = QPainter(coarse)
            painter.scale(1 / _COARSE, 1 / _COARSE)
            painter.translate(ROOM, ROOM)
            self.tint.paint(painter, view)
            painter.end()
        few = np.frombuffer(coarse.constBits(), np.uint32).reshape(coarse.height(), coarse.width())
        rows = np.empty((*few.shape, _COARSE), np.uint32)
        for column in range(_COARSE):
            rows[..., column] = few
        rows = rows.reshape(len(few), -1)[:, :width]
        whole = height - height % _COARSE
        pixels[:whole].reshape(-1, _COARSE, width)[:] = rows[: whole // _COARSE, None]
        pixels[whole:] = rows[-1]
        outside = _outside_of_corner(round(_CORNER * ratio))
        shown = pixels[ROOM:-ROOM, ROOM:-ROOM]
        for corner in (shown, shown[::-1], shown[:, ::-1], shown[::-1, ::-1]):
            corner[: len(outside), : len(outside)][outside[: len(corner), : corner.shape[1]]] = 0


def tint_of(raster: PointRaster, codes: NDArray[np.signedinteger], table: Sequence[QColor]) -> Tint | None:
    """The tint of a raster's points; codes int [N]: the place of each point's colour in the table, -1 for none."""
    if not len(raster) or not table:
        return None
    step = 1 + len(raster) // _TINTED_POINTS
    positions = np.stack([raster.x[::step], raster.y[::step]], axis=1)
    values = np.array([c.getRgb()[:3] for c in table], np.uint8)
    strength = _TINT if theme.colours().name == theme.LIGHT else _TINT_ON_DARK
    pixels = density.tint(positions, codes.take(raster.order[::step]), values, strength)
    made = QImage(pixels.data, density.SIDE, density.SIDE, QImage.Format.Format_RGBA8888_Premultiplied)
    left, right, low, high = density.bounds(positions)
    # Converting it copies it: the pixels it was made of go with this call.
    picture = made.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    return Tint(picture, QRectF(left, low, right - left, high - low))


@lru_cache(maxsize=4)
def _outside_of_corner(radius: int) -> NDArray[np.bool_]:
    """Which of radius x radius pixels at the upper left of a rounded box lie outside of it."""
    across = radius - np.arange(radius) - 0.5
    return across[:, None] ** 2 + across[None, :] ** 2 > radius**2
