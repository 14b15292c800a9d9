"""Lines over the epochs of a training: axes, level lines, and which line is which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .. import theme
from .guarded_paint import guarded
from .training_history import Points
from .view_layer import ViewLayer

PALE, STRONG, DASHED = "pale", "strong", "dashed"
"""How a line looks. A pale one may leave the view with its highest hundredth, and a strong one goes through it."""

_ROOM_FOR_A_NUMBER = 50
_MOST_POINTS = 4_000
"""More points than this are drawn as the lowest and highest of each stretch: the screen has no more columns."""


@dataclass(frozen=True)
class Look:
    """compact: a small plot, with thinner lines. from_zero: the left axis begins at 0 at the highest.

    least_span: what the left axis spans at the least, as a share of its highest value, so that next to nothing does not
    look like a fall.
    """

    compact: bool = False
    from_zero: bool = False
    least_span: float = 0.0


class EpochPlot(QWidget):
    """Draws lines, each in its look; the bottom axis is as long as the training."""

    def __init__(
        self, object_name: str, name: str, lines: Sequence[str], look: Look = Look(), parent: QWidget | None = None
    ) -> None:
        """lines: the look of each, the first lowest."""
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self._looks, self._look = tuple(lines), look
        self._is_empty = True
        # View and axes alone: a PlotItem brings menus of its own, which outlive it.
        self._graphics = pyqtgraph.GraphicsView(self, background=None)
        self._graphics.setFrameShape(self._graphics.Shape.NoFrame)
        self._graphics.setStyleSheet("background: transparent")
        self._graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid = pyqtgraph.GraphicsLayout()
        grid.layout.setSpacing(0)
        grid.setContentsMargins(0, 6, 16, 0)
        self._graphics.setCentralItem(grid)
        self._view = pyqtgraph.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self._view.disableAutoRange()
        self._left, self._bottom = pyqtgraph.AxisItem("left"), pyqtgraph.AxisItem("bottom")
        grid.addItem(self._left, 0, 0)
        grid.addItem(self._view, 0, 1)
        grid.addItem(self._bottom, 1, 1)
        for axis in (self._left, self._bottom):
            axis.linkToView(self._view)
            axis.setStyle(tickLength=0, tickAlpha=0, tickTextOffset=8, hideOverlappingLabels=False)
        self._bottom.setHeight(theme.pixels(26))
        self._levels = _Levels()
        self._view.addItem(self._levels, ignoreBounds=True)
        self._curves = [pyqtgraph.PlotCurveItem(antialias=look != PALE) for look in lines]
        for curve in self._curves:
            self._view.addItem(curve, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._graphics)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()

    def show_lines(self, lines: Sequence[Points], epochs: int) -> None:
        """Draw epochs and finite values of each line of a training of so many epochs in all."""
        for curve, line in zip(self._curves, lines, strict=True):
            curve.setData(*(_thinned(*line) if len(line[0]) != 1 else _dash(*line, epochs)))
        measured = [(line[1], look) for line, look in zip(lines, self._looks, strict=True) if len(line[1])]
        through = STRONG if PALE in self._looks else None  # it lies among the pale ones
        bounds = [_bounds(values, look) for values, look in measured if look != through]
        if bounds:
            low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
            low = min(low, 0.0) if self._look.from_zero else low
            missing = max(0.0, self._look.least_span * max(abs(low), abs(high)) - (high - low))
            low, high = low - missing / 2, high + missing / 2
            room = 0.08 * max(high - low, 0.02 * abs(high), 1e-6)
            self._view.setYRange(low - room, high + room, padding=0)
        self._view.setXRange(0, float(max(1, epochs)), padding=0)
        self._is_empty = not bounds
        self._number_axes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._number_axes()

    def _number_axes(self) -> None:
        """Numbers at both axes, as many as there is room for."""
        room = theme.pixels(_ROOM_FOR_A_NUMBER)
        (low, high), last = self.value_range(), self._view.viewRange()[0][1]
        levels = [] if self._is_empty else _round_levels(low, high, min(4, max(1, self.height() // room)))
        self._left.setTicks([[(level, _number(level)) for level in levels]])
        self._levels.show_levels(levels)
        numbers = _whole_numbers(last, min(11, max(1, self.width() // room)))
        self._bottom.setTicks([[(number, f"{number:g}") for number in numbers]])

    def value_range(self) -> tuple[float, float]:
        """The lowest and the highest value in sight."""
        low, high = self._view.viewRange()[1]
        return float(low), float(high)

    def _follow_theme(self) -> None:
        for curve, look in zip(self._curves, self._looks, strict=True):
            curve.setPen(_pen(look, 2.0 if self._look.compact else 3.0))
        for axis in (self._left, self._bottom):
            axis.setTextPen(QColor(theme.colours().quiet))
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setTickFont(theme.font(11 if self._look.compact else 11.5))
        self._levels.update()


class Legend(QWidget):
    """Which line is which: the words and look of each."""

    def __init__(self, object_name: str, lines: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._lines: tuple[tuple[str, str], ...] = ()
        self.show_lines(lines)
        theme.changed.connect(self.updateGeometry)

    def show_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self.setAccessibleName(", ".join(words for words, _ in lines))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font(12))
        return QSize(sum(metrics.horizontalAdvance(words) + 46 for words, _ in self._lines), metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(12))
        x = 0
        for words, look in self._lines:
            painter.setPen(_pen(look, 2.5))
            painter.drawLine(QPointF(x, self.height() / 2), QPointF(x + 22, self.height() / 2))
            painter.setPen(QColor(theme.colours().quiet))
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(x + 28, 0, width + 2, self.height(), Qt.AlignmentFlag.AlignVCenter, words)
            x += width + 46
        painter.end()


class _Levels(ViewLayer):
    """Level lines behind the curves, one at each number of the axis; pyqtgraph's own grid would lie over them."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: list[float] = []
        self.setZValue(-1)

    def show_levels(self, levels: list[float]) -> None:
        self._levels = levels
        self.update()

    @guarded
    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        left, right = self.getViewBox().viewRange()[0]
        pen = QPen(QColor(theme.colours().line), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for level in self._levels:
            painter.drawLine(QPointF(left, level), QPointF(right, level))


def _bounds(values: np.ndarray, look: str) -> tuple[float, float]:
    # A first step far above the rest would press the curve flat, so the highest hundredth may leave the view.
    return float(values.min()), float(np.quantile(values, 0.99) if look == PALE else values.max())


def _round_levels(low: float, high: float, fewest: int) -> list[float]:
    """Round numbers in a range, `fewest` of them to twice as many."""
    power = 10.0 ** math.floor(math.log10((high - low) / fewest))
    step = next(step for step in (5 * power, 2 * power, power) if (high - low) / step >= fewest)
    return [round(number * step, 12) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _number(level: float) -> str:
    """A round number, short also where it is small: 0.8, 12, 8e-5."""
    if level and abs(level) < 1e-3:
        digits, power = f"{level:.5e}".split("e")
        return f"{float(digits):g}e{int(power)}"
    return f"{level:.6g}"


def _whole_numbers(last: float, most: int) -> list[int]:
    """Round numbers of epochs from 0 on, at most so many or one more, and the last one."""
    step = next(step for size in (1, 10, 100, 1000, 10_000, 100_000) for step in (size, 2 * size, 5 * size)
                if last / step <= most)  # fmt: skip
    return [number for number in range(0, int(last), step) if last - number > step / 2] + [int(last)]


def _pen(look: str, width: float) -> QPen:
    colours = theme.colours()
    colour = QColor(colours.warning if look == DASHED else colours.primary)
    if look == PALE:
        colour.setAlpha(90)
        return QPen(colour, 0)
    style = Qt.PenStyle.DashLine if look == DASHED else Qt.PenStyle.SolidLine
    pen = QPen(
        colour, 0.75 * width if look == DASHED else width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin
    )
    pen.setCosmetic(True)
    return pen


def _dash(epochs: np.ndarray, values: np.ndarray, last: int) -> Points:
    """One point alone, long enough to be seen."""
    return np.array([epochs[0] - last / 100, epochs[0]]), np.repeat(values, 2)


def _thinned(epochs: np.ndarray, values: np.ndarray) -> Points:
    stride = len(values) // (_MOST_POINTS // 2)
    if stride < 2:
        return epochs, values
    whole = len(values) // stride * stride
    parts = values[:whole].reshape(-1, stride)
    ends = np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1).reshape(-1)
    return (
        np.concatenate([np.repeat(epochs[:whole:stride], 2), epochs[whole:]]),
        np.concatenate([ends, values[whole:]]),
    )
