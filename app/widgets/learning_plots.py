"""What a training measures as it goes, one picture at a time: the loss, the learning rate, or its health."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .. import theme
from .card import ElidedLabel, label
from .chip import Chip, ChipRow
from .epoch_plot import DASHED, PALE, STRONG, EpochPlot, Legend, Look
from .health_plots import HealthPlots
from .training_history import HELD_OUT, LOSS, TrainingHistory, smoothed

_LOSS, _RATE, _HEALTH = "loss", "learning_rate", "health"
_ROOM_FOR_TITLE, _ROOM_FOR_HINT = 420, 560


class LearningPlots(QWidget):
    """Heading, a chip for each picture, and the picture; a sentence in its place while there is nothing to draw."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learning_plots")
        self._history, self._epochs = TrainingHistory(), 1
        self._headings = {
            _LOSS: (self.tr("Contrastive loss"), self.tr("lower is better")),
            _RATE: (self.tr("Learning rate"), self.tr("how far each step goes")),
            _HEALTH: (self.tr("Health"), self.tr("how the photos lie to one another while it learns")),
        }
        self._loss = EpochPlot("loss_plot", self.tr("Loss by epoch"), (PALE, DASHED, STRONG))
        self._rate = EpochPlot("learning_rate_plot", self.tr("Learning rate by epoch"), (STRONG,), Look(from_zero=True))
        self._health = HealthPlots()
        self._empty = label(self.tr("The curve of the loss appears here while it learns."), "quiet")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        for part in (self._empty, self._loss, self._rate, self._health):
            self._stack.addWidget(part)
        self._title, self._hint = label("", "heading"), ElidedLabel("", "quiet")
        self._chips = ChipRow(
            [
                Chip(_LOSS, self.tr("Loss")),
                Chip(_RATE, self.tr("Learning rate")),
                Chip(_HEALTH, self.tr("Health"), tip=self.tr("Similarities, directions in use, names of neighbours")),
            ]
        )
        self._chips.setObjectName("learning_pictures")
        self._chips.chosen.connect(self._show)
        self._legend = Legend("loss_legend", [])
        self._legend.setToolTip(
            self.tr(
                "Held-out photos are never learned from: whether their loss falls tells if what is learned holds for "
                "others. Compare its course, not its height: it is lower where fewer photos are compared at once."
            )
        )
        self._axis = label(self.tr("epoch"), "small")
        head = QHBoxLayout()
        head.setSpacing(theme.ROW_GAP)
        head.addWidget(self._title)
        head.addWidget(self._hint, 1)
        head.addStretch()
        head.addWidget(self._chips)
        foot = QHBoxLayout()
        foot.addWidget(self._legend)
        foot.addStretch(1)
        foot.addWidget(self._axis)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addLayout(foot)
        self._show()

    def hasHeightForWidth(self) -> bool:
        return False  # the chips would have it, and the picture would take its room from what stands above it

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._title.setVisible(self.width() >= theme.pixels(_ROOM_FOR_TITLE))  # else the chosen chip says it
        self._hint.setVisible(self.width() >= theme.pixels(_ROOM_FOR_HINT))

    def show_history(self, history: TrainingHistory, epochs: int) -> None:
        """Draw a training of so many epochs in all; call it again after the history grew."""
        self._history, self._epochs = history, epochs
        self._show()

    def _show(self) -> None:
        history, drawn, picture = self._history, bool(len(self._history)), self._chips.choice()
        heading, hint = self._headings[picture if drawn and picture else _LOSS]
        self._title.setText(heading)
        self._hint.setText(hint)
        self._chips.setVisible(drawn)
        self._legend.setVisible(drawn and picture == _LOSS)
        self._axis.setVisible(drawn)
        if not drawn:
            self._stack.setCurrentWidget(self._empty)
        elif picture == _LOSS:
            losses, held_out = history.points(LOSS), history.points(HELD_OUT)
            self._loss.show_lines([losses, held_out, smoothed(*losses)], self._epochs)
            lines = [(self.tr("training"), STRONG), (self.tr("held-out photos"), DASHED)]
            self._legend.show_lines(lines if len(held_out[0]) else lines[:1])
            self._stack.setCurrentWidget(self._loss)
        elif picture == _RATE:
            self._rate.show_lines([history.points("learning_rate")], self._epochs)
            self._stack.setCurrentWidget(self._rate)
        else:
            self._health.show_history(history, self._epochs)
            self._stack.setCurrentWidget(self._health)
