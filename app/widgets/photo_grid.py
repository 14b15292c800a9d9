"""A grid of photos, fast at 100,000: only what is on screen is drawn, thumbnails come in as they are read."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)  # fmt: skip
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QRegion, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from .. import theme
from ..photos_by_id import ids_of, photos_at
from ..session import Session
from .photo_tiles import GAP, TILE, Index, PhotoTiles
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from prismh_engine.project import Photo


class PhotoGrid(QWidget):
    """Photos in square tiles that fill the width.

    Arrow keys move, Ctrl and Shift select several, Ctrl+A all; Enter, Space and a double click open one.
    """

    selection_changed = Signal(object)
    """The selected photos, in the order of the grid."""
    activated = Signal(int)
    """Id of a photo that was opened."""

    def __init__(
        self, session: Session, *, tile: int = TILE, on_card: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails: Thumbnails | None = None
        self._model = _PhotoModel(self)
        self._view = _TileView(tile, on_card)
        self._view.setObjectName("photo_tiles")
        self._view.setAccessibleName(self.tr("Photos"))
        self._delegate = PhotoTiles(lambda row: self._model.photos[row], self)
        self._view.setModel(self._model)
        self._view.setItemDelegate(self._delegate)
        self.setFocusProxy(self._view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self._view.selectionModel().selectionChanged.connect(self._selection_changed)
        self._view.activated.connect(self._activated)
        self._view.space_pressed.connect(self._activated)
        session.project_changed.connect(self._project_changed)
        theme.changed.connect(self._view.viewport().update)
        self._project_changed()

    def set_photos(self, photos: Sequence[Photo], *, go_on: bool = False) -> None:
        """Show these photos in this order; what is selected and among them stays selected. Do not change them then.

        go_on: where nothing of it is among them, select what came next, as if the photos had moved up.
        """
        selected = self.selected_ids()
        place = min(self._model.rows_of(selected), default=0)
        before = self._view.verticalScrollBar().value()
        self._model.set_photos(photos)
        self._delegate.thumbnails = self._thumbnails
        if selected:
            self.select(selected)
            if go_on and photos and not self.selected_ids():
                self.select([photos[min(place, len(photos) - 1)].id])
            if not self.selected_ids():
                self.selection_changed.emit([])
        self._view.verticalScrollBar().setValue(before)

    def add_photos(self, photos: Sequence[Photo]) -> None:
        """Add photos at the end."""
        self._model.add_photos(list(photos))

    def replace_photos(self, photos: Sequence[Photo]) -> None:
        """Show newer versions of photos that are in the grid, in their places."""
        self._model.replace_photos(photos)

    def set_captions(self, captions: Mapping[int, str]) -> None:
        """Write a word on the tiles of some photos, by their ids."""
        self._model.captions = self._delegate.captions = captions
        self._view.viewport().update()

    def fade_set_aside(self, fade: bool) -> None:
        """Whether photos that are set aside are drawn faint: not where they are all there is to judge."""
        self._delegate.fade = fade
        self._view.viewport().update()

    def photos(self) -> Sequence[Photo]:
        """The photos shown, in order. Do not change them."""
        return self._model.photos

    def selected_ids(self) -> list[int]:
        rows = self._selected_rows()
        ids: list[int] = self._model.ids()[rows].tolist() if len(rows) else []
        return ids

    def selected(self) -> Sequence[Photo]:
        """The selected photos, in the order of the grid."""
        return photos_at(self._model.photos, self._selected_rows())

    def _selected_rows(self) -> NDArray[np.int64]:
        ranges = sorted((part.top(), part.bottom() + 1) for part in self._view.selectionModel().selection())
        return np.concatenate([np.empty(0, np.int64), *(np.arange(*part) for part in ranges)])

    def select(self, photo_ids: Iterable[int]) -> None:
        """Select these photos, those that are in the grid, and make the first of them visible."""
        rows = self._model.rows_of(photo_ids)
        selection = QItemSelection()
        for first, last in _runs(rows):
            selection.select(self._model.index(first, 0), self._model.index(last, 0))
        self._view.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            first_index = self._model.index(rows[0], 0)
            self._view.selectionModel().setCurrentIndex(first_index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self._view.scrollTo(first_index)

    def loading(self) -> bool:
        """Whether thumbnails on screen are still being read."""
        return self._thumbnails is not None and self._thumbnails.waiting()

    def _project_changed(self) -> None:
        if self._session.thumbnails is self._thumbnails:
            return
        self._thumbnails = self._delegate.thumbnails = self._session.thumbnails
        self._model.set_photos([])
        if self._thumbnails is not None:
            self._thumbnails.arrived.connect(self._thumbnails_arrived)

    def _thumbnails_arrived(self, contents: set[str]) -> None:
        """Draw the tiles anew that have something new to show."""
        for row, place in self._view.tiles_on_screen():
            if self._model.photos[row].look.content_hash in contents:
                self._view.viewport().update(place)

    def _selection_changed(self) -> None:
        self.selection_changed.emit(self.selected())

    def _activated(self, index: QModelIndex) -> None:
        self.activated.emit(self._model.photos[index.row()].id)


class _PhotoModel(QStandardItemModel):
    """Counts its rows in C++, without an item in any: the view asks for their number once for each of them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(0, 1, parent)
        self.photos: Sequence[Photo] = []
        self.captions: Mapping[int, str] = {}
        self._ids: NDArray[np.int64] | None = None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        photo = self.photos[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{photo.path.name} {self.captions.get(photo.id, '')}".rstrip()
        if role == Qt.ItemDataRole.ToolTipRole:  # escaped, since Qt guesses whether a tip is HTML
            return f"<span>{html.escape(photo.file_path)}</span>"
        return None

    def set_photos(self, photos: Sequence[Photo]) -> None:
        self.beginResetModel()
        self.photos, self._ids = photos, None
        with QSignalBlocker(self):
            self.setRowCount(len(photos))
        self.endResetModel()

    def add_photos(self, photos: list[Photo]) -> None:
        if photos:
            self.photos, self._ids = [*self.photos, *photos], None
            self.setRowCount(len(self.photos))

    def replace_photos(self, photos: Sequence[Photo]) -> None:
        newer = {photo.id: photo for photo in photos}
        rows = self.rows_of(newer)
        if rows:
            photos_now = list(self.photos)
            for row in rows:
                photos_now[row] = newer[photos_now[row].id]
            self.photos = photos_now
            self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[-1], 0))

    def rows_of(self, photo_ids: Iterable[int]) -> list[int]:
        wanted = np.fromiter(photo_ids, np.int64)
        if not len(wanted):
            return []
        rows: list[int] = np.flatnonzero(np.isin(self.ids(), wanted)).tolist()
        return rows

    def ids(self) -> NDArray[np.int64]:
        """The ids of all, int64 [N]."""
        if self._ids is None:
            self._ids = ids_of(self.photos)
        return self._ids


