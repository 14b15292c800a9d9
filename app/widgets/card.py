"""Cards and what stands in them: facts in rows, a thin line, a tinted note."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from .. import theme


class Card(QFrame):
    """A rounded box; put things into `body`."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setProperty("role", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(14, 14, 14, 14)
        self.body.setSpacing(theme.ROW_GAP)


class Note(QFrame):
    """One tinted sentence: `role` "note" or "warning"."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._text = label("", "")
        self._text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self._text)
        self.say("", "note")

    def say(self, text: str, role: str = "note") -> None:
        self._text.setText(text)
        self.setAccessibleName(text)
        set_role(self, role)
        set_role(self._text, "")

    def text(self) -> str:
        return self._text.text()


class Facts(QWidget):
    """Names at the left, values at the right, a thin line between."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._rows: list[tuple[QWidget, QLabel, ElidedLabel]] = []

    def show_facts(self, facts: list[tuple[str, str]]) -> None:
        while len(self._rows) < len(facts):
            self._add_row()
        for number, (row, name, value) in enumerate(self._rows):
            row.setVisible(number < len(facts))
            if number < len(facts):
                name.setText(facts[number][0])
                value.setText(facts[number][1])
                row.setAccessibleName(": ".join(facts[number]))

    def _add_row(self) -> None:
        row = QWidget()
        name, value = label("", "why"), ElidedLabel()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout()
        line.setContentsMargins(0, 7, 0, 7)
        line.addWidget(name)
        line.addWidget(value, 1)
        layout = QVBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        if self._rows:
            layout.addWidget(thin_line())
        layout.addLayout(line)
        self._layout.addWidget(row)
        self._rows.append((row, name, value))


class ElidedLabel(QLabel):
    """One line of plain text that ends in "…" where it does not fit; the whole is its tooltip then."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""
        self.setText(text)

    def setText(self, text: str) -> None:
        self._whole = " ".join(text.split())
        self.setAccessibleName(self._whole)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: object) -> None:
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, max(24, self.width()))
        super().setText(shown)
        self.setToolTip("" if shown == self._whole else plain_tip(self._whole))


def label(text: str, role: str) -> QLabel:
    """A label of plain text, in one of the style sheet's roles."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def thin_line() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    return line


def plain_tip(text: str) -> str:
    """A tooltip that shows text from a file as it is: Qt takes what looks like HTML for HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>"


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget another look of the style sheet."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
