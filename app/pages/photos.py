"""Photos: every photo in a grid, what was judged of each as filters, and the person's own decision over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import Job, Progress, StopToken
from prismh_engine.project import Photo, Project

from .. import photo_filters, theme, words
from ..jobs import RunningJob
from ..session import READING, Session
from ..widgets.card import label
from ..widgets.chip import Chip, ChipRow
from ..widgets.file_dialogs import choose_folder
from ..widgets.photo_details import PhotoDetails
from ..widgets.photo_grid import PhotoGrid
from .page import Page

if TYPE_CHECKING:
    from collections import Counter

DETAILS_WIDTH, SEARCH_WIDTH = 286, 170
MS_AFTER_TYPING = 200


def _tr(text: str) -> str:
    """`tr` for what is said before the page is made."""
    return QCoreApplication.translate("PhotosPage", text)


class PhotosPage(Page):
    """The first step of the road."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            session,
            _tr("Photos"),
            _tr(
                "Every photo was looked at once. Nothing is deleted: photos that are set aside stay where they are, "
                "and you can take any of them back."
            ),
        )
        self.setObjectName("photos_page")
        self._photos: list[Photo] = []
        self._reading: RunningJob | None = None
        self._read_again = False
        self._map_is_coming = False
        self._add = self.add_action(self.tr("Add folder…"), "add_folder")
        self._see_map = self.add_action(self.tr("See the map"), "see_the_map", main=True)
        self._add.clicked.connect(self._add_folder)
        self._see_map.clicked.connect(self._go_to_map)
        self._build_body()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(MS_AFTER_TYPING)
        self._typing.timeout.connect(self._show_selected)
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        session.photos_added.connect(self._photos_added)
        session.photos_changed.connect(self._read_photos)
        session.map_moved.connect(self._map_moved)
        session.job_changed.connect(self._say_what_can_be_done)
        session.summary_changed.connect(self._say_what_can_be_done)
        theme.changed.connect(self._fit)
        self._fit()
        self._project_changed()

    def loaded(self) -> bool:
        return self._reading is None and not self._grid.loading()

    # ---- what is on the page

    def _build_body(self) -> None:
        self._chips = ChipRow()
        self._chips.setObjectName("verdict_chips")
        self._chips.chosen.connect(self._show_selected)
        self._sort = self._sort_button()
        self._search = QLineEdit()
        self._search.setObjectName("photo_search")
        self._search.setProperty("role", "search")
        self._search.setPlaceholderText(self.tr("Search name or date"))
        self._search.setAccessibleName(self.tr("Search name or date"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._search_changed)
        filters = QHBoxLayout()
        filters.setSpacing(theme.ROW_GAP)
        filters.addWidget(self._chips, 1)
        filters.addWidget(self._sort, 0, Qt.AlignmentFlag.AlignTop)
        filters.addWidget(self._search, 0, Qt.AlignmentFlag.AlignTop)

        self._grid = PhotoGrid(self.session)
        self._grid.setObjectName("photo_grid")
        self._grid.selection_changed.connect(self._selection_changed)
        self._empty = _EmptyState()
        self._empty.button.clicked.connect(self._empty_action)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._grid)
        self._stack.addWidget(self._empty)
        self._details = PhotoDetails(self.session)
        self._details.overruled.connect(self._overrule)
        content = QHBoxLayout()
        content.setSpacing(theme.CARD_GAP - 4)
        content.addWidget(self._stack, 1)
        content.addWidget(self._details)
        self.body.addLayout(filters)
        self.body.addLayout(content, 1)
        self._missing_line = _MissingLine()
        self._missing_line.button.clicked.connect(self._find_missing)
        self.body.addWidget(self._missing_line)

    def _fit(self) -> None:
        """Widths that go with the text size; the photos keep most of the room."""
        self._search.setFixedWidth(theme.pixels(SEARCH_WIDTH))
        self._details.setFixedWidth((DETAILS_WIDTH + theme.pixels(DETAILS_WIDTH)) // 2)

    def _sort_button(self) -> QPushButton:
        button = QPushButton()
        button.setObjectName("photo_sort")
        button.setProperty("role", "link")
        self._sorts = {
            photo_filters.NEWEST: self.tr("newest"),
            photo_filters.OLDEST: self.tr("oldest"),
            photo_filters.NAME: self.tr("name"),
            photo_filters.BLURRIEST: self.tr("blurriest first"),
            photo_filters.DARKEST: self.tr("darkest first"),
        }
        menu = QMenu(button)
        self._sort_actions = QActionGroup(menu)
        for name, text in self._sorts.items():
            action = QAction(text, menu, checkable=True)
            action.setData(name)
            action.setObjectName(f"sort_{name}")
            self._sort_actions.addAction(action)
            menu.addAction(action)
        self._sort_actions.actions()[0].setChecked(True)
        self._sort_actions.triggered.connect(self._sort_chosen)
        button.setMenu(menu)
        button.setText(self.tr("Sort: {0}").format(self._sorts[photo_filters.NEWEST]))
        button.setAccessibleName(button.text())
        return button

    # ---- reading and showing

    def _project_closing(self) -> None:
        self._reading, self._read_again = None, False

    def _project_changed(self) -> None:
        self._map_is_coming = False
        self._photos = []
        self._grid.set_photos([])
        self._details.show_photos([])
        self._read_photos()
        self._say_what_can_be_done()

    def _read_photos(self) -> None:
        """Read the list again, away from the GUI thread: 100,000 photos take their time."""
        if self.session.project is None:
            return
        if self._reading is not None:
            self._read_again = True
            return
        stop = StopToken()
        self._reading = self.session.run_beside(_all_photos(self.session.project), stop)
        self._reading.finished.connect(self._photos_read)
        self._reading.failed.connect(self._reading_failed)
        self._reading.stopped.connect(self._reading_failed)

    def _photos_read(self, photos: list[Photo]) -> None:
        self._reading = None
        self._photos = photos
        self._show_selected()
        if self._read_again:
            self._read_again = False
            self._read_photos()

    def _reading_failed(self, sentence: str = "") -> None:
        self._reading = None
        if sentence:
            self.session.failed.emit(sentence)

    def _photos_added(self, photo_ids: list[int]) -> None:
        """Photos that were looked at just now come in at the end; the order is mended when all are there."""
        if self.session.project is None or self._reading is not None:
            self._read_again = self._reading is not None
            return
        known = {photo.id for photo in self._photos}
        photos = self.session.project.photos.some(photo_ids)
        self._replace([photo for photo in photos if photo.id in known])
        new = [photo for photo in photos if photo.id not in known]
        self._photos = self._photos + new
        self._grid.add_photos(photo_filters.select(new, self._which(), self._search.text(), photo_filters.NAME))
        self._show_counts()
        if not self._grid.selected_ids():
            self._details.show_photos([], self._photos)

    def _replace(self, photos: list[Photo]) -> None:
        newer = {photo.id: photo for photo in photos}
        if newer:
            self._photos = [newer.get(photo.id, photo) for photo in self._photos]
            self._grid.replace_photos(photos)

    def _show_selected(self) -> None:
        self._show_counts()
        self._grid.set_photos(photo_filters.select(self._photos, self._which(), self._search.text(), self._sort_name()))
        self._selection_changed(self._grid.selected_ids())
        self._show_stack()

    def _show_counts(self) -> None:
        counts = photo_filters.counts(self._photos)
        self._chips.set_chips(self._chips_for(counts))
        self._missing_line.say(counts[photo_filters.MISSING])
        self._show_stack()

    def _chips_for(self, counts: Counter[str]) -> list[Chip]:
        texts = {
            "blurry": self.tr("Blurry"), "dark": self.tr("Dark"), "duplicate": self.tr("Near-duplicates"),
            "outlier": self.tr("Unusual"), "invalid": self.tr("Unreadable"),
            photo_filters.BY_HAND: self.tr("Set aside by you"), photo_filters.MISSING: self.tr("Not found"),
        }  # fmt: skip
        chips = [
            Chip(photo_filters.ALL, self.tr("All"), counts[photo_filters.ALL]),
            Chip(photo_filters.USED, self.tr("Used"), counts[photo_filters.USED]),
        ]
        return chips + [Chip(name, text, counts[name]) for name, text in texts.items() if counts[name]]

    def _show_stack(self) -> None:
        self._details.setVisible(bool(self._photos))
        if self._grid.photos():
            self._stack.setCurrentWidget(self._grid)
            return
        if self._photos:
            self._empty.say(self.tr("No photo matches."), self.tr("Show all photos"))
        elif self.session.running_kind == READING or self._reading is not None:
            self._empty.say(self.tr("Looking for photos. They appear here as they are read."), "")
        else:
            self._empty.say(self.tr("There are no photos in this folder."), self.tr("Add another folder…"))
        self._stack.setCurrentWidget(self._empty)

    def _which(self) -> str:
        return self._chips.choice() or photo_filters.ALL

    def _sort_name(self) -> str:
        return str(self._sort_actions.checkedAction().data())

    def _search_changed(self) -> None:
        self._typing.start()

    def _sort_chosen(self, action: QAction) -> None:
        self._sort.setText(self.tr("Sort: {0}").format(self._sorts[action.data()]))
        self._sort.setAccessibleName(self._sort.text())
        self._show_selected()

    def _selection_changed(self, photo_ids: list[int]) -> None:
        chosen = set(photo_ids)
        photos = [photo for photo in self._grid.photos() if photo.id in chosen] if chosen else []
        self._details.show_photos(photos, self._photos)

    def _say_what_can_be_done(self) -> None:
        has_map = self._map_is_coming or self.session.summary.groups > 0
        self._see_map.setEnabled(has_map)
        self._see_map.setToolTip("" if has_map else self.tr("The map is made as soon as the photos are read"))
        busy = self.session.running_kind is not None
        self._add.setEnabled(not busy)
        self._missing_line.button.setEnabled(not busy)
        for button in (self._add, self._missing_line.button):
            button.setToolTip(self.tr("Possible when nothing else is running") if busy else "")
        self._show_stack()

    # ---- what a person does

    def _overrule(self, photo_ids: list[int], decision: str) -> None:
        project = self.session.project
        if project is None or not photo_ids:
            return
        try:
            project.photos.overrule(photo_ids, decision)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return
        self._replace(project.photos.some(photo_ids))
        self._show_counts()
        self._selection_changed(self._grid.selected_ids())
        self.session.summarise()

    def _add_folder(self) -> None:
        folder = choose_folder(self, self.tr("Choose a folder with photos"))
        if folder is not None:
            self.session.add_folder(folder)

    def _find_missing(self) -> None:
        """Ask where a folder lies now whose photos are not found."""
        project = self.session.project
        missing = next((photo for photo in self._photos if photo.missing), None)
        if project is None or missing is None:
            return
        lost = next(folder for folder in project.folders() if folder.id == missing.folder_id)
        found = choose_folder(self, self.tr("Where is {0} now?").format(lost.path.name))
        if found is not None:
            self._relocate(project, lost.id, found)

    def _relocate(self, project: Project, folder_id: int, found: Path) -> None:
        try:
            project.relocate_folder(folder_id, found)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return
        self.session.start_instant_map()

    def _empty_action(self) -> None:
        if self._photos:
            self._search.clear()
            self._chips.choose(photo_filters.ALL)
        else:
            self._add_folder()

    def _map_moved(self) -> None:
        if not self._map_is_coming:
            self._map_is_coming = True
            self._say_what_can_be_done()

    def _go_to_map(self) -> None:
        self.go_to.emit("explore")


def _all_photos(project: Project) -> Job[list[Photo]]:
    yield Progress("Reading the list of photos", 0, None)
    return project.photos.all()


class _EmptyState(QWidget):
    """What to do where there is nothing to see."""

    def __init__(self) -> None:
        super().__init__()
        self._text: QLabel = label("", "why")
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton()
        self.button.setObjectName("empty_action")
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addWidget(self._text)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(self, text: str, action: str) -> None:
        self._text.setText(text)
        self.button.setText(action)
        self.button.setAccessibleName(action)
        self.button.setVisible(bool(action))


class _MissingLine(QWidget):
    """Says that photos are not where they were, and offers to find them."""

    def __init__(self) -> None:
        super().__init__()
        self._text: QLabel = label("", "why")
        self.button = QPushButton(self.tr("Find them…"))
        self.button.setObjectName("find_missing")
        self.button.setAccessibleName(self.tr("Find the photos that are not where they were"))
        self.button.setProperty("role", "small")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.button)
        self.say(0)

    def say(self, missing: int) -> None:
        text = self.tr("1 photo is not where it was. Nothing about it is lost.")
        if missing != 1:
            text = self.tr("{0} photos are not where they were. Nothing about them is lost.")
        self._text.setText(text.format(words.number(missing)))
        self.setVisible(missing > 0)
