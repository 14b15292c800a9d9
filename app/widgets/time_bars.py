"""The bars of the timeline: a histogram in which a range is drawn, moved and stretched, by mouse or keyboard."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from .. import theme, time_words, words
from ..time_bins import TimeBins, bins_for, marks

_MS_BETWEEN_RANGES = 80
_SLOT = 8
"""Pixels a bar and its gap take at the least."""
_WIDEST_BAR = 24
_BREAK = 8
"""Pixels between the bars and the one that holds all that is far before or after."""
_GRIP = 5
"""Pixels beside an end of the range where it can be taken hold of."""
_AXIS = 17
_MARK_ROOM = 76


class TimeBars(QWidget):
    """Draws and chooses. A drag chooses a range, inside one it moves it, at its ends it stretches it; a click takes one
    bar, a double click all.
    """

    range_chosen = Signal(object)
    """As of `Timeline`; at most some times a second, the last one always."""
    range_changed = Signal()
    """`chosen_range` is another one, or the bars are, as the person sees already."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline_bars")
        self.setAccessibleName(self.tr("When the photos were taken"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.bins: TimeBins | None = None
        self.chosen_range: tuple[float, float] | None = None
        self._times = np.empty(0)
        self._mask = np.empty(0, bool)
        self._bars = np.empty(0, np.int32)
        self._all = self._passing = np.empty(0, np.int64)
        self._anchor: int | None = None
        self._moved_from: int | None = None
        self._was_moved = False
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_MS_BETWEEN_RANGES)
        self._telling.timeout.connect(self._tell)
        theme.changed.connect(self._follow_theme)

    def set_times(self, times: NDArray[np.float64], mask: NDArray[np.bool_]) -> None:
        """See `Timeline.set_times`."""
        if times is not self._times:
            self._times = times
            self._make_bins()
        self._mask = mask
        self._count()

    def show_range(self, chosen: tuple[float, float] | None) -> None:
        """Show a range chosen elsewhere; emits nothing."""
        if self._anchor is None and self._moved_from is None:  # else a person is drawing another one
            self._telling.stop()
            self._set_range(chosen)

    def choose(self, chosen: tuple[float, float] | None) -> None:
        """Choose a range, None for all dates, as the person does."""
        if chosen != self.chosen_range:
            self._set_range(chosen)
            self.range_changed.emit()
            if not self._telling.isActive():
                self._telling.start()

    def count_in(self, moments: tuple[float, float]) -> int:
        """How many photos that pass the filters lie in a range of moments."""
        return int(((self._times >= moments[0]) & (self._times < moments[1]) & self._mask).sum())

    def sizeHint(self) -> QSize:
        return QSize(400, theme.pixels(38 + _AXIS))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, theme.pixels(26 + _AXIS))

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_bins()
        self._count()
        self.range_changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bins = self.bins
        if bins is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, bar = event.position().x(), self._bar_at(event.position().x())
        if self.chosen_range is not None:
            first, last = bins.covering(self.chosen_range)
            left, right = self._edges_of(first)[0], self._edges_of(last)[1]
            if abs(x - left) <= _GRIP or abs(x - right) <= _GRIP:
                self._anchor = last if abs(x - left) < abs(x - right) else first
                return
            if first <= bar <= last:
                self._moved_from, self._was_moved = bar, False
                return
        self._anchor = bar
        self._choose_bars(bar, bar)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        bar = self._bar_at(event.position().x())
        if self._anchor is not None:
            self._choose_bars(self._anchor, bar)
        elif self._moved_from is not None:
            self._was_moved |= bar != self._moved_from
            self._move(bar - self._moved_from)
            self._moved_from = bar
        else:
            self._show_grip(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._moved_from is not None and not self._was_moved:  # a click into the range takes one bar of it
            self._choose_bars(self._moved_from, self._moved_from)
        self._anchor = self._moved_from = None
        if self._telling.isActive():
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.choose(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bins, key = self.bins, Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -1_000_000, Qt.Key.Key_End: 1_000_000}
        if key == Qt.Key.Key_Escape and self.chosen_range is not None:
            self.choose(None)
        elif bins is not None and key in steps:
            step = steps[key]
            if self.chosen_range is None:
                bar = 0 if step in (1, steps[Qt.Key.Key_Home]) else len(bins) - 1
                self._choose_bars(bar, bar)
                return
            first, last = bins.covering(self.chosen_range)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._choose_bars(first, max(first, last + step))
            elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._choose_bars(min(last, first + step), last)
            else:
                self._move(step)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.bins is not None:
            bar = self._bar_at(event.pos().x())
            QToolTip.showText(event.globalPos(), self._words_of(bar), self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # Choosing

    def _choose_bars(self, one: int, other: int) -> None:
        bins = self.bins
        assert bins is not None
        first, last = (min(max(bar, 0), len(bins) - 1) for bar in sorted((one, other)))
        self.choose((float(bins.edges[first]), float(bins.edges[last + 1])))

    def _move(self, step: int) -> None:
        bins = self.bins
        if bins is None or self.chosen_range is None:
            return
        first, last = bins.covering(self.chosen_range)
        step = min(max(step, -first), len(bins) - 1 - last)
        if step:
            self._choose_bars(first + step, last + step)

    def _tell(self) -> None:
        self._telling.stop()
        self.range_chosen.emit(self.chosen_range)

    def _set_range(self, chosen: tuple[float, float] | None) -> None:
        self.chosen_range = chosen
        self._describe()
        self.update()

    # Counting

    def stray_counts(self) -> tuple[int, int]:
        """How many photos are dated far before, and far after, all others."""
        if self.bins is None:
            return 0, 0
        return int(self._all[0]) * self.bins.earlier, int(self._all[-1]) * self.bins.later

    def _make_bins(self) -> None:
        bins = bins_for(self._times, max(12, self.width() // _SLOT)) if len(self._times) else None
        if bins is None or self.bins is None or not np.array_equal(bins.edges, self.bins.edges):
            self.bins = bins
        if self.bins is not None:
            self._bars = self.bins.bars_of(self._times)
            self._all = np.bincount(self._bars[self._bars >= 0], minlength=len(self.bins))

    def _count(self) -> None:
        if self.bins is not None:
            self._passing = np.bincount(self._bars[self._mask & (self._bars >= 0)], minlength=len(self.bins))
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Say to a screen reader what is seen."""
        if self.bins is None:
            self.setAccessibleDescription(self.tr("None of the photos has a date."))
            return
        if self.chosen_range is None:
            said = self.tr("All dates, {0}.").format(time_words.range_in_words(self.bins.span))
        else:
            said = self.tr("Chosen: {0}, {1}.").format(
                time_words.range_in_words(self.chosen_range), words.photos(self.count_in(self.chosen_range))
            )
        keys = self.tr(
            "The left and right arrow keys choose and move a range, with Shift its end, with Control its beginning; "
            "Escape shows all dates."
        )
        self.setAccessibleDescription(f"{said} {keys}")

    def _words_of(self, bar: int) -> str:
        assert self.bins is not None
        when = time_words.bar_in_words(self.bins.unit, *map(float, self.bins.edges[bar : bar + 2]))
        if self._passing[bar] == self._all[bar]:
            return f"{when}: {words.photos(int(self._all[bar]))}"
        return self.tr("{0}: {1} of {2}").format(
            when, words.number(int(self._passing[bar])), words.photos(int(self._all[bar]))
        )

    # Painting

    def _slots(self) -> tuple[float, float]:
        """Where the first of the bars of one unit begins, and how wide each is with its gap."""
        bins = self.bins
        assert bins is not None
        breaks = _BREAK * (bins.earlier + bins.later)
        slot = (self.width() - 2 * _GRIP - breaks) / max(1, len(bins))
        return _GRIP + bins.earlier * (slot + _BREAK), slot

    def _edges_of(self, bar: int) -> tuple[float, float]:
        """From which to which x a bar with its gap goes."""
        bins = self.bins
        assert bins is not None
        start, slot = self._slots()
        inner = bar - bins.earlier
        left = start + inner * slot
        if bins.earlier and bar == 0:
            left -= _BREAK
        if bins.later and bar == len(bins) - 1:
            left += _BREAK
        return left, left + slot

    def _bar_at(self, x: float) -> int:
        bins = self.bins
        if bins is None:
            return 0
        start, slot = self._slots()
        bar = math.floor((x - start) / slot) + bins.earlier
        if bins.later and bar >= len(bins) - 1:
            bar = len(bins) - 1 if x >= self._edges_of(len(bins) - 1)[0] - _BREAK / 2 else len(bins) - 2
        return min(max(bar, 0), len(bins) - 1)

    def _x_of(self, moment: float) -> float:
        """Where a moment lies on the axis."""
        bins = self.bins
        assert bins is not None
        if math.isinf(moment):
            return self._edges_of(0)[0] if moment < 0 else self._edges_of(len(bins) - 1)[1]
        inner = bins.edges[bins.earlier : len(bins.edges) - bins.later]
        start, slot = self._slots()
        return start + slot * float(np.interp(moment, inner, np.arange(len(inner))))

    def _show_grip(self, x: float) -> None:
        at_end = False
        if self.chosen_range is not None and self.bins is not None:
            at_end = any(abs(x - self._x_of(moment)) <= _GRIP for moment in self.chosen_range)
        self.setCursor(Qt.CursorShape.SizeHorCursor if at_end else Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.bins is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours()
        floor = self.height() - theme.pixels(_AXIS)
        if self.chosen_range is not None:
            left, right = (self._x_of(moment) for moment in self.chosen_range)
            painter.fillRect(QRectF(left, 0, right - left, floor), QColor(colours.tint))
            painter.setPen(QPen(QColor(colours.primary), 1.5))
            for x in (left, right):
                painter.drawLine(QPointF(x, 0), QPointF(x, floor))
        self._paint_bars(painter, floor)
        self._paint_axis(painter, floor)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.primary), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_bars(self, painter: QPainter, floor: float) -> None:
        colours = theme.colours()
        most = max(1, int(self._all.max(initial=1)))
        painter.setPen(Qt.PenStyle.NoPen)
        slot = self._slots()[1]
        width = min(max(slot - 2, 0.75 * slot), _WIDEST_BAR)
        for counts, colour in ((self._all, colours.line), (self._passing, colours.primary)):
            painter.setBrush(QColor(colour))
            for bar in np.flatnonzero(counts).tolist():
                height = max(2.0, (floor - 4) * int(counts[bar]) / most)
                left, right = self._edges_of(bar)
                painter.drawRoundedRect(QRectF((left + right - width) / 2, floor - height, width, height), 1, 1)

    def _paint_axis(self, painter: QPainter, floor: float) -> None:
        bins = self.bins
        assert bins is not None
        painter.setPen(QPen(QColor(theme.colours().line), 1))
        parts = [(bins.earlier, len(bins) - 1 - bins.later)]
        parts += [(0, 0)] * bins.earlier + [(len(bins) - 1, len(bins) - 1)] * bins.later
        for first, last in parts:  # the axis is broken beside what is far off
            left, right = self._edges_of(first)[0], self._edges_of(last)[1]
            painter.drawLine(QPointF(left, floor + 0.5), QPointF(right, floor + 0.5))
        font = theme.font(11)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        colours = theme.colours()
        free = 0.0
        year = None
        for moment, unit in marks(bins.span, max(2, int(self.width() / theme.pixels(_MARK_ROOM)))):
            this_year = np.datetime64(int(moment), "s").astype("datetime64[Y]")
            text = time_words.mark_in_words(moment, unit, with_year=this_year != year)
            width = metrics.horizontalAdvance(text)
            x = self._x_of(moment)
            left = min(x, self.width() - width - 2.0)
            if left < free:
                continue
            year, free = this_year, left + width + 10
            painter.setPen(QPen(QColor(colours.quiet), 1))
            painter.drawLine(QPointF(x, floor + 1), QPointF(x, floor + 4))
            painter.drawText(QPointF(left, floor + 4 + metrics.ascent()), text)

    def _follow_theme(self) -> None:
        self.updateGeometry()
        self.update()
