"""Coarser or finer: how many groups are shown."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QWidget

from .. import theme, words
from .card import label

_WIDTH = 130
_MS_AFTER_KEYS = 500
"""Keys come one after the other: what they lead to is kept when they rest."""
_FEWEST = 2


class GroupSlider(QWidget):
    """Between two words. Moved, it tells at once how many groups to show, and when it rests, how many to keep."""

    previewed = Signal(int)
    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = 0
        self._slider = _Slider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("group_slider")
        self._slider.setAccessibleName(self.tr("Coarser or finer groups"))
        self._slider.setMinimumHeight(22)  # of its handle with the ring of the focus
        self._slider.setPageStep(3)
        self._slider.sliderPressed.connect(self._show_count)
        self._slider.valueChanged.connect(self._moved)
        self._slider.sliderReleased.connect(self._rested)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_MS_AFTER_KEYS)
        self._resting.timeout.connect(self._rested)
        self._coarser = label(self.tr("Coarser"), "quiet")
        self._finer = label("", "quiet")
        self._finer.setObjectName("groups_shown")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.ROW_GAP)
        for widget in (self._coarser, self._slider, self._finer):
            layout.addWidget(widget)
        theme.changed.connect(self._fit)
        self.show_range(0, 0)

    def show_range(self, now: int, most: int) -> None:
        """Show that there are so many groups now, of at most so many; 0: they have no finer and coarser cuts."""
        self._kept = now
        self._resting.stop()
        with QSignalBlocker(self._slider):
            self._slider.setRange(min(_FEWEST, most), most)
            self._slider.setValue(now)
        self.setEnabled(most > _FEWEST)
        self._fit()
        self._say(now)
        self._show_count()

    def step(self, by: int) -> None:
        """Show more groups, or fewer where it is below 0."""
        if self.isEnabled():
            self._slider.setValue(self._slider.value() + by)

    @property
    def moving(self) -> bool:
        """Whether it stands at what is not kept yet."""
        return self._slider.isSliderDown() or self._resting.isActive()

    def _moved(self, groups: int) -> None:
        if not self._slider.isSliderDown():
            self._resting.start()
        self._say(groups)
        self._show_count()
        self.previewed.emit(groups)

    def _rested(self) -> None:
        self._resting.stop()
        self._show_count()
        if self._slider.value() != self._kept:
            self._kept = self._slider.value()
            self.chosen.emit(self._kept)

    def _show_count(self) -> None:
        """How many groups stands in the place of a word as long as the slider moves."""
        self._finer.setText(words.groups(self._slider.value()) if self.moving else self.tr("Finer"))

    def _say(self, groups: int) -> None:
        text = self._why_not()
        if self.isEnabled():
            text = self.tr("{0}. Finer only splits groups, coarser only joins them: names stay where they are.").format(
                words.groups(groups)
            )
        self._slider.setAccessibleDescription(words.groups(groups) if self.isEnabled() else text)
        self.setToolTip(text)

    def _why_not(self) -> str:
        if not self._kept:
            return self.tr("There are no groups yet.")
        if self._slider.maximum():
            return self.tr("So few photos make no finer groups.")
        return self.tr(
            "Groups made by an older version have no finer and coarser cuts. Look for new photos (F5) to group the "
            "photos anew; names stay."
        )

    def _fit(self) -> None:
        self._slider.setFixedWidth(theme.pixels(_WIDTH))
        shown, widths = self._finer.text(), []
        for text in (self.tr("Finer"), words.groups(self._slider.maximum())):
            self._finer.setText(text)
            widths.append(self._finer.sizeHint().width())
        self._finer.setText(shown)
        self._finer.setFixedWidth(max(widths))  # nothing beside it moves when the count comes


class _Slider(QSlider):
    """Its places are even in the ratio of groups: from 2 to 4 is as far as from 10 to 20. It goes where it is clicked.

    The wheel belongs to what is scrolled; a slider under the pointer is not to move by it.
    """

    _PLACES = 10_000
    _grip = 0
    """How far from the middle of the handle it was taken."""

    def initStyleOption(self, option: QStyleOptionSlider) -> None:
        super().initStyleOption(option)
        option.minimum, option.maximum = 0, self._PLACES
        if self.maximum() > self.minimum() > 0:
            share = math.log(self.sliderPosition() / self.minimum()) / self._reach()
            option.sliderPosition = option.sliderValue = round(self._PLACES * share)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        handle, at = self._part(QStyle.SubControl.SC_SliderHandle), event.position().toPoint()
        self._grip = at.x() - handle.center().x() if handle.contains(at) else 0
        self.setSliderDown(True)
        self._go_to(at.x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go_to(event.position().toPoint().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown() and event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _go_to(self, x: int) -> None:
        groove, handle = self._part(QStyle.SubControl.SC_SliderGroove), self._part(QStyle.SubControl.SC_SliderHandle)
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        left = x - self._grip - groove.left() - handle.width() // 2
        place = QStyle.sliderValueFromPosition(
            0, self._PLACES, left, groove.width() - handle.width(), option.upsideDown
        )
        self.setSliderPosition(round(self.minimum() * math.exp(self._reach() * place / self._PLACES)))

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def _reach(self) -> float:
        return math.log(self.maximum() / self.minimum())
