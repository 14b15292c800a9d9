"""One of the plain choices of the Learn page: a card that can be chosen, or says what is missing for that."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from .. import theme
from .card import label


class LearnChoice(QAbstractButton):
    """A title, how long it takes and what it is good for. Put several into a QButtonGroup: arrow keys move there.

    One that is not checkable looks as if it could not be chosen yet; pressing it leads where that can be changed.
    """

    def __init__(self, object_name: str, title: str, what_for: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._title = label(title, "choice_title")
        self._time = label("", "strong")
        self._what_for = label(what_for, "quiet")
        self._whole_time = ("", "")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(5)
        for part in (self._title, self._time, self._what_for):
            part.setWordWrap(True)
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(part)
        layout.addStretch(1)
        theme.changed.connect(self._follow_theme)
        self._follow_theme()
        self.say("")

    def say(self, time: str, where: str = "", what_for: str | None = None) -> None:
        """Tell how long it takes, "" where that is unknown, and what it is good for where that changed.

        where: it takes so long, which is left out of a card too narrow for it.
        """
        self._whole_time = (time, where)
        self._time.setVisible(bool(time))
        self._fit()
        if what_for is not None:
            self._what_for.setText(what_for)
        self.setAccessibleName(self._title.text())
        read_out = f"{time} {where}".strip() + f". {self._what_for.text()}"
        read_out = read_out.lstrip(". ")
        self.setAccessibleDescription(read_out.replace("\u00a0", " "))

    def time(self) -> str:
        return self._time.text()

    def allow_choosing(self, allowed: bool) -> None:
        """Whether it can be chosen; else it still can be pressed. One that is chosen stays so only where it can be."""
        self.setCheckable(allowed)
        self._follow_theme()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(theme.pixels(200), max(theme.pixels(104), self.layout().sizeHint().height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self.isChecked() else 1.0
        hovered = self.underMouse() and self.isEnabled()
        ground = colours.card if self.isCheckable() else colours.page
        painter.setBrush(QColor(colours.hover if hovered and not self.isChecked() else ground))
        painter.setPen(QPen(QColor(colours.primary if self.isChecked() or self.hasFocus() else colours.line), width))
        inset = width / 2
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), theme.CARD_RADIUS, theme.CARD_RADIUS
        )
        if self.hasFocus() and (self.isChecked() or not self.isCheckable()):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.primary), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(5.5, 5.5, -5.5, -5.5), 6, 6)
        painter.end()

    def _fit(self) -> None:
        self._time.ensurePolished()
        time, where = self._whole_time
        margins = self.layout().contentsMargins()
        room = self.width() - margins.left() - margins.right()
        fits = all(self._time.fontMetrics().horizontalAdvance(part) <= room for part in (time, where))
        self._time.setText(f"{time} {where}" if where and fits else time)

    def _follow_theme(self) -> None:
        colour = theme.colours().ink if self.isCheckable() else theme.colours().quiet
        self._title.setStyleSheet(f"font-size: {theme.pixels(14)}px; font-weight: 600; color: {colour}")
        self.update()
