"""How the bars of a histogram over time and its axis are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from .. import theme, time_words
from ..time_bins import marks
from ..time_scale import TimeScale

AXIS = 17
"""How high the axis with its words is, at 13 px text."""
_WIDEST_BAR = 24
_MARK_ROOM = 76


def draw_bars(
    painter: QPainter, scale: TimeScale, floor: float, counts: NDArray[np.int64], passing: NDArray[np.int64]
) -> None:
    """counts, passing int64 [B]: all photos of each bar, drawn pale, and those that pass the filters, drawn strong.

    Those before or after have one bar for what may be most of the photos: it does not flatten the others.
    """
    bins, colours = scale.bins, theme.colours()
    most = max(1, int(counts[bins.earlier : len(bins) - bins.later].max(initial=1)))
    painter.setPen(Qt.PenStyle.NoPen)
    width = min(max(scale.slot - 2, 0.75 * scale.slot), _WIDEST_BAR)
    for shown, colour in ((counts, colours.line), (passing, colours.primary)):
        painter.setBrush(QColor(colour))
        for bar in np.flatnonzero(shown).tolist():
            height = max(2.0, (floor - 4) * int(shown[bar]) / max(most, int(counts[bar])))
            left, right = scale.edges_of(bar)
            painter.drawRoundedRect(QRectF((left + right - width) / 2, floor - height, width, height), 1, 1)


def draw_axis(painter: QPainter, scale: TimeScale, floor: float) -> None:
    """A line below the bars with round dates; it is broken beside what is before or after."""
    bins, colours = scale.bins, theme.colours()
    painter.setPen(QPen(QColor(colours.line), 1))
    parts = [(bins.earlier, len(bins) - 1 - bins.later)]
    parts += [(0, 0)] * bins.earlier + [(len(bins) - 1, len(bins) - 1)] * bins.later
    for first, last in parts:
        left, right = scale.edges_of(first)[0], scale.edges_of(last)[1]
        painter.drawLine(QPointF(left, floor + 0.5), QPointF(right, floor + 0.5))
    font = theme.font(11)
    painter.setFont(font)
    metrics = QFontMetrics(font)
    free = 0.0
    year = None
    for moment, unit in marks(bins.span, max(2, int(scale.width / theme.pixels(_MARK_ROOM)))):
        this_year = np.datetime64(int(moment), "s").astype("datetime64[Y]")
        text = time_words.mark_in_words(moment, unit, with_year=this_year != year)
        width = metrics.horizontalAdvance(text)
        x = scale.x_of(moment)
        left = min(x, scale.width - width - 2.0)
        if left < free:
            continue
        year, free = this_year, left + width + 10
        painter.setPen(QPen(QColor(colours.quiet), 1))
        painter.drawLine(QPointF(x, floor + 1), QPointF(x, floor + 4))
        painter.drawText(QPointF(left, floor + 4 + metrics.ascent()), text)
