"""How healthy a training is: four small plots, each with what it shows in words and its newest value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from .. import theme
from .card import ElidedLabel, label
from .epoch_plot import DASHED, STRONG, EpochPlot, Legend, Look
from .training_history import TrainingHistory, smoothed

UNKNOWN = "–"
_LEAST_SPAN, _POINTS = 0.25, 100
_LEAST_WIDTH, _LEAST_HEIGHT = 250, 150
_KNN, _SPREAD = "knn", "feature_std"


def tr(text: str) -> str:
    return QCoreApplication.translate("health_plots", text)


@dataclass(frozen=True)
class _Measure:
    """One plot. lines: measure and look; legend: the words of each line, where there are several.

    each_step: it is measured at each step and restless, so that the line through it is drawn. scale: of the axis.
    """

    name: str
    title: str
    tip: str
    lines: Sequence[tuple[str, str]]
    format: Callable[[float], str]
    legend: Sequence[str] = ()
    each_step: bool = True
    scale: float = 1.0


def _measures() -> list[_Measure]:
    return [
        _Measure(
            "similarity",
            tr("How alike two views are"),
            tr(
                "Mean cosine similarity of the two views of one photo (positive) and of views of different photos "
                "(negative). Learning well, the two lines part."
            ),
            (("positive_similarity", STRONG), ("negative_similarity", DASHED)),
            _two_digits,
            (tr("one photo"), tr("different photos")),
        ),
        _Measure(
            "rankme",
            tr("Directions in use"),
            tr(
                "RankMe: along how many directions the features of the photos differ. A fall to a few of them "
                "(dimensional collapse) means that differences between photos are lost."
            ),
            (("rankme", STRONG),),
            _three_figures,
            each_step=False,
        ),
        _Measure(
            _KNN,
            tr("Neighbours of the same name"),
            tr(
                "kNN accuracy, each labelled photo left out in turn: how often its nearest labelled photos tell its "
                "label. Labels are only measured with, never learned from."
            ),
            ((_KNN, STRONG),),
            _percent,
            each_step=False,
            scale=100.0,
        ),
        _Measure(
            _SPREAD,
            tr("Spread of the photos"),
            tr(
                "Standard deviation of the features: near 1 where photos are spread evenly, near 0 where all have "
                "become one point (collapse)."
            ),
            ((_SPREAD, STRONG),),
            _two_digits,
        ),
        _Measure(
            "grad_norm",
            tr("Size of the corrections"),
            tr("Gradient norm. One that grows and grows means that the learning rate is too large."),
            (("grad_norm", STRONG),),
            _three_figures,
        ),
    ]


class HealthPlots(QScrollArea):
    """Two by two, or one below the other where there is no room for that.

    The names of neighbours take the place of the spread where photos have labels.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health_plots")
        self._panels = {measure.name: _Panel(measure) for measure in _measures()}
        self._columns = 0
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, theme.ROW_GAP, 0, 0)
        self._grid.setHorizontalSpacing(theme.PAGE_MARGIN)
        self._grid.setVerticalSpacing(theme.CARD_GAP)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self._lay_out)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        for panel in self._panels.values():
            panel.setMinimumHeight(theme.pixels(_LEAST_HEIGHT))
        columns = 2 if self.viewport().width() >= 2 * theme.pixels(_LEAST_WIDTH) else 1
        if columns == self._columns:
            return
        self._columns = columns
        for place, names in enumerate((("similarity",), ("rankme",), (_KNN, _SPREAD), ("grad_norm",))):
            for name in names:
                self._grid.addWidget(self._panels[name], place // columns, place % columns)
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def show_history(self, history: TrainingHistory, epochs: int) -> None:
        labelled = history.last(_KNN) is not None
        self._panels[_KNN].setVisible(labelled)
        self._panels[_SPREAD].setVisible(not labelled)
        for panel in self._panels.values():
            if not panel.isHidden():
                panel.show_history(history, epochs)


class _Panel(QWidget):
    def __init__(self, measure: _Measure) -> None:
        super().__init__()
        self.setObjectName(f"measure_{measure.name}")
        self.setToolTip(measure.tip)
        self._measure = measure
        looks = [look for _, look in measure.lines]
        self._plot = EpochPlot(f"{measure.name}_plot", measure.title, looks, Look(compact=True, least_span=_LEAST_SPAN))
        self._legend = Legend(f"{measure.name}_legend", [])
        self._legend.setVisible(bool(measure.legend))
        self._value = label("", "strong")
        self._value.setVisible(not measure.legend)
        head = QHBoxLayout()
        head.setSpacing(theme.ROW_GAP)
        head.addWidget(ElidedLabel(measure.title, "heading"), 1)
        head.addWidget(self._value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self._legend, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._plot, 1)

    def show_history(self, history: TrainingHistory, epochs: int) -> None:
        measure = self._measure
        newest = [history.last(name) for name, _ in measure.lines]
        values = [UNKNOWN if value is None else measure.format(value) for value in newest]
        told = [f"{words} {value}" for words, value in zip(measure.legend, values, strict=False)]
        self._value.setText(values[0])
        self._legend.show_lines([(words, look) for words, (_, look) in zip(told, measure.lines, strict=False)])
        self.setAccessibleName(f"{measure.title}: {', '.join(told or values)}")
        lines = []
        for name, _ in measure.lines:
            epochs_of, values = history.points(name)
            line = (epochs_of, measure.scale * values)
            lines.append(smoothed(*line, points=_POINTS) if measure.each_step else line)
        self._plot.show_lines(lines, epochs)


def _two_digits(value: float) -> str:
    return f"{value:.2f}"


def _three_figures(value: float) -> str:
    return f"{value:.3g}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"
