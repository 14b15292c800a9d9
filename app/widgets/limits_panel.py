"""The limits from which photos are set aside, as sliders, and how many photos each of them would set aside."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSlider, QVBoxLayout, QWidget

from prismh_engine.jobs import StopToken
from prismh_engine.photos.verdicts import Thresholds

from .. import steps, theme, words
from ..jobs import RunningJob
from ..session import Session
from ..steps import SetAside
from .buttons import text_button
from .card import Card, Note, label

MS_AFTER_MOVING = 250


@dataclass(frozen=True)
class _Limit:
    """field: of `Thresholds`. verdict: the one it decides on. shown: how its value is said."""

    field: str
    verdict: str
    name: str
    shown: str
    lowest: float
    highest: float
    step: float


class LimitsPanel(Card):
    """What other limits would set aside is counted as the sliders are moved; it is done when that is asked for."""

    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__("limits_panel")
        self._session = session
        self._counting: RunningJob | None = None
        self._counted_with = Thresholds()
        self._kept = self._wanted = Thresholds()
        self._rows = [_LimitRow(limit) for limit in _limits()]
        close = QPushButton(self.tr("Close"))
        close.setObjectName("close_limits")
        close.setAccessibleName(self.tr("Close the limits"))
        close.setProperty("role", "small")
        close.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Limits"), "heading"), 1)
        head.addWidget(close)
        why = label(
            self.tr("Move a limit to see how many photos it sets aside. What you decided yourself stays."), "why"
        )
        why.setWordWrap(True)
        self._total = Note("limits_total")
        self._use = text_button("use_limits", self.tr("Use these limits"))
        self._use.clicked.connect(self._use_pressed)
        self._usual = text_button("usual_limits", self.tr("Back to the usual limits"), "link")
        self._usual.clicked.connect(self._usual_pressed)
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.CARD_GAP)
        lines.addWidget(why)
        for row in self._rows:
            row.moved.connect(self._moved)
            lines.addWidget(row)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addLayout(head)
        self.body.addWidget(scroll, 1)
        self.body.addWidget(self._total)
        self.body.addWidget(self._use)
        self.body.addWidget(self._usual, 0, Qt.AlignmentFlag.AlignHCenter)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(MS_AFTER_MOVING)
        self._resting.timeout.connect(self._count)
        session.project_closing.connect(self._forget)
        session.job_changed.connect(self._show)
        self._show()

    def show_kept(self) -> None:
        """Show the limits that the project judges by."""
        assert self._session.project is not None
        self._kept = self._wanted = self._session.project.thresholds
        self._show()
        self._count()

    # ---- counting

    def _count(self) -> None:
        """Count what the wanted limits set aside, away from the GUI thread, once at a time."""
        project = self._session.project
        if project is None or self._counting is not None:
            return
        self._total.say(self.tr("Counting…"))
        self._counted_with = self._wanted
        stop = StopToken()
        self._counting = self._session.run_beside(steps.set_aside_with(project, self._wanted, stop), stop)
        self._counting.finished.connect(self._counted)
        self._counting.failed.connect(self._not_counted)
        self._counting.stopped.connect(self._not_counted)

    def _counted(self, found: SetAside) -> None:
        self._counting = None
        if self._counted_with != self._wanted:  # moved on meanwhile
            self._count()
            return
        for row in self._rows:
            row.say_count(found.counts[row.limit.verdict])
        aside = found.counts.total()
        text = self.tr("{0} set aside").format(words.photos(aside))
        if aside != found.now:
            change = self.tr("{0}, {1} more than now") if aside > found.now else self.tr("{0}, {1} fewer than now")
            text = change.format(text, words.number(abs(aside - found.now)))
        self._total.say(text)

    def _not_counted(self, sentence: str = "") -> None:
        self._counting = None
        self._total.say(sentence or self.tr("Not counted"), "warning")

    def _forget(self) -> None:
        self._counting = None

    # ---- what a person does

    def _show(self) -> None:
        for row in self._rows:
            row.show_value(float(getattr(self._wanted, row.limit.field)))
        busy = self._session.running_kind is not None
        self._use.setEnabled(self._wanted != self._kept and not busy)
        self._use.setToolTip(self.tr("Possible when nothing else is running") if busy else "")
        self._usual.setEnabled(self._wanted != Thresholds())

    def _moved(self, field: str, value: float) -> None:
        self._want(dataclasses.replace(self._wanted, **{field: value}))

    def _usual_pressed(self) -> None:
        self._want(Thresholds())

    def _want(self, wanted: Thresholds) -> None:
        self._wanted = wanted
        self._show()
        self._resting.start()

    def _use_pressed(self) -> None:
        project = self._session.project
        if project is not None:
            judging = self._session.start_reading(steps.judged_anew, project, self._wanted)
            if judging is not None:
                judging.finished.connect(self._judged)

    def _judged(self) -> None:
        if self._session.project is not None:
            self.show_kept()


class _LimitRow(QWidget):
    moved = Signal(str, float)

    def __init__(self, limit: _Limit) -> None:
        super().__init__()
        self.limit = limit
        self._value = label("", "")
        self._count = label("", "small")
        self._count.setObjectName(f"count_{limit.verdict}")
        self._slider = _QuietSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"limit_{limit.field}")
        self._slider.setAccessibleName(limit.name)
        self._slider.setMinimumHeight(20)  # of its handle, which the style draws larger than the groove
        self._slider.setRange(0, round((limit.highest - limit.lowest) / limit.step))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._slider.valueChanged.connect(self._slid)
        head = QHBoxLayout()
        head.addWidget(label(limit.name, "why"), 1)
        head.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(head)
        layout.addWidget(self._slider)
        layout.addWidget(self._count)

    def show_value(self, value: float) -> None:
        self._value.setText(self.limit.shown.format(value))
        self._slider.setAccessibleDescription(self._value.text())
        with QSignalBlocker(self._slider):  # one that lies beyond the slider's ends stays as it is
            self._slider.setValue(round((value - self.limit.lowest) / self.limit.step))

    def say_count(self, count: int) -> None:
        self._count.setText(words.photos(count))

    def _slid(self, position: int) -> None:
        self.moved.emit(self.limit.field, round(self.limit.lowest + position * self.limit.step, 4))


class _QuietSlider(QSlider):
    """A wheel over it scrolls the panel instead of moving a limit nobody looked at."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _limits() -> list[_Limit]:
    return [
        _Limit("dark", "dark", _tr("Dark: brightness below"), _tr("{0:g} of 255"), 0, 100, 1),
        _Limit("blurry", "blurry", _tr("Blurry: sharpness below"), "{0:g}", 0, 400, 5),
        _Limit("ccthreshold", "duplicate", _tr("Near-duplicates: alike from"), "{0:.0%}", 0.5, 1, 0.01),
        _Limit("outlier_distance", "outlier", _tr("Unusual: further than"), "{0:.2f}", 0.3, 1.2, 0.01),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("LimitsPanel", text)
