"""Photos: every photo in a grid, what was judged of each as filters, and the person's own decision over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from prismh_engine.errors import PrismhError
from prismh_engine.jobs import StopToken

from .. import photo_filters, steps, theme, words
from ..decisions import Decisions
from ..jobs import RunningJob
from ..photo_list import PhotoList
from ..session import READING, Session
from ..slow_release import SlowRelease
from ..widgets.file_dialogs import choose_file, choose_folder
from ..widgets.focus import holds_focus
from ..widgets.import_report import ImportReportDialog
from ..widgets.limits_panel import LimitsPanel
from ..widgets.missing_line import MissingLine
from ..widgets.no_photos import NoPhotos
from ..widgets.photo_details import PhotoDetails
from ..widgets.photo_filter_bar import PhotoFilterBar
from ..widgets.photo_grid import PhotoGrid
from ..widgets.photo_viewer import PhotoViewer
from .page import Page

if TYPE_CHECKING:
    from prismh_engine.core.import_metadata import ImportReport
    from prismh_engine.project import Photo

DETAILS_WIDTH = 286


def _tr(text: str) -> str:
    """`tr` for what is said before the page is made."""
    return QCoreApplication.translate("PhotosPage", text)


class PhotosPage(Page):
    """The first step of the road."""

    def __init__(self, session: Session, decisions: Decisions) -> None:
        super().__init__(
            session,
            _tr("Photos"),
            _tr(
                "Every photo is looked at once. Nothing is deleted: photos that are set aside stay where they are, "
                "and you can take any of them back."
            ),
        )
        self.setObjectName("photos_page")
        self._decisions = decisions
        self._photos = PhotoList()
        self._releasing = SlowRelease(self)
        self._reading: RunningJob | None = None
        self._read_again = False
        self._map_is_coming = False
        self._add = self.add_action(self.tr("Add folder…"), "add_folder")
        self._see_map = self.add_action(self.tr("See the map"), "see_the_map", main=True)
        self._add.clicked.connect(self._add_folder)
        self._see_map.clicked.connect(self._go_to_map)
        self._build_body()
        session.project_changed.connect(self._project_changed)
        session.project_closing.connect(self._project_closing)
        session.photos_added.connect(self._photos_added)
        session.photos_changed.connect(self._read_photos)
        session.map_moved.connect(self._map_moved)
        session.job_changed.connect(self._say_what_can_be_done)
        session.summary_changed.connect(self._say_what_can_be_done)
        decisions.changed.connect(self._decided)
        theme.changed.connect(self._fit)
        self._fit()
        self._project_changed()

    def loaded(self) -> bool:
        return self._reading is None and not self._grid.loading() and self._viewer.loaded()

    # ---- what a menu asks for

    def set_aside(self) -> None:
        self._details.set_aside()

    def take_back(self) -> None:
        self._details.take_back()

    def show_large(self) -> None:
        """Show the selected photo large, or the first one; again: back to the grid."""
        if self._stack.currentWidget() is self._viewer:
            self._close_viewer()
        elif self._grid.photos():
            selected = self._grid.selected_ids()
            self._open_viewer(selected[0] if selected else self._grid.photos()[0].id)

    def show_limits(self) -> None:
        if self.session.project is not None:
            self._limits.show_kept()
            self._side.setCurrentWidget(self._limits)
            self._limits.setFocus()

    def focus_search(self) -> None:
        self._filters.focus_search()

    def add_data(self) -> None:
        """Ask for a table with times, places, names or anything else about the photos, and take what it says."""
        project = self.session.project
        table = choose_file(self, self.tr("Choose a table about these photos"), self.tr("Tables (*.csv *.json)"))
        if project is not None and table is not None:
            taking = self.session.start_reading(steps.data_from_table, project, table)
            if taking is not None:
                taking.finished.connect(self._data_taken)

    # ---- what is on the page

    def _build_body(self) -> None:
        self._filters = PhotoFilterBar()
        self._filters.changed.connect(self._show_selected)
        self._filters.limits_wanted.connect(self._limits_pressed)
        self._grid = PhotoGrid(self.session)
        self._grid.setObjectName("photo_grid")
        self._grid.selection_changed.connect(self._selection_changed)
        self._grid.activated.connect(self._open_viewer)
        self._viewer = PhotoViewer(self.session)
        self._viewer.moved.connect(self._viewer_moved)
        self._viewer.closed.connect(self._close_viewer)
        self._empty = NoPhotos()
        self._empty.pressed.connect(self._empty_action)
        self._stack = QStackedWidget()
        for widget in (self._grid, self._viewer, self._empty):
            self._stack.addWidget(widget)
        self._details = PhotoDetails(self.session)
        self._details.overruled.connect(self._decisions.overrule)
        self._limits = LimitsPanel(self.session)
        self._limits.closed.connect(self._close_limits)
        self._side = QStackedWidget()
        self._side.addWidget(self._details)
        self._side.addWidget(self._limits)
        content = QHBoxLayout()
        content.setSpacing(theme.CARD_GAP - 4)
        content.addWidget(self._stack, 1)
        content.addWidget(self._side)
        self.body.addWidget(self._filters)
        self.body.addLayout(content, 1)
        self._missing_line = MissingLine()
        self._missing_line.pressed.connect(self._find_missing)
        self.body.addWidget(self._missing_line)

    def _fit(self) -> None:
        """The photos keep most of the room, whatever the text size."""
        self._side.setFixedWidth((DETAILS_WIDTH + theme.pixels(DETAILS_WIDTH)) // 2)

    # ---- reading and showing

    def _project_closing(self) -> None:
        self._reading, self._read_again = None, False

    def _project_changed(self) -> None:
        self._map_is_coming = False
        self._hold(PhotoList())
        self._grid.set_photos([])
        self._details.show_photos([])
        self._side.setCurrentWidget(self._details)
        self._close_viewer()
        self._read_photos()
        self._say_what_can_be_done()

    def _read_photos(self) -> None:
        """Read the list again, away from the GUI thread: 100,000 photos take their time."""
        if self.session.project is None:
            return
        if self._reading is not None:
            self._read_again = True
            return
        self._reading = self.session.run_beside(
            steps.list_of_photos(self.session.project, self._filters.sort, words.taken), StopToken()
        )
        self._reading.finished.connect(self._photos_read)
        self._reading.failed.connect(self._reading_failed)
        self._reading.stopped.connect(self._reading_failed)

    def _photos_read(self, photos: PhotoList) -> None:
        self._reading = None
        self._hold(photos)
        self._show_selected()
        if self._read_again:
            self._read_again = False
            self._read_photos()

    def _hold(self, photos: PhotoList) -> None:
        self._releasing.take(self._photos.held())
        self._photos = photos

    def _reading_failed(self, sentence: str = "") -> None:
        self._reading = None
        if sentence:
            self.session.failed.emit(sentence)

    def _photos_added(self, photo_ids: list[int]) -> None:
        """Photos that were looked at just now come in at the end; the order is mended when all are there."""
        if self.session.project is None or self._reading is not None:
            self._read_again = self._reading is not None
            return
        photos = self.session.project.photos.some(photo_ids)
        new = self._photos.put(photos)
        if len(new) < len(photos):
            self._grid.replace_photos(photos)
        self._grid.add_photos(self._photos.matching(new, self._filters.which, self._filters.search))
        self._show_counts()
        if not self._grid.selected_ids():
            self._details.show_photos([], self._photos)

    def _show_selected(self) -> None:
        self._select_photos(go_on=False)

    def _select_photos(self, *, go_on: bool) -> None:
        """Show what the filters ask for; `go_on` as the grid takes it."""
        self._show_counts()
        chosen = self._photos.select(self._filters.which, self._filters.search, self._filters.sort)
        self._grid.fade_set_aside(not self._filters.only_set_aside)
        self._grid.set_photos(chosen, go_on=go_on)
        if self._stack.currentWidget() is self._viewer:
            selected = self._grid.selected_ids()
            if not selected or not self._viewer.show_photos(self._grid.photos(), selected[0]):
                self._close_viewer()
        self._selection_changed(self._grid.selected())
        self._show_stack()

    def _show_counts(self) -> None:
        self._filters.show_counts(self._photos.counts)
        self._missing_line.say(self._photos.counts[photo_filters.MISSING])
        self._show_stack()

    def _show_stack(self) -> None:
        self._side.setVisible(bool(len(self._photos)))
        if self._grid.photos():
            if self._stack.currentWidget() is not self._viewer:
                self._stack.setCurrentWidget(self._grid)
            return
        if len(self._photos):
            self._empty.say(self._filters.nothing_matches(), self.tr("Show all photos"))
        elif self.session.running_kind == READING or self._reading is not None:
            self._empty.say(self.tr("Looking for photos. They appear here as they are read."), "")
        else:
            self._empty.say(self.tr("There are no photos in this folder."), self.tr("Add another folder…"))
        had_focus = holds_focus(self._stack)
        self._stack.setCurrentWidget(self._empty)
        if had_focus:
            self._empty.setFocus()

    def _selection_changed(self, photos: Sequence[Photo]) -> None:
        had_focus = holds_focus(self._details)
        self._details.show_photos(photos, self._photos)
        if had_focus and not holds_focus(self._details):  # what was pressed is gone with the last photo
            self._stack.currentWidget().setFocus()

    def _say_what_can_be_done(self) -> None:
        has_map = self._map_is_coming or self.session.summary.groups > 0
        self._see_map.setEnabled(has_map)
        self._see_map.setToolTip("" if has_map else self.tr("The map is made as soon as the photos are read"))
        busy = self.session.running_kind is not None
        self._add.setEnabled(not busy)
        self._add.setToolTip(self.tr("Possible when nothing else is running") if busy else "")
        self._missing_line.allow(not busy)
        self._show_stack()

    # ---- one photo large

    def _open_viewer(self, photo_id: int) -> None:
        self._grid.select([photo_id])
        self._viewer.show_photos(self._grid.photos(), photo_id)
        self._details.show_preview(False)
        self._stack.setCurrentWidget(self._viewer)
        self._viewer.setFocus()

    def _viewer_moved(self, photo_id: int) -> None:
        self._grid.select([photo_id])

    def _close_viewer(self) -> None:
        if self._stack.currentWidget() is self._viewer:
            self._details.show_preview(True)
            self._stack.setCurrentWidget(self._grid)
            self._grid.setFocus()

    # ---- what a person does

    def _decided(self, photo_ids: list[int]) -> None:
        if self.session.project is None:
            return
        photos = self.session.project.photos.some(photo_ids)
        self._photos.put(photos)
        if self._filters.which == photo_filters.ALL:
            self._grid.replace_photos(photos)
            self._show_counts()
            self._selection_changed(self._grid.selected())
        else:  # who goes through the blurred ones is through with each that was taken back
            self._select_photos(go_on=True)

    def _limits_pressed(self) -> None:
        if self._side.currentWidget() is self._limits:
            self._close_limits()
        else:
            self.show_limits()

    def _close_limits(self) -> None:
        self._side.setCurrentWidget(self._details)
        self._grid.setFocus()

    def _add_folder(self) -> None:
        folder = choose_folder(self, self.tr("Choose a folder with photos"))
        if folder is not None:
            self.session.add_folder(folder)

    def _find_missing(self) -> None:
        """Ask where a folder lies now whose photos are not found."""
        project, missing = self.session.project, self._photos.missing()
        if project is None or missing is None:
            return
        lost = next(folder for folder in project.folders() if folder.id == missing.folder_id)
        found = choose_folder(self, self.tr("Where is {0} now?").format(lost.path.name))
        if found is not None:
            self._relocate(lost.id, found)

    def _relocate(self, folder_id: int, found: Path) -> None:
        assert self.session.project is not None
        try:
            self.session.project.relocate_folder(folder_id, found)
        except PrismhError as error:
            self.session.failed.emit(str(error))
            return
        self.session.start_instant_map()

    def _data_taken(self, report: ImportReport) -> None:
        if self.session.project is not None:
            self.session.names_changed.emit()
            self._decisions.look()
            dialog = ImportReportDialog(report, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _empty_action(self) -> None:
        if len(self._photos):
            self._filters.show_all()
        else:
            self._add_folder()

    def _map_moved(self) -> None:
        if not self._map_is_coming:
            self._map_is_coming = True
            self._say_what_can_be_done()

    def _go_to_map(self) -> None:
        self.go_to.emit("explore")
