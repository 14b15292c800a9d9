"""When the photos were taken: a histogram in which a person chooses a range of dates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from .. import theme, time_words, words
from .buttons import text_button
from .card import label
from .time_bars import TimeBars

Range = tuple[float, float]


class Timeline(QWidget):
    """The histogram with a line above it that says what is chosen and how many photos have no date."""

    range_chosen = Signal(object)
    """(from, to) in seconds as in `set_times`, `to` not included and either of them infinite where the person chose all
    that is earlier or later; None for all dates. Also while the range is being drawn, some times a second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self._undated = 0
        self._notes = ("", "")
        self._chosen = _Shortening()
        self._chosen.setObjectName("timeline_chosen")
        self._note = label("", "small")
        self._note.setObjectName("timeline_undated")
        self._all = text_button("timeline_all_button", self.tr("All dates"), "link")
        self._all.clicked.connect(self._choose_all)
        self._bars = TimeBars()
        self._bars.range_changed.connect(self._show_words)
        self._bars.range_chosen.connect(self.range_chosen)
        above = QHBoxLayout()
        above.setSpacing(theme.ROW_GAP)
        above.addWidget(self._chosen, 1)
        above.addWidget(self._note)
        above.addWidget(self._all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(above)
        layout.addWidget(self._bars, 1)
        self._show_words()

    def set_times(self, times: NDArray[np.float64], mask: NDArray[np.bool_]) -> None:
        """Show when photos were taken. times float64 [N]: seconds since 1970 by the camera's clock, nan unknown; mask
        bool [N]: those that pass all filters, drawn strong before the others. Cheap where the times are the same array.
        """
        if len(times) != len(mask):
            raise ValueError(f"times and mask must be equally many, got {len(times)} and {len(mask)}")
        self._undated = int(np.isnan(times).sum())
        self._bars.set_times(times, mask)
        self._show_words()

    def show_range(self, chosen: Range | None) -> None:
        """Show a range that was chosen elsewhere, None for all dates; emits nothing."""
        self._bars.show_range(chosen)
        self._show_words()

    @property
    def chosen_range(self) -> Range | None:
        return self._bars.chosen_range

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_note()

    def _fit_note(self) -> None:
        """Say the note in fewer words where the heading would else have no room."""
        metrics = self._note.fontMetrics()
        room = self.width() - (self._all.sizeHint().width() if self._all.isVisible() else 0) - 3 * theme.ROW_GAP
        room -= metrics.horizontalAdvance(self._chosen.shorter())
        whole, short = self._notes
        self._note.setText(whole if metrics.horizontalAdvance(whole) <= room else short)
        self._note.setAccessibleName(whole)
        self._note.setToolTip("" if self._note.text() == whole else whole)

    def _choose_all(self) -> None:
        self._bars.show_all()
        self._bars.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_words(self) -> None:
        chosen, bars = self._bars.chosen_range, self._bars
        if bars.bins is None:
            self._chosen.say(self.tr("None of the photos has a date.") if self._undated else "")
        elif chosen is None:
            span = time_words.range_in_words(bars.bins.span)
            self._chosen.say(self.tr("When they were taken: {0}").format(span), span)
        else:
            span, photos = time_words.range_in_words(chosen), words.photos(bars.count_in(chosen))
            self._chosen.say(self.tr("Chosen: {0} · {1}").format(span, photos), f"{span} · {photos}", photos)
        earlier, later = bars.outer_counts()
        undated = self._undated if bars.bins is not None else 0
        counts = (earlier, later, undated)
        far = self.tr("{0} earlier"), self.tr("{0} later")
        if not bars.zoomed:
            far = self.tr("{0} far earlier"), self.tr("{0} far later")
        self._notes = (
            _joined(counts, (*far, self.tr("{0} without a date"))),
            _joined(counts, (self.tr("{0} earlier"), self.tr("{0} later"), self.tr("{0} undated"))),
        )
        self._all.setVisible(chosen is not None or bars.zoomed)
        self._note.setMinimumHeight(self._all.sizeHint().height())  # the bars stay where they are when it comes
        self._fit_note()


def _joined(counts: Sequence[int], texts: Sequence[str]) -> str:
    """Each text with its count, of those that are not 0."""
    return " · ".join(text.format(words.number(count)) for count, text in zip(counts, texts, strict=True) if count)


class _Shortening(QLabel):
    """One line of which the longest text that fits is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "small")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._texts: tuple[str, ...] = ("",)

    def say(self, *texts: str) -> None:
        """The same in ever fewer words."""
        self._texts = texts
        self.setAccessibleName(texts[0])
        self._fit()

    def shorter(self) -> str:
        """The text that is shown where the whole does not fit."""
        return self._texts[min(1, len(self._texts) - 1)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fitting = (text for text in self._texts if self.fontMetrics().horizontalAdvance(text) <= self.width())
        last = self.fontMetrics().elidedText(self._texts[-1], Qt.TextElideMode.ElideRight, self.width())
        self.setText(next(fitting, last))
        self.setToolTip("" if self.text() == self._texts[0] else self._texts[0])
