"""The loss of a training as it goes: every step pale, the line through them strong, held-out photos dashed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .. import theme
from .card import label
from .loss_history import LossHistory
from .view_layer import ViewLayer

_RAW_POINTS = 4_000
"""More steps than this are drawn as the lowest and highest of each stretch: the screen has no more columns."""


class LossPlot(QWidget):
    """Draws a `LossHistory`; call `refresh` after it grew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loss_plot")
        self.setAccessibleName(self.tr("Loss by epoch"))
        self.history = LossHistory()
        self._epochs = 1.0
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
        self._lines = _Lines()
        self._view.addItem(self._lines, ignoreBounds=True)
        self._raw = pyqtgraph.PlotCurveItem()
        self._smooth = pyqtgraph.PlotCurveItem(antialias=True)
        self._held_out = pyqtgraph.PlotCurveItem(antialias=True)
        for curve in (self._raw, self._held_out, self._smooth):
            self._view.addItem(curve, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._graphics)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()
        self.refresh()

    def show_history(self, history: LossHistory, epochs: int) -> None:
        """Draw another training, of so many epochs in all."""
        self.history = history
        self._epochs = float(max(1, epochs))
        self.refresh()

    def refresh(self) -> None:
        """Draw what the history holds now."""
        epochs, losses = self.history.raw()
        held_epochs, held_losses = self.history.held_out()
        self._raw.setData(*_thinned(epochs, losses))
        self._smooth.setData(*self.history.smooth())
        self._held_out.setData(held_epochs, held_losses)
        values = np.concatenate([losses, held_losses])
        if len(values):
            # A first step far above the rest would press the curve flat, so the highest hundredth may leave the view.
            low = float(values.min())
            high = max(float(np.quantile(values, 0.99)), float(held_losses.max(initial=-np.inf)))
            room = 0.08 * max(high - low, 0.02 * abs(high), 1e-6)
            self._view.setYRange(low - room, high + room, padding=0)
            levels = _round_levels(low - room, high + room)
            self._left.setTicks([[(level, f"{level:.6g}") for level in levels]])
            self._lines.show_levels(levels)
        self._view.setXRange(0, self._epochs, padding=0)
        self._bottom.setTicks([[(number, f"{number:g}") for number in _whole_numbers(self._epochs)]])

    def _follow_theme(self) -> None:
        colours = theme.colours()
        pale = QColor(colours.primary)
        pale.setAlpha(90)
        self._raw.setPen(QPen(pale, 0))
        self._smooth.setPen(_pen(colours.primary, 3))
        self._held_out.setPen(_pen(colours.warning, 2.25, Qt.PenStyle.DashLine))
        for axis in (self._left, self._bottom):
            axis.setTextPen(QColor(colours.quiet))
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setTickFont(theme.font(11.5))
        self._lines.update()


class LossCurve(QWidget):
    """The plot with its heading and legend; a sentence in its place while there is nothing to draw."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loss_curve")
        self.plot = LossPlot()
        empty = label(self.tr("The curve of the loss appears here while it learns."), "quiet")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(self.plot)
        self._axis = label(self.tr("epoch"), "small")
        self._axis.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._legend = LossLegend()
        head = QHBoxLayout()
        head.setSpacing(theme.ROW_GAP)
        head.addWidget(label(self.tr("Contrastive loss"), "heading"))
        head.addWidget(label(self.tr("lower is better"), "quiet"))
        head.addStretch(1)
        head.addWidget(self._legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._axis)
        self.show_history(LossHistory(), 1)

    def show_history(self, history: LossHistory, epochs: int) -> None:
        """Draw a training of so many epochs in all."""
        self.plot.show_history(history, epochs)
        drawn = bool(len(history))
        self._stack.setCurrentIndex(1 if drawn else 0)
        self._axis.setVisible(drawn)
        self._legend.setVisible(drawn)


class LossLegend(QWidget):
    """Which line is which."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loss_legend")
        self._entries = (
            (self.tr("training"), Qt.PenStyle.SolidLine),
            (self.tr("held-out photos"), Qt.PenStyle.DashLine),
        )
        self.setAccessibleName(", ".join(words for words, _ in self._entries))
        self.setToolTip(
            self.tr(
                "Held-out photos are never learned from: whether their loss falls tells if what is learned holds for "
                "others. Compare its course, not its height: it is lower where fewer photos are compared at once."
            )
        )
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font(12))
        return QSize(sum(metrics.horizontalAdvance(words) + 46 for words, _ in self._entries), metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(12))
        x, colours = 0, theme.colours()
        for (words, style), colour in zip(self._entries, (colours.primary, colours.warning), strict=True):
            painter.setPen(_pen(colour, 2.5, style))
            painter.drawLine(QPointF(x, self.height() / 2), QPointF(x + 22, self.height() / 2))
            painter.setPen(QColor(colours.quiet))
            width = painter.fontMetrics().horizontalAdvance(words)
            painter.drawText(x + 28, 0, width + 2, self.height(), Qt.AlignmentFlag.AlignVCenter, words)
            x += width + 46
        painter.end()


class _Lines(ViewLayer):
    """Level lines behind the curves, one at each number of the axis; pyqtgraph's own grid would lie over them."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: list[float] = []
        self.setZValue(-1)

    def show_levels(self, levels: list[float]) -> None:
        self._levels = levels
        self.update()

    def paint(self, painter: QPainter, option: Any, widget: QWidget | None = None) -> None:
        left, right = self.getViewBox().viewRange()[0]
        painter.setPen(_pen(theme.colours().line, 1))
        for level in self._levels:
            painter.drawLine(QPointF(left, level), QPointF(right, level))


def _round_levels(low: float, high: float) -> list[float]:
    """Round numbers in a range, four to eight of them."""
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(step for step in (5 * power, 2 * power, power) if (high - low) / step >= 4)
    return [round(number * step, 12) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _whole_numbers(last: float) -> list[int]:
    """Round numbers of epochs from 0 on, at most eleven or so, and the last one."""
    step = next(step for size in (1, 10, 100, 1000, 10_000, 100_000) for step in (size, 2 * size, 5 * size)
                if last / step <= 11)  # fmt: skip
    return [number for number in range(0, int(last), step) if last - number > step / 2] + [int(last)]


def _pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    pen = QPen(QColor(colour), width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen


def _thinned(epochs: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    stride = len(losses) // (_RAW_POINTS // 2)
    if stride < 2:
        return epochs, losses
    whole = len(losses) // stride * stride
    parts = losses[:whole].reshape(-1, stride)
    ends = np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1).reshape(-1)
    return (
        np.concatenate([np.repeat(epochs[:whole:stride], 2), epochs[whole:]]),
        np.concatenate([ends, losses[whole:]]),
    )
