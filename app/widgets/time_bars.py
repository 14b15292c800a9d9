"""The bars of the timeline: a histogram to look at closer, in which a range is drawn, moved and stretched."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from .. import theme, time_words, words
from ..time_bins import TimeBins, bins_for, bins_within
from ..time_scale import Span, TimeScale, middle_of, zoomed
from .time_drawing import AXIS, draw_axis, draw_bars

_MS_BETWEEN_RANGES = 80
_SLOT = 8
"""Pixels a bar and its gap take at the least."""
_GRIP = 5
"""Pixels beside an end of the range where it can be taken hold of."""
_NOTCH = 120
"""What a notch of a wheel turns it by."""
_ZOOM, _PAN = 1.25, 0.1
"""How much closer, and how far along of what is seen, a notch leads; a key two notches."""


class TimeBars(QWidget):
    """Draws and chooses. A drag chooses a range, inside one it moves it, at its ends it stretches it; a click takes one
    bar, a double click all. The wheel zooms about the pointer, with Shift or sideways it moves along.
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
        self.chosen_range: Span | None = None
        self._sight: Span | None = None  # what is looked at closer, which whole bars hold; None: everything
        self._times = self._rising = np.empty(0)  # all, and the known ones in order: bars are counted faster by these
        self._mask = np.empty(0, bool)
        self._all = self._passing = np.empty(0, np.int64)
        self._pointed: tuple[float, Span | None, float] = (math.nan, None, math.nan)
        self._anchor: Span | None = None
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
            if not np.array_equal(times, self._times, equal_nan=True):
                self._sight = None
            self._times, self._rising = times, _rising(times)
            self._make_bins()
        self._mask = mask
        self._count()

    def show_range(self, chosen: Span | None) -> None:
        """Show a range chosen elsewhere; emits nothing."""
        if self._anchor is None and self._moved_from is None:  # else a person is drawing another one
            self._telling.stop()
            self._set_range(chosen)

    def choose(self, chosen: Span | None) -> None:
        """Choose a range, None for all dates, as the person does."""
        if chosen != self.chosen_range:
            self._set_range(chosen)
            self.range_changed.emit()
            if not self._telling.isActive():
                self._telling.start()

    @property
    def zoomed(self) -> bool:
        """Whether a part is looked at closer."""
        return self._sight is not None

    def show_all(self) -> None:
        """Show all dates and choose all."""
        self._look_at(None)
        self.choose(None)

    def count_in(self, moments: Span) -> int:
        """How many photos that pass the filters lie in a range of moments."""
        return int(((self._times >= moments[0]) & (self._times < moments[1]) & self._mask).sum())

    def sizeHint(self) -> QSize:
        return QSize(400, theme.pixels(38 + AXIS))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, theme.pixels(26 + AXIS))

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_bars()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bins = self.bins
        if bins is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, bar = event.position().x(), self.scale.bar_at(event.position().x())
        if self.chosen_range is not None:
            first, last = bins.covering(self.chosen_range)
            left, right = self.scale.band_of(self.chosen_range)
            if abs(x - left) <= _GRIP or abs(x - right) <= _GRIP:
                low, high = self.chosen_range
                at_left = abs(x - left) < abs(x - right)
                self._anchor = (
                    (max(low, bins.edges[last]), high) if at_left else (low, min(high, bins.edges[first + 1]))
                )
                return
            if first <= bar <= last:
                self._moved_from, self._was_moved = bar, False
                return
        self._anchor = self._moments_of(bar)
        self.choose(self._anchor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.bins is None:
            return
        bar = self.scale.bar_at(event.position().x())
        if self._anchor is not None:
            low, high = self._moments_of(bar)
            self.choose((min(self._anchor[0], low), max(self._anchor[1], high)))
        elif self._moved_from is not None:
            self._was_moved |= bar != self._moved_from
            self._move(bar - self._moved_from)
            self._moved_from = bar
        else:
            self._show_grip(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._moved_from is not None and not self._was_moved:  # a click into the range takes one bar of it
            self.choose(self._moments_of(self._moved_from))
        self._anchor = self._moved_from = None
        if self._telling.isActive():
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, shift = event.angleDelta(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self.bins is None or self._anchor is not None or self._moved_from is not None:
            return
        sideways = turned.x() or (turned.y() if shift else 0)
        if sideways:
            self._pan(-_PAN * sideways / _NOTCH)
        elif turned.y():
            self._zoom_at(event.position().x(), turned.y() / _NOTCH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(key, 0)
        notches = {Qt.Key.Key_Plus: 2, Qt.Key.Key_Equal: 2, Qt.Key.Key_Minus: -2}.get(key, 0)
        if key == Qt.Key.Key_Escape and self.chosen_range is not None:
            self._moved_from = None  # by the mouse, which may still be pressed
            self.choose(None)
        elif key == Qt.Key.Key_Escape and self.zoomed:
            self._look_at(None)
        elif self.bins is None:
            super().keyPressEvent(event)
        elif step and self.chosen_range is None:
            self._choose_outermost(step)
        elif step and modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._stretch(1, step)
        elif step and modifiers & Qt.KeyboardModifier.ControlModifier:
            self._stretch(0, step)
        elif step:
            self._move(step)
            self._follow(0 if step < 0 else 1)
        elif notches:
            self._zoom(middle_of(self.bins.span, self.chosen_range), notches)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._look_at(None)
        elif key == Qt.Key.Key_Z and not modifiers and self.chosen_range is not None:
            self._look_at_chosen()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.bins is not None:
            bar = self.scale.bar_at(event.pos().x())
            QToolTip.showText(event.globalPos(), self._words_of(bar), self)
            return True
        return super().event(event)

    # Choosing

    def _moments_of(self, bar: int) -> Span:
        assert self.bins is not None
        return float(self.bins.edges[bar]), float(self.bins.edges[bar + 1])

    def _choose_outermost(self, step: int) -> None:
        """Choose the first of the bars of one unit, the last where the step is below 0."""
        assert self.bins is not None
        self.choose(self._moments_of(self.bins.earlier if step > 0 else len(self.bins) - 1 - self.bins.later))

    def _move(self, steps: int) -> None:
        """Move the range by so many bars, as far as there are photos; one within a bar becomes a whole one."""
        for _ in range(abs(steps)):
            assert self.bins is not None
            assert self.chosen_range is not None
            step = 1 if steps > 0 else -1
            low, high = (self.bins.edge_from(moment, step, beyond=self.zoomed) for moment in self.chosen_range)
            if low == high:
                low = self.bins.edge_from(high, -1, beyond=self.zoomed)
            if low == self.chosen_range[0] or high == self.chosen_range[1] or low >= high:
                break
            self.choose((low, high))

    def _stretch(self, end: int, step: int) -> None:
        """Move one end of the range, 0 or 1, by a bar."""
        assert self.bins is not None
        assert self.chosen_range is not None
        ends = list(self.chosen_range)
        ends[end] = self.bins.edge_from(ends[end], step, beyond=self.zoomed)
        if ends[0] < ends[1]:
            self.choose((ends[0], ends[1]))
            self._follow(end)

    def _tell(self) -> None:
        self._telling.stop()
        self.range_chosen.emit(self.chosen_range)

    def _set_range(self, chosen: Span | None) -> None:
        self.chosen_range = chosen
        self._describe()
        self.update()

    # Looking closer

    def _zoom_at(self, x: float, notches: float) -> None:
        """The moment at x stays the same while the pointer rests, though bars begin a little before or after."""
        if self._pointed[:2] != (x, self._sight):
            self._pointed = x, self._sight, self.scale.moment_at(x)
        about = self._pointed[2]
        self._zoom(about, notches)
        self._pointed = x, self._sight, about

    def _zoom(self, about: float, notches: float) -> None:
        whole = bins_for(self._rising, self._most())
        assert whole is not None
        assert self.bins is not None
        reach = float(self._rising[0]), float(self._rising[-1]) + 1
        self._look_at(zoomed(self._sight or self.bins.span, about, _ZOOM**notches, whole.span, reach))

    def _pan(self, part: float) -> None:
        """Move along by a part of what is seen, where there are photos."""
        bins = self.bins
        if self._sight is not None and bins is not None and (bins.earlier if part < 0 else bins.later):
            low, high = self._sight
            self._look_at((low + part * (high - low), high + part * (high - low)))

    def _follow(self, end: int) -> None:
        """Bring one end of the range, 0 or 1, into sight."""
        if self._sight is not None and self.chosen_range is not None and self.bins is not None:
            moment, seen = self.chosen_range[end], self.bins.span
            off = moment - min(max(moment, seen[0]), seen[1])
            if off and math.isfinite(off):
                self._look_at((self._sight[0] + off, self._sight[1] + off))

    def _look_at_chosen(self) -> None:
        assert self.chosen_range is not None
        low = max(self.chosen_range[0], float(self._rising[0]))
        high = min(self.chosen_range[1], float(self._rising[-1]) + 1)
        if low < high:
            self._look_at((low, high))

    def _look_at(self, sight: Span | None) -> None:
        if sight != self._sight:
            self._sight = sight
            self._show_bars()

    def _show_bars(self) -> None:
        self._make_bins()
        self._count()
        self.range_changed.emit()

    # Counting

    def outer_counts(self) -> tuple[int, int]:
        """How many photos are dated before, and after, all that have bars of their own."""
        if self.bins is None:
            return 0, 0
        return int(self._all[0]) * self.bins.earlier, int(self._all[-1]) * self.bins.later

    def _make_bins(self) -> None:
        rising, most = self._rising, self._most()
        bins = bins_for(rising, most) if self._sight is None else bins_within(rising, self._sight, most)
        if bins is None or self.bins is None or not np.array_equal(bins.edges, self.bins.edges):
            self.bins = bins
            self._moved_from = None  # a bar that is no more
        if self.bins is not None:
            self._all = np.diff(self.bins.starts(self._rising))

    def _most(self) -> int:
        """How many bars there is room for."""
        return max(12, self.width() // _SLOT)

    def _count(self) -> None:
        if self.bins is not None:
            self._passing = np.diff(self.bins.starts(_rising(self._times[self._mask])))
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Say to a screen reader what is seen."""
        if self.bins is None:
            self.setAccessibleDescription(self.tr("None of the photos has a date."))
            return
        if self.chosen_range is None:
            said = self.tr("Shown: {0}.") if self.zoomed else self.tr("All dates, {0}.")
            said = said.format(time_words.range_in_words(self.bins.span))
        else:
            said = self.tr("Chosen: {0}, {1}.").format(
                time_words.range_in_words(self.chosen_range), words.photos(self.count_in(self.chosen_range))
            )
        keys = self.tr(
            "The left and right arrow keys choose and move a range, with Shift its end, with Control its beginning; "
            "Escape lets it go. Plus and minus zoom, Z shows what is chosen, Home shows all dates."
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

    @property
    def scale(self) -> TimeScale:
        """Where the bars lie; only where there are any."""
        assert self.bins is not None
        return TimeScale(self.bins, self.width(), _GRIP)

    def _show_grip(self, x: float) -> None:
        at_end = False
        if self.chosen_range is not None and self.bins is not None:
            at_end = any(abs(x - end) <= _GRIP for end in self.scale.band_of(self.chosen_range))
        self.setCursor(Qt.CursorShape.SizeHorCursor if at_end else Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.bins is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours()
        floor = self.height() - theme.pixels(AXIS)
        if self.chosen_range is not None:
            left, right = self.scale.band_of(self.chosen_range)
            painter.fillRect(QRectF(left, 0, right - left, floor), QColor(colours.tint))
            painter.setPen(QPen(QColor(colours.primary), 1.5))
            for x in (left, right):
                painter.drawLine(QPointF(x, 0), QPointF(x, floor))
        draw_bars(painter, self.scale, floor, self._all, self._passing)
        draw_axis(painter, self.scale, floor)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.primary), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _follow_theme(self) -> None:
        self.updateGeometry()
        self.update()


def _rising(times: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(times)[: np.isfinite(times).sum()]  # nan is sorted last
