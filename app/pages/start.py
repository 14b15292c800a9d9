"""The start page: a new project, the samples, and the projects opened lately."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImageReader, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from .. import theme, words
from ..session import Session
from ..settings import RecentProject
from ..steps import SAMPLE_PHOTOS
from ..widgets.buttons import text_button
from ..widgets.card import Card, ElidedLabel, label
from ..widgets.file_dialogs import choose_folder
from ..widgets.thumbnails import rounded

COLUMN_WIDTH = 820
STRIP_HEIGHT = 34


class StartPage(QWidget):
    """Stands alone, without the rail."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("start_page")
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Start"))
        self._session = session
        self._rows: list[_RecentRow] = []
        hero = label("Prism-H", "hero")
        what = label(self.tr("See which of your photos show the same kind of place."), "lead")
        self._recent_title = label(self.tr("Recent"), "heading")
        self._recent = QVBoxLayout()
        self._recent.setSpacing(theme.ROW_GAP)

        column = QWidget()
        column.setMaximumWidth(COLUMN_WIDTH)
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, 24, 0, 24)
        inside.setSpacing(theme.CARD_GAP)
        inside.addStretch(3)
        inside.addWidget(hero)
        inside.addWidget(what)
        inside.addSpacing(8)
        inside.addLayout(self._choices())
        inside.addSpacing(6)
        inside.addWidget(self._recent_title)
        inside.addLayout(self._recent)
        inside.addSpacing(6)
        inside.addWidget(label(self.tr("Or drop a folder anywhere on this window."), "why"))
        inside.addStretch(4)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(theme.PAGE_MARGIN, 0, theme.PAGE_MARGIN, 0)
        row.addStretch(1)
        row.addWidget(column, 100)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(middle)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def shown(self) -> None:
        """Show the recent projects as they are now."""
        for row in self._rows:
            self._recent.removeWidget(row)
            row.setParent(None)
            row.deleteLater()
        self._rows = [_RecentRow(project, number) for number, project in enumerate(self._session.settings.recent())]
        for row in self._rows:
            row.opened.connect(self._open)
            row.forgotten.connect(self._forget)
            self._recent.addWidget(row)
        self._recent_title.setVisible(bool(self._rows))

    def loaded(self) -> bool:
        return True

    def new_project(self) -> None:
        """Ask for a photo folder and make a project about it."""
        folder = choose_folder(self, self.tr("Choose a folder with photos"))
        if folder is not None:
            self._session.new_project(folder)

    def _choices(self) -> QHBoxLayout:
        first = Card("new_project_card")
        first.setProperty("chosen", True)  # its border is one pixel wider
        choose = text_button("choose_folder", self.tr("Choose folder…"), "main")
        choose.clicked.connect(self.new_project)
        _fill(first, self.tr("New project"), self.tr("Choose a folder with photos. They stay where they are."), choose)
        second = Card("samples_card")
        samples = text_button("open_samples", self.tr("Open samples"))
        samples.clicked.connect(self._session.open_samples)
        what = self.tr("{0} drawn photos, a first map in a minute.").format(SAMPLE_PHOTOS)
        _fill(second, self.tr("Try it with sample photos"), what, samples)
        choices = QHBoxLayout()
        choices.setSpacing(theme.CARD_GAP)
        choices.addWidget(first, 1)
        choices.addWidget(second, 1)
        return choices

    def _open(self, folder: str) -> None:
        self._session.open_project(Path(folder))

    def _forget(self, folder: str) -> None:
        self._session.settings.forget(folder)
        self.shown()


class _RecentRow(Card):
    """A project opened lately: three of its photos, its name and how it stands."""

    opened = Signal(str)
    forgotten = Signal(str)

    def __init__(self, project: RecentProject, number: int) -> None:
        super().__init__(f"recent_{number}")
        self._folder = project.folder
        there = (Path(project.folder) / "project.db").is_file()
        name, state = ElidedLabel(project.name, "heading"), ElidedLabel(_state(project, there), "small")
        lines = QVBoxLayout()
        lines.setSpacing(3)
        lines.addWidget(name)
        lines.addWidget(state)
        if there:
            button = text_button(f"open_recent_{number}", self.tr("Open"))
            button.clicked.connect(self._open)
        else:
            button = text_button(f"forget_recent_{number}", self.tr("Take off the list"))
            button.clicked.connect(self._forget)
        button.setAccessibleName(f"{button.text()}: {project.name}")
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(_Strip(project.thumbnails))
        row.addLayout(lines, 1)
        row.addWidget(button)
        self.body.setContentsMargins(14, 11, 14, 11)
        self.body.addLayout(row)

    def _open(self) -> None:
        self.opened.emit(self._folder)

    def _forget(self) -> None:
        self.forgotten.emit(self._folder)


class _Strip(QWidget):
    """Three small photos side by side."""

    def __init__(self, files: tuple[str, ...]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._pixmaps = [QPixmap.fromImageReader(QImageReader(name)) for name in files[:3]]

    def sizeHint(self) -> QSize:
        return QSize(140, STRIP_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        for number in range(3):
            place = QRectF(number * 48, 0, 44, STRIP_HEIGHT)
            painter.setClipPath(rounded(place))
            pixmap = self._pixmaps[number] if number < len(self._pixmaps) else QPixmap()
            if pixmap.isNull():
                painter.fillRect(place, QColor(theme.colours().line))
                continue
            size = pixmap.size().scaled(44, STRIP_HEIGHT, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            left, top = (44 - size.width()) / 2, (STRIP_HEIGHT - size.height()) / 2
            painter.drawPixmap(
                QRectF(place.x() + left, top, size.width(), size.height()), pixmap, QRectF(pixmap.rect())
            )
        painter.end()


def _state(project: RecentProject, there: bool) -> str:
    if not there:
        return words.tr("the project is not where it was: {0}").format(project.folder)
    parts = [words.photos(project.photos)]
    if not any(Path(folder).is_dir() for folder in project.photo_folders):
        parts.append(words.tr("photos not found: open it to find them"))
    elif project.learning is not None:
        done = round(100 * project.learning)
        parts.append(words.tr("learning stopped at {0} %").format(done) if done else words.tr("learning stopped early"))
    else:
        if project.groups:
            parts.append(words.groups(project.groups))
        parts.append(words.day(project.opened_at))
    return " · ".join(part for part in parts if part)


def _fill(card: Card, title: str, text: str, button: QPushButton) -> None:
    inside = 15 if card.property("chosen") else 16
    card.body.setContentsMargins(inside, inside - 1, inside, inside - 1)
    words_ = label(text, "why")
    words_.setWordWrap(True)
    card.body.addWidget(label(title, "heading"))
    card.body.addWidget(words_)
    card.body.addSpacing(6)
    card.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