class _TileView(QListView):
    """A list that wraps into as many columns as fit, each as wide as fills the row."""

    space_pressed = Signal(QModelIndex)

    def __init__(self, tile: int, on_card: bool) -> None:
        super().__init__()
        self._tile, self._on_card = tile, on_card
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        # A viewport that shows nothing through keeps its pixels while it scrolls: only what comes in is drawn.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def tiles_on_screen(self) -> list[tuple[int, QRect]]:
        """Row and place of each."""
        tiles: list[tuple[int, QRect]] = []
        first, height = self.indexAt(QPoint(0, 0)), self.viewport().height()
        for row in range(first.row(), self.model().rowCount()) if first.isValid() else ():
            place = self.visualRect(self.model().index(row, 0))
            if place.top() >= height:
                break
            tiles.append((row, place))
        return tiles

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """As Qt's own, which places every selected tile, however many there are, to find those on screen."""
        region = QRegion()
        for row, place in self.tiles_on_screen():
            if selection.contains(self.model().index(row, 0)):
                region += place
        return region

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colours = theme.colours()
        painter.fillRect(event.rect(), QColor(colours.card if self._on_card else colours.page))
        painter.end()
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if event.key() == Qt.Key.Key_Space and plain and self.currentIndex().isValid():
            self.space_pressed.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: Any) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        # As if the scroll bar were always there: tiles whose size hung on it could make it come and go for ever.
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        columns = max(1, (width + GAP) // (self._tile + GAP))
        # Cells include the gap to the right; one pixel less keeps rounding from wrapping the last column.
        cell = max(16, (width - 1) // columns)
        if self.gridSize().width() != cell:
            self.setGridSize(QSize(cell, cell))
            self.verticalScrollBar().setSingleStep(cell // 2)


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted rows as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
